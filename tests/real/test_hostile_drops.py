"""Whatever is dropped, the watcher goes on: it says why it refuses, and renders what is good."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import zstandard

from tests.intake.test_zip_corpus import REFUSED, TAKEN
from tests.support import standin
from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]

SMALL = 200_000
"""Bytes of a drop that is looked at in no time; tests/intake has the larger ones."""


def blends() -> dict[str, bytes]:
    """Make .blend files that are cut, mutated, of no version, and bombs; the seed stands here."""
    whole = (scenes() / "cycles.blend").read_bytes()
    plain = zstandard.ZstdDecompressor().stream_reader(whole).read() if whole[0] == 0x28 else whole
    made = {
        "cut": plain[: len(plain) // 2],
        "cut-packed": gzip.compress(plain)[:-1000],
        "head-alone": plain[:12],
        "nothing": b"",
        "of-no-version": b"BLENDER-v9\xff9" + plain[12:],
        "of-the-future": b"BLENDER99-01v9900" + plain[17:],
        "text": b"#!/bin/sh\nrm -rf ~\n" * 10,
        "bomb-gzip": gzip.compress(b"BLENDER-v304" + bytes(30_000_000)),
        "bomb-zstd": zstandard.compress(b"BLENDER-v304" + bytes(30_000_000)),
    }
    chosen = random.Random(5)
    for number in range(8):
        data = bytearray(plain)
        for _ in range(4 ** (number % 4)):
            data[chosen.randrange(12, len(data))] = chosen.choice([0, 1, 0x5B, 0x7F, 0x80, 0xFF])
        made[f"mutated{number}"] = bytes(data)
    return made


def test_a_share_full_of_hostile_drops_ends_no_watcher(tmp_path: Path) -> None:
    drops = {f"{kind}.zip": data for kind, data in REFUSED.items() if len(data) < SMALL}
    drops |= {f"{kind}.zip": data for kind, (data, _) in TAKEN.items()}
    drops |= {f"{kind}.blend": data for kind, data in blends().items()}
    blender = str(standin.make(tmp_path / "blender"))
    with Farm(devices=1, patience=0.5, blender=blender) as farm:
        for name, data in drops.items():
            (farm.share / name).write_bytes(data)
        (farm.share / "link.zip").symlink_to("/etc/passwd")
        os.mkfifo(farm.share / "pipe.zip")
        (farm.share / "folder.blend").mkdir()
        farm.drop("zz good.zip", scenes() / "cycles.blend", job={"frames": "1-3"})
        farm.watch("--once")
        assert farm.end() in (0, 1), farm.printed()
        assert len(farm.frames("zz good")) == 3
        check_each(farm, drops)
        shown = farm.printed() + farm.places.log_of(farm.places.state).read_text()
        assert "Traceback" not in shown
        assert "\x1b" not in shown


def test_a_few_bytes_that_claim_to_be_a_hundred_gib_keep_nobody_waiting(tmp_path: Path) -> None:
    heads = {
        "zstd.blend": b"\x28\xb5\x2f\xfd",
        "gzip.blend": b"\x1f\x8b\x08\0",
        "plain.blend": b"BLENDER-v304DATA",
        "shot.zip": b"PK\3\4",
    }
    blender = str(standin.make(tmp_path / "blender"))
    with Farm(devices=1, patience=0.5, blender=blender) as farm:
        for name, head in heads.items():
            (farm.share / name).write_bytes(head)
            os.truncate(farm.share / name, 100 << 30)
        farm.drop("good.zip", scenes() / "cycles.blend", job={"frames": "1-3"})
        farm.watch("--once")
        assert farm.end(60) == 0, farm.printed()
        assert len(farm.frames("good")) == 3
        rejected = {path.name for path in (farm.share / "rejected").iterdir()}
        assert rejected == heads.keys() | {f"{Path(name).stem}.reason.txt" for name in heads}


def check_each(farm: Farm, drops: dict[str, bytes]) -> None:
    """Hold that each drop is a job, or lies beside the reason; what is no file is as it was."""
    rejected = farm.share / "rejected"
    refused = {path.stem: path for path in rejected.iterdir() if path.suffix != ".txt"}
    jobs = {path.name for path in farm.share.iterdir() if (path / "report.toml").is_file()}
    assert {Path(name).stem for name in drops} | {"zz good"} == refused.keys() | jobs
    assert not refused.keys() & jobs
    for stem, path in refused.items():
        assert path.read_bytes() == drops[path.name]
        assert (rejected / f"{stem}.reason.txt").read_text().count("\n") == 1
    left = {path.name for path in farm.share.iterdir() if not path.name.startswith(".")}
    assert left == jobs | {"rejected", "link.zip", "pipe.zip", "folder.blend"}
    assert (farm.share / "link.zip").is_symlink()
