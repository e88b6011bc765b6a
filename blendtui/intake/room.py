"""Room on the disk that drops are unpacked to: asked for before a byte is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.wording import size

KEPT_FREE = 256 << 20
"""Bytes that drops leave free, since the store must go on; on a small disk, a twentieth of it."""


def check_room(folder: Path, name: str, needed: int) -> None:
    """Hold that `needed` bytes of the drop `name` can be written below a folder that is there.

    Raises Failure: DISK_NO_ROOM where they can't now, DISK_TOO_SMALL where they never can;
    OSError where the disk can't be asked.
    """
    total = shutil.disk_usage(folder).total
    if needed > total - _kept_free(total):
        facts = {"name": name, "path": folder, "size": size(needed), "limit": size(total)}
        raise Failure.of(FaultKind.DISK_TOO_SMALL, **facts)
    if needed > spare(folder):
        raise no_room(folder, name)


def spare(folder: Path) -> int:
    """Give the bytes that drops may take of a folder's disk now; raises OSError."""
    disk = shutil.disk_usage(folder)
    return max(disk.free - _kept_free(disk.total), 0)


def no_room(folder: Path, name: str) -> Failure:
    """Make the failure for a drop that has to wait for room."""
    return Failure.of(FaultKind.DISK_NO_ROOM, name=name, path=folder)


def _kept_free(total: int) -> int:
    return min(KEPT_FREE, total // 20)
