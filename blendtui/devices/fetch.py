"""Frames back: a rendered file comes from a device to this machine, and is checked on its way."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import stat
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import asyncssh

from blendtui.devices.pump import BATCH, WINDOW, block_size, far, first_error, in_thread, opened
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

if TYPE_CHECKING:
    from blendtui.devices.link import Link

STALLED = 300.0
"""Seconds without an answer about a file after which it is waited for no longer."""


async def fetch(
    link: Link, remote: str, local: Path, size: int, sha256: str, *, sync: bool = True
) -> None:
    """Bring a device's file here; it must have the announced `size` in bytes and hash (hex).

    `local` is overwritten, and is there afterwards only if all went well; with `sync` it is on
    the disk by then. Raises Failure: OUTPUT_MISSING, OUTPUT_CHANGED, SHARE_WRITE,
    DEVICE_FILE_REFUSED, LINK_LOST.
    """
    reader = _Reader(link, remote, size)
    async with link.sftp() as sftp, _target(local) as target:
        try:
            async with reader.patience():
                await reader.check(sftp)
            async with reader.opened(sftp) as source:
                rest = await reader.copy(source, target, block_size(sftp.limits.max_read_len))
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise reader.missing() from error
        await target.do(target.finish, rest, sync)
        if target.hash.hexdigest() != sha256:
            raise reader.changed("its content is not what was reported")


async def read_small(link: Link, remote: str, size: int, sha256: str | None = None) -> bytes:
    """Read a device's small file, which must have the announced `size` in bytes, and the hash.

    Raises Failure: OUTPUT_MISSING, OUTPUT_CHANGED, DEVICE_FILE_REFUSED, LINK_LOST.
    """
    reader = _Reader(link, remote, size)
    async with link.sftp() as sftp, reader.patience():
        try:
            await reader.check(sftp)
            async with opened(sftp, remote, asyncssh.FXF_READ) as source:
                data = await reader.read(source, 0, size)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise reader.missing() from error
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise reader.changed("its content is not what was reported")
    return data


class _Target:
    """The file here. Its steps run outside the event loop: a share can be slow.

    Each step costs a change of threads.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hash = hashlib.sha256()
        self._stack = contextlib.ExitStack()
        self._file: BinaryIO | None = None

    def add(self, data: bytearray) -> BinaryIO:
        """Take what comes next; the first begins with an empty file."""
        if self._file is None:
            self._file = self._stack.enter_context(self.path.open("wb"))
        self._file.write(data)
        self.hash.update(data)
        return self._file

    def finish(self, rest: bytearray, sync: bool) -> None:
        """Take the rest and end the file; with `sync`, only when it is on the disk."""
        with self._stack:
            file = self.add(rest)
            file.flush()
            if sync:
                os.fsync(file.fileno())

    def discard(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError):
            self._stack.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    async def do(self, step: Callable[..., object], *args: object) -> None:
        """Do one of these in a thread. Raises Failure: SHARE_WRITE."""
        try:
            await in_thread(step, *args)
        except OSError as error:
            reason = reason_of(error)
            raise Failure.of(FaultKind.SHARE_WRITE, path=self.path, reason=reason) from error


@contextlib.asynccontextmanager
async def _target(path: Path) -> AsyncIterator[_Target]:
    target = _Target(path)
    try:
        yield target
    except BaseException:
        await in_thread(target.discard)
        raise


class _Reader:
    """The file on the device, as far as it is what was announced."""

    def __init__(self, link: Link, remote: str, size: int) -> None:
        self._device = link.device
        self._remote = remote
        self._size = size

    async def check(self, sftp: asyncssh.SFTPClient) -> None:
        """Look at it before it is opened: to open a FIFO would stop the whole SFTP session."""
        found = await sftp.lstat(far(self._remote))
        mode = found.permissions or 0
        if stat.S_ISLNK(mode):
            raise self.changed("it is a symbolic link")
        if not stat.S_ISREG(mode):
            raise self.changed("it is not a file")
        if found.size != self._size:
            raise self.changed(f"it has {found.size} bytes instead of {self._size}")

    @contextlib.asynccontextmanager
    async def opened(self, sftp: asyncssh.SFTPClient) -> AsyncIterator[asyncssh.SFTPClientFile]:
        """Open the file for reading."""
        async with contextlib.AsyncExitStack() as stack:
            async with self.patience():
                source = await stack.enter_async_context(
                    opened(sftp, self._remote, asyncssh.FXF_READ)
                )
            yield source

    @contextlib.asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Wait for a device that answers to everything but this, though not for ever."""
        try:
            async with asyncio.timeout(STALLED):
                yield
        except TimeoutError as error:
            raise self.changed(f"nothing came of it for {STALLED:g} s") from error

    async def copy(self, source: asyncssh.SFTPClientFile, target: _Target, block: int) -> bytearray:
        """Read exactly the announced bytes, many blocks ahead, and write them in order.

        Gives the last of them, still to be written.
        """
        asked = 0
        batch = bytearray()
        reads: deque[asyncio.Task[bytes]] = deque()
        with first_error():
            async with asyncio.TaskGroup() as group:
                while asked < self._size or reads:
                    while asked < self._size and len(reads) < WINDOW:
                        count = min(block, self._size - asked)
                        reads.append(group.create_task(self.read(source, asked, count)))
                        asked += count
                    async with self.patience():
                        batch += await reads.popleft()
                    if len(batch) >= BATCH:
                        await target.do(target.add, batch)
                        batch = bytearray()
        return batch

    async def read(self, source: asyncssh.SFTPClientFile, offset: int, count: int) -> bytes:
        """Read one block; a server may give less than it was asked for."""
        data = b""
        while len(data) < count:
            piece: bytes = await source.read(count - len(data), offset + len(data))
            if not piece:
                raise self.changed("it became shorter")
            data += piece
        if len(data) > count:
            raise self.changed("it gave more than it was asked for")
        return data

    def changed(self, detail: str) -> Failure:
        """Make the failure for a file that is not what was announced."""
        facts = {"device": self._device, "path": self._remote, "detail": detail}
        return Failure.of(FaultKind.OUTPUT_CHANGED, **facts)

    def missing(self) -> Failure:
        """Make the failure for a file that was announced and is not there."""
        facts = {"device": self._device, "path": self._remote, "detail": "it is gone"}
        name = self._remote.rpartition("/")[2]
        return Failure.of(FaultKind.OUTPUT_MISSING, **facts, frame=name)
