"""On the device: what a rendered frame left behind, and whether it can be what was asked for.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library only, nothing else of ours.
"""

from __future__ import annotations

import os
import re
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
_SHAPES = (
    (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
    (b"\xff\xd8\xff", b"\xff\xd9"),
    (b"\x76\x2f\x31\x01", b""),  # OpenEXR
)
_SHAPED = (".png", ".jpg", ".jpeg", ".exr")
# How the other formats begin. A Targa says its kind of picture in the third byte.
_OTHERS = re.compile(
    rb"BM|\x01\xda|\x80\x2a\x5f\xd7|SDPX|XPDS|#\?|II\*\0|MM\0\*|RIFF|\xff\x4f\xff\x51"
    rb"|\0\0\0.(?:jP  |ftyp)|.\0[\x01-\x03\x09-\x0b]",
    re.DOTALL,
)


def _flaw(path: Path, size: int) -> str:
    """Say what is wrong with a file. What it is called need not be what the scene writes."""
    if size == 0:
        return "is empty"
    ending = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(8)
        end = next((end for begin, end in _SHAPES if head.startswith(begin)), None)
        if end is None:
            is_known = ending not in _SHAPED or _OTHERS.match(head)
            return "" if is_known else f"is no {ending[1:]} file"
        file.seek(-min(len(end), size), os.SEEK_END)
        return "" if not end or file.read() == end else "is cut short"
