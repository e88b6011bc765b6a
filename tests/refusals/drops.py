"""The drops of the cases: zips of .blend files that Blender made, and some made byte by byte."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from blender_asset_tracer import blendfile

from tests.refusals.cases import ALL, Case
from tests.support.zips import ENCRYPTED, LINK, STORED, Entry, zip_bytes

MIB = bytes(2**20)
_LZMA = 14

BYTES: dict[str, Callable[[bytes], bytes]] = {
    "none.zip": lambda _: zip_bytes("scenes/readme.txt"),
    "traversal.zip": lambda _: zip_bytes("shot.blend", "../../.bashrc"),
    "root.zip": lambda _: zip_bytes("shot.blend", "/etc/cron.d/job"),
    "link.zip": lambda _: zip_bytes("shot.blend", Entry("wood.png", b"/etc/passwd", mode=LINK)),
    "locked.zip": lambda _: zip_bytes("shot.blend", Entry("wood.png", flags=ENCRYPTED)),
    "bomb.zip": lambda _: zip_bytes("shot.blend", Entry("wood.png", MIB * 20)),
    "cut.zip": lambda plain: zip_bytes(Entry("shot.blend", plain))[:-1000],
    "damaged.zip": lambda plain: zip_bytes(Entry("shot.blend", plain, crc=0)),
    "lzma.zip": lambda _: zip_bytes("shot.blend", Entry("wood.png", method=_LZMA)),
    "clash.zip": lambda _: zip_bytes("shot.blend", "Wood.png", "wood.png"),
    "reserved.zip": lambda _: zip_bytes("shot.blend", "textures/aux.png"),
    "other.zip": lambda _: b"GIF89a" + bytes(500),
    "half.blend": lambda plain: plain[: len(plain) // 2],
    "note.blend": lambda _: b"Dear farm, please render my film.\n",
}
"""By a drop's name: its bytes, of those of a plain .blend."""

_END, _FORMAT = (b"r", b"efra"), (b"r", b"im_format", b"imtype")
ALTERED: dict[str, tuple[tuple[bytes, ...], int]] = {
    "backwards": (_END, 0),
    "future": (_FORMAT, 99),
}
"""What Blender itself would not write: the field of the scene that is changed, and its value."""


def needed(*, newer: bool) -> list[str]:
    """Name the .blend files that one Blender has to make, in an order that works."""
    names = {blend for case in ALL if case.newer == newer for blend in case.blends}
    return ["asset", *sorted(names | {"plain"})]  # what is linked has to be there first


def write(case: Case, made: Path, folder: Path) -> Path:
    """Write a drop; `made` is the folder of the .blend files."""
    path = folder / case.name
    if case.data in BYTES:
        path.write_bytes(BYTES[case.data]((made / "plain.blend").read_bytes()))
        return path
    if case.is_sent:
        path.write_bytes((made / case.name).read_bytes())
        return path
    with zipfile.ZipFile(path, "w", STORED) as archive:
        for blend in case.blends:
            archive.writestr(f"{blend}.blend", _blend(made / f"{blend}.blend", case.data))
        if case.job:
            archive.writestr("job.toml", case.job)
    return path


@cache
def _blend(path: Path, change: str) -> bytes:
    if not change:
        return path.read_bytes()
    copy = path.with_name(f"{change}.blend")
    copy.write_bytes(path.read_bytes())
    field, value = ALTERED[change]
    blend: Any = blendfile.BlendFile(copy, "rb+")
    blend.find_blocks_from_code(b"SC")[0].set(field, value)
    blend.close()
    return copy.read_bytes()
