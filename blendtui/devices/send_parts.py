"""Parts of a still out: to the device that merges them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from blendtui.devices.pump import far
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blendtui.devices.link import Link
    from blendtui.devices.slot import RunFolder


async def send_parts(link: Link, folder: RunFolder, frame: int, files: Iterable[Path]) -> None:
    """Bring files into a run's folder for the parts of a frame; those that are there stay.

    Each appears there whole, since its Blender may be merging already where the order is repeated.
    Raises Failure: PROJECT_CHANGED where a file cannot be read here, DEVICE_FILE_REFUSED,
    LINK_LOST.
    """
    async with link.sftp() as sftp:
        target = folder.parts(frame)
        await sftp.makedirs(far(target), exist_ok=True)
        for file in files:
            remote = far(f"{target}/{file.name}")
            try:
                size = file.stat().st_size
                if await _size(sftp, remote) != size:
                    await sftp.put(str(file), remote + b".new")
                    await sftp.posix_rename(remote + b".new", remote)
            except OSError as error:
                facts = {"path": file.name, "problem": f"cannot be read: {reason_of(error)}"}
                raise Failure.of(FaultKind.PROJECT_CHANGED, **facts) from error


async def _size(sftp: asyncssh.SFTPClient, remote: bytes) -> int | None:
    try:
        return (await sftp.lstat(remote)).size
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return None
