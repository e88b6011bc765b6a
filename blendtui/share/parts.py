"""Parts of frames on the share, until they are merged."""

from __future__ import annotations

import contextlib
from pathlib import Path

from blendtui.farm.parts import frame_of
from blendtui.share import files


def remove(folder: Path, frame: int | None) -> None:
    """Remove a frame's parts from a folder, or all; the folder, too, where it is empty then."""
    if not files.is_folder(folder):
        return
    for path in files.listed(folder):
        if frame is None or (path.stem.isdecimal() and frame_of(int(path.stem)) == frame):
            path.unlink(missing_ok=True)
    if not files.listed(folder):
        with contextlib.suppress(FileNotFoundError):  # somebody else removed the last ones
            folder.rmdir()
