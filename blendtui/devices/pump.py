"""Bytes through SFTP with many requests on their way: what uploads and downloads share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any, Final, ParamSpec, TypeVar

import asyncssh

BLOCK: Final = 255 * 1024
"""The most bytes that OpenSSH's SFTP server takes or gives in one request."""

BATCH: Final = 16 * BLOCK
"""Bytes that are read from or written to a local disk at once, outside the event loop."""

WINDOW: Final = 64
"""Requests of one block that may be on their way at once: 16 MiB."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def block_size(limit: int) -> int:
    """Give the bytes of one request, for a server that allows `limit` (0: it does not say)."""
    return min(limit, BLOCK) if limit else 16 * 1024


async def each(items: Iterable[_T], limit: int, work: Callable[[_T], Awaitable[None]]) -> None:
    """Do something with each item, `limit` at a time; the first error ends all and is raised."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
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
    return await finished(asyncio.to_thread(function, *args, **options))


async def finished(work: Coroutine[Any, Any, _T]) -> _T:
    """Do something to its end, even when cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
