"""On the device: what a rendered frame left behind, and whether it can be what was asked for.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library only, nothing else of ours.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blendtui.devices.driver_project import hash_file
else:
    from driver_project import hash_file


def outputs(folder: Path) -> tuple[list[dict[str, Any]], str]:
    """List a frame's files with size and hash; the text says what is wrong with them."""
    files = []
    for place, _, names in os.walk(str(folder)):
        for name in sorted(names):
            path = Path(place) / name
            facts = path.lstat()
            if not stat.S_ISREG(facts.st_mode):
                continue
            flaw = _flaw(path, facts.st_size)
            if flaw:
                return [], f"{name} {flaw}"
            relative = path.relative_to(folder).as_posix()
            file = {"path": relative, "size": facts.st_size, "sha256": hash_file(path)}
            files.append(file)
    return files, "" if files else "Blender wrote no file"


# How a file of a kind begins and ends; what was cut short has no end.
_SHAPES = {
    ".png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
    ".jpg": (b"\xff\xd8\xff", b"\xff\xd9"),
    ".jpeg": (b"\xff\xd8\xff", b"\xff\xd9"),
    ".exr": (b"\x76\x2f\x31\x01", b""),
}


def _flaw(path: Path, size: int) -> str:
    if size == 0:
        return "is empty"
    begin, end = _SHAPES.get(path.suffix.lower(), (b"", b""))
    with path.open("rb") as file:
        if file.read(len(begin)) != begin:
            return f"is no {path.suffix[1:]} file"
        file.seek(-min(len(end), size), os.SEEK_END)
        return "" if file.read() == end or not end else "is cut short"
