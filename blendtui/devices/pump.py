"""Bytes through SFTP with many requests on their way: what uploads and downloads share."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final, ParamSpec, TypeVar

import asyncssh

BLOCK: Final = 255 * 1024
"""The most bytes that OpenSSH's SFTP server takes or gives in one request."""

BATCH: Final = 4 * BLOCK
"""Bytes that are read from or written to a local disk at once, outside the event loop."""

WINDOW: Final = 16
"""Requests of one block that may be on their way at once.

An SSH channel of OpenSSH or asyncssh holds 2 MiB, so more gain nothing, and whoever else uses the
link waits behind them: on a line of 10 Mbit/s, 3 seconds as it is.
"""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def block_size(limit: int) -> int:
    """Give the bytes of one request, for a server that allows `limit` (0: it does not say)."""
    return min(limit, BLOCK) if limit else 16 * 1024


def far(path: str) -> bytes:
    """Give a device's path as SFTP sends it: text that was no text comes out as it went in."""
    return path.encode("utf-8", "surrogateescape")


@contextlib.asynccontextmanager
async def opened(
    sftp: asyncssh.SFTPClient, path: str, flags: int, permissions: int | None = None
) -> AsyncIterator[asyncssh.SFTPClientFile]:
    """Open a device's file, each read or write of which is to be one request.

    The server closes nothing by itself, so a file whose opening was cancelled is closed, too.
    """
    attributes = asyncssh.SFTPAttrs(permissions=permissions)
    opening = asyncio.ensure_future(
        sftp.open(far(path), flags, attributes, encoding=None, block_size=0)
    )
    try:
        file = await asyncio.shield(opening)
    except asyncio.CancelledError:
        with contextlib.suppress(asyncssh.Error, OSError):
            await (await opening).close()
        raise
    try:
        yield file
    finally:
        await file.close()


async def each(
    limit: int, take: Callable[[], Awaitable[_T | None]], work: Callable[[_T], Awaitable[None]]
) -> None:
    """Take something to do and do it until None comes, `limit` at a time.

    The first error ends all and is raised.
    """

    async def worker() -> None:
        while (item := await take()) is not None:
            await work(item)

    with first_error():
        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(worker())


@contextlib.contextmanager
def first_error() -> Iterator[None]:
    """Raise one of the errors of a TaskGroup instead of the group; that the link is lost wins."""
    try:
        yield
    except BaseExceptionGroup as group:
        errors = list(_leaves(group))
        lost = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
        raise next((error for error in errors if isinstance(error, lost)), errors[0]) from None


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


async def in_thread(function: Callable[_P, _T], *args: _P.args, **options: _P.kwargs) -> _T:
    """Run something outside the event loop; also when cancelled, it has ended on return.

    A file that a thread still writes to must not be closed.
    """
    loop = asyncio.get_running_loop()
    done = loop.run_in_executor(None, functools.partial(function, *args, **options))
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        raise
