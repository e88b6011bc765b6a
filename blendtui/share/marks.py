"""The mark in a job's folder: it says whose the folder is, whatever dies whenever."""

from __future__ import annotations

import contextlib
from pathlib import Path

from blendtui.share import files

MARK = ".blendtui-job"
"""Stands in a job's folder from before its drop is moved there until the job is over."""

_MARK_TEXT = b"blendtui works on this job. The file goes when the job is over.\n"


def mark(folder: Path) -> None:
    """Set it, unless it is there."""
    if not files.is_file(folder / MARK):
        (folder / MARK).write_bytes(_MARK_TEXT)
        files.sync_folder(folder)


def is_unused(folder: Path) -> bool:
    """Whether a folder holds nothing, but perhaps the mark of a job that never came."""
    if not files.is_folder(folder):
        return False
    return all(path.name == MARK for path in files.listed(folder))


def release(folder: Path) -> None:
    """Remove a folder that was made for a drop, unless there is something in it."""
    if is_unused(folder):
        with contextlib.suppress(OSError):
            (folder / MARK).unlink(missing_ok=True)
            folder.rmdir()
