"""Blobs on their way out: many files at once, and many blocks of each."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
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

# Each file takes three round trips, whatever its size. macOS lets a server have 256 files open.
_SMALL_AT_ONCE = 64
_LARGE_AT_ONCE = 8

# Nobody cuts a file short when opening it: somebody else may be writing the same bytes to it.
_NEW = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT
_GO_ON = asyncssh.FXF_WRITE
_PRIVATE = 0o600
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)

Progress = Callable[[int, int], None]
"""Told of the bytes that have arrived and of those that travel in all."""


async def send_blobs(
    link: Link, work_dir: str, todo: Plan, root: Path, progress: Progress | None
) -> None:
    """Send what is planned; the project's files are below `root` here.

    Raises Failure: PROJECT_CHANGED, DEVICE_FILE_REFUSED (by an SFTPError), LINK_LOST.
    """
    async with link.sftp() as sftp:
        block = block_size(sftp.limits.max_write_len)
        sender = _Sender(sftp, f"{work_dir}/blobs", str(root), block, todo.left, progress)
        large = _Shelf(root, (upload for upload in todo.uploads if upload.left > block))
        small = _Shelf(root, (upload for upload in todo.uploads if upload.left <= block))
        await each(_LARGE_AT_ONCE, large.take, sender.send)
        await each(_SMALL_AT_ONCE, small.take, sender.send)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A blob to send, with its next bytes."""

    upload: Upload
    data: bytes


class _Shelf:
    """Blobs to send, in their order; small ones are read many at a time, as a thread is dear."""

    def __init__(self, root: Path, uploads: Iterable[Upload]) -> None:
        self._root = str(root)
        self._waiting = deque(uploads)
        self._loaded: deque[_Loaded] = deque()
        self._lock = asyncio.Lock()

    async def take(self) -> _Loaded | None:
        """Give the next one, None after the last. Raises Failure: PROJECT_CHANGED."""
        async with self._lock:
            if not self._loaded:
                self._loaded.extend(await in_thread(self._load, self._batch()))
            return self._loaded.popleft() if self._loaded else None

    def _batch(self) -> list[Upload]:
        batch: list[Upload] = []
        room = BATCH
        while self._waiting and room > 0:
            batch.append(self._waiting.popleft())
            room -= batch[-1].left
        return batch

    def _load(self, batch: list[Upload]) -> list[_Loaded]:
        return [
            _Loaded(upload, read_part(self._root, upload.file, upload.offset)) for upload in batch
        ]


@dataclass(slots=True)
class _Sender:
    sftp: asyncssh.SFTPClient
    blobs: str
    root: str
    block: int
    total: int
    progress: Progress | None
    done: int = 0
    window: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WINDOW))

    async def send(self, loaded: _Loaded) -> None:
        """Send one blob, or the rest of it."""
        upload = loaded.upload
        remote = f"{self.blobs}/{part_of(upload.file.sha256)}"
        flags = _GO_ON if upload.offset else _NEW
        try:
            async with opened(self.sftp, remote, flags, _PRIVATE) as handle:
                if upload.left <= self.block:
                    await self.window.acquire()
                    await self._write(handle, loaded.data, upload.offset)
                else:
                    await self._pour(handle, loaded.data, upload)
        except asyncssh.SFTPFailure:
            # Blocks behind one that was refused may have been written, which leaves a hole.
            with contextlib.suppress(asyncssh.SFTPError):
                await self.sftp.remove(far(remote))
            raise

    async def _pour(self, handle: asyncssh.SFTPClientFile, data: bytes, upload: Upload) -> None:
        """Send a large file: blocks are written in order, and read ahead of that."""
        offset, file = upload.offset, upload.file
        with first_error():
            async with asyncio.TaskGroup() as group:
                while data:
                    after = offset + len(data)
                    ahead = group.create_task(in_thread(read_part, self.root, file, after))
                    for start in range(0, len(data), self.block):
                        await self.window.acquire()
                        piece = data[start : start + self.block]
                        group.create_task(self._write(handle, piece, offset + start))
                    offset, data = after, await ahead

    async def _write(self, handle: asyncssh.SFTPClientFile, data: bytes, offset: int) -> None:
        """Write one block, for which there was a place in the window."""
        try:
            await handle.write(data, offset)
        finally:
            self.window.release()
        self.done += len(data)
        if self.progress is not None:
            self.progress(self.done, self.total)


def read_part(root: str, file: ProjectFile, offset: int) -> bytes:
    """Read the next part of a project's file here, nothing at its end.

    Raises Failure(PROJECT_CHANGED) if it is not there, or not of its size.
    """
    wanted = min(BATCH, file.size - offset)
    # One byte more at the end, to see that there is none.
    asked = wanted + (offset + wanted == file.size)
    try:
        # As few system calls as can be: each of them makes the event loop's thread wait.
        source = os.open(os.path.join(root, file.path), _READ)  # noqa: PTH118 - see above
        try:
            if offset:
                os.lseek(source, offset, os.SEEK_SET)
            data = os.read(source, asked)
            while len(data) < wanted and (more := os.read(source, asked - len(data))):
                data += more
            size = file.size if len(data) == wanted else os.fstat(source).st_size
        finally:
            os.close(source)
    except OSError as error:
        raise _changed(file, f"cannot be read: {reason_of(error)}") from error
    if len(data) != wanted:
        raise _changed(file, f"has {size} bytes instead of {file.size}")
    return data


def _changed(file: ProjectFile, problem: str) -> Failure:
    return Failure.of(FaultKind.PROJECT_CHANGED, path=file.path, problem=problem)
