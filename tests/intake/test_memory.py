"""A bomb of any kind takes no memory: a process that has little to spare takes all of them in."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import zstandard

from tests.intake.test_zip_corpus import REFUSED, TAKEN, nested
from tests.support import confined
from tests.support.scenes import needs_blender, scenes
from tests.support.zips import Entry, endless, zip_bytes

MEMORY = 128 * 2**20
"""Bytes beyond what the process has at its start; each bomb below is more."""

BOMB = 256 * 2**20
TOP = Path(__file__).parents[2]


def deflated(size: int) -> bytes:
    """Pack so many zeros, of which only some are in memory at a time."""
    packer, piece = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(2**20)
    return b"".join(packer.compress(piece) for _ in range(size // len(piece))) + packer.flush()


def bombs() -> dict[str, bytes]:
    """Make drops that come to far more than they are."""
    zeros = deflated(BOMB)
    whole = gzip.compress(b"BLENDER-v304")[:-8]
    blocks = b"BLENDER-v304" + struct.pack("<4siQii", b"IM", 0, 1, 0, 1) * 1_500_000
    return {
        "one-block.zip": zip_bytes("a.blend", Entry("b", size=BOMB, packed=zeros)),
        "small-by-word.zip": zip_bytes("a.blend", Entry("b", size=9, packed=zeros)),
        "not-said-at-all.zip": zip_bytes("a.blend", Entry("b", size=0, packed=zeros, flags=8)),
        "directory.zip": endless(1_000_000),
        "layers.zip": zip_bytes("a.blend", Entry("b.zip", nested(2, 40))),
        "zeros-gzip.blend": whole[:10] + zeros + bytes(8),
        "zeros-zstd.blend": zstandard.compress(b"BLENDER-v304" + bytes(BOMB)),
        "blocks-zstd.blend": zstandard.compress(blocks),
    }


@needs_blender
@pytest.mark.skipif(sys.platform != "linux", reason="other systems hold nobody to a limit")
def test_a_process_with_little_memory_takes_in_whatever_is_dropped(tmp_path: Path) -> None:
    folder = tmp_path / "drops"
    folder.mkdir()
    drops = bombs() | {f"{kind}.zip": data for kind, data in REFUSED.items()}
    drops |= {f"{kind}.zip": data for kind, (data, _) in TAKEN.items()}
    drops["0.blend"] = (scenes() / "cycles.blend").read_bytes()
    for name, data in drops.items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, confined.__file__, str(MEMORY), str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TOP), "MALLOC_ARENA_MAX": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    held, *lines = done.stdout.splitlines()
    assert held == "held"
    ends = dict(line.rsplit(" ", 1) for line in lines)
    assert ends.keys() == drops.keys()
    assert {ends[name] for name in bombs() if name != "layers.zip"} <= {
        "archive-ratio",
        "archive-broken",
        "archive-too-many",
        "blend-unreadable",
    }
    assert ends["0.blend"] == "taken"
