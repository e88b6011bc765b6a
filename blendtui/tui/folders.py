"""What lies on the share, as far as screens show it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

LARGEST_LOG = 256 * 1024
"""Bytes of the end of a log that are read."""


def last_lines(path: Path) -> list[str]:
    """Read the end of a log; what can't be read is said instead."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LARGEST_LOG))
            return file.read(LARGEST_LOG).decode("utf-8", "replace").split("\n")
    except OSError as error:
        return [f"The log cannot be read: {error.strerror}."]


def opened(folder: Path) -> bool:
    """Open a folder in the desktop's file manager; False where there is none."""
    if sys.platform == "win32":
        os.startfile(folder)  # noqa: S606
        return True
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    has_screen = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not has_screen or shutil.which(opener) is None:
        return False
    subprocess.Popen(
        [opener, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return True
