"""What a drop of several scenes became: its parts have its own time of change.

So whoever dropped the whole finds the parts from any computer, and nothing has to be kept.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from blendtui.share import REJECTED
from blendtui.share.names import folder_name

SUFFIX = ".zip"

_APART = 100_000
"""Nanoseconds that lie between the times of a drop and its parts at most.

More than there are scenes, and than file systems round off; less than between two drops.
"""


def mark(part: Path, changed: int, index: int) -> None:
    """Give a part the time of change (ns) of its whole; `index` keeps parts in their order."""
    with contextlib.suppress(OSError):  # it is rendered all the same
        os.utime(part, ns=(changed + index, changed + index))


def parts_of(drop: Path, changed: int) -> list[tuple[Path, tuple[int, int]]]:
    """Find the parts of a drop that changed at a time (ns), in their order.

    Gives each one's place as a drop, and its stamp (bytes, time of change in ns). One that is
    moved in this moment can be missing.
    """
    prefix = folder_name(f"{drop.stem}-x")[:-1]
    found = set()
    for path in _candidates(drop.parent, prefix):
        with contextlib.suppress(OSError):
            seen = path.lstat()
            if abs(seen.st_mtime_ns - changed) < _APART:
                found.add((drop.parent / path.name, (seen.st_size, seen.st_mtime_ns)))
    return sorted(found, key=lambda part: (part[1][1], part[0]))


def _candidates(share: Path, prefix: str) -> Iterator[Path]:
    """Give the zips of that beginning: those that lie there, are taken, or are refused."""
    top = _beginning(share, prefix)
    for folder in (*top, share / REJECTED):
        yield from (path for path in _beginning(folder, prefix) if path.suffix == SUFFIX)
    yield from (path for path in top if path.suffix == SUFFIX)


def _beginning(folder: Path, prefix: str) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.name.startswith(prefix)]
    except OSError:
        return []
