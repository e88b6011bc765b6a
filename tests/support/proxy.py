"""A TCP proxy that counts the bytes on the wire, and cuts the wire after some of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

_CHUNK = 64 * 1024


class Proxy:
    """Stands between a client and a port of this machine; `port` is its own.

    `sent` and `received` are the bytes that the client sent and got. Once the client has sent
    `cut_after` bytes, all connections are cut, and new ones too.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.sent = 0
        self.received = 0
        self.cut_after: int | None = None
        self._pipes: set[asyncio.Task[None]] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self.target, limit=_CHUNK)
        pipes = {
            asyncio.create_task(self._pipe(reader, there[1], up=True)),
            asyncio.create_task(self._pipe(there[0], writer, up=False)),
        }
        self._pipes |= pipes
        await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)
        self._pipes -= pipes
        for end in (writer, there[1]):
            end.transport.abort()

    async def _pipe(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, up: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                if up:
                    self.sent += len(data)
                    if self.cut_after is not None and self.sent >= self.cut_after:
                        return
                else:
                    self.received += len(data)
                target.write(data)
                await target.drain()


@contextlib.asynccontextmanager
async def proxy(target: int) -> AsyncIterator[Proxy]:
    """Run a proxy to a port of this machine."""
    made = Proxy(target)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0, limit=_CHUNK)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        pipes = list(made._pipes)
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)
