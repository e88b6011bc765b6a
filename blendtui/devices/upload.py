"""Blobs on their way out: many files at once, and many blocks of each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import asyncssh

from blendtui.devices.inventory import Plan, Upload, part_of
from blendtui.devices.pump import (
    BATCH,
    WINDOW,
    block_size,
    each,
    far,
    first_error,
    in_thread,
    opened,
)
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import ProjectFile

if TYPE_CHECKING:
    from blendtui.devices.link import Link

FILES_AT_ONCE = 32
"""How many files may be open on the device. Each takes three round trips, whatever its size."""

# Nobody cuts a file short when opening it: somebody else may be writing the same bytes to it.
_NEW = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT
_GO_ON = asyncssh.FXF_WRITE
_PRIVATE = 0o600

Progress = Callable[[int, int], None]
"""Told of the bytes that have arrived and of those that travel in all."""


async def send_blobs(
    link: Link, work_dir: str, todo: Plan, root: Path, progress: Progress | None
) -> None:
    """Send what is planned; the project's files are below `root` here.

    Raises Failure: PROJECT_CHANGED, DEVICE_FILE_REFUSED (by an SFTPError), LINK_LOST.
    """
    async with link.sftp() as sftp:
        sender = _Sender(sftp, f"{work_dir}/blobs", root, todo.left, progress)
        # Large ones first, so that none of them is left over to travel alone.
        uploads = sorted(todo.uploads, key=lambda upload: -upload.left)
        await each(uploads, FILES_AT_ONCE, sender.send)


@dataclass(slots=True)
class _Sender:
    sftp: asyncssh.SFTPClient
    blobs: str
    root: Path
    total: int
    progress: Progress | None
    done: int = 0
    window: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WINDOW))

    @property
    def block(self) -> int:
        """How many bytes go in one request."""
        return block_size(self.sftp.limits.max_write_len)

    async def send(self, upload: Upload) -> None:
        """Send one blob, or the rest of it."""
        data = await self._read(upload.file, upload.offset)
        remote = f"{self.blobs}/{part_of(upload.file.sha256)}"
        flags = _GO_ON if upload.offset else _NEW
        try:
            async with opened(self.sftp, remote, flags, _PRIVATE) as handle:
                if upload.left <= self.block:
                    await self.window.acquire()
                    await self._write(handle, data, upload.offset)
                else:
                    await self._pour(handle, data, upload)
        except asyncssh.SFTPFailure:
            # Blocks behind one that was refused may have been written, which leaves a hole.
            with contextlib.suppress(asyncssh.SFTPError):
                await self.sftp.remove(far(remote))
            raise

    async def _pour(self, handle: asyncssh.SFTPClientFile, data: bytes, upload: Upload) -> None:
        """Send a large file: blocks are written in order, and read ahead of that."""
        offset, block = upload.offset, self.block
        with first_error():
            async with asyncio.TaskGroup() as group:
                while data:
                    ahead = group.create_task(self._read(upload.file, offset + len(data)))
                    for start in range(0, len(data), block):
                        await self.window.acquire()
                        piece = data[start : start + block]
                        group.create_task(self._write(handle, piece, offset + start))
                    offset += len(data)
                    data = await ahead

    async def _write(self, handle: asyncssh.SFTPClientFile, data: bytes, offset: int) -> None:
        """Write one block, for which there was a place in the window."""
        try:
            await handle.write(data, offset)
        finally:
            self.window.release()
        self.done += len(data)
        if self.progress is not None:
            self.progress(self.done, self.total)

    async def _read(self, file: ProjectFile, offset: int) -> bytes:
        """Read the next part of a file here, nothing at its end."""
        path = self.root.joinpath(*PurePosixPath(file.path).parts)
        count = min(BATCH, file.size - offset)
        try:
            data, size = await in_thread(_part, path, offset, count)
        except OSError as error:
            raise _changed(file, f"cannot be read: {reason_of(error)}") from error
        if size != file.size or len(data) != count:
            raise _changed(file, f"has {size} bytes instead of {file.size}")
        return data


def _part(path: Path, offset: int, count: int) -> tuple[bytes, int]:
    """Read part of a file; gives also the size of the whole."""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        data = file.read(count)
        return data, file.seek(0, 2)


def _changed(file: ProjectFile, problem: str) -> Failure:
    return Failure.of(FaultKind.PROJECT_CHANGED, path=file.path, problem=problem)
