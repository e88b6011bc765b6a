"""What comes back from a command on a device: all at its end, or in pieces as it runs."""

from __future__ import annotations

import asyncio

import asyncssh

PIECE = 64 * 1024
"""Bytes that are kept of a stream before the device has to wait."""

_OUTPUT_LIMIT = 16 * 2**20
_STDERR = asyncssh.EXTENDED_DATA_STDERR


class Stream(asyncssh.SSHClientSession[bytes]):
    """Gives a command's output as it comes; what nobody reads yet waits on the device.

    asyncssh's own reader keeps what arrives in pieces of all sizes: a flood of output then
    leaves so many holes in the process's memory that it grows without end.
    """

    channel: asyncssh.SSHClientChannel[bytes]

    def __init__(self) -> None:
        self._kept = bytearray()
        self._is_paused = False
        self._is_over = False
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Be told of the channel."""
        self.channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take what the command says."""
        if datatype == _STDERR:
            return
        self._kept += data
        self._news.set()
        if len(self._kept) >= PIECE and not self._is_paused:
            self._is_paused = True
            self.channel.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end."""
        self._error, self._is_over = exc, True
        self._news.set()

    async def read(self) -> bytes:
        """Give what came; nothing when the command has ended. Raises what ended it otherwise."""
        while not self._kept:
            if self._is_over:
                if self._error is not None:
                    raise self._error
                return b""
            self._news.clear()
            self._resume()
            await self._news.wait()
        piece = bytes(self._kept)
        self._kept.clear()
        self._resume()
        return piece

    def _resume(self) -> None:
        if self._is_paused and not self._is_over:
            self._is_paused = False
            self.channel.resume_reading()


class Collected(asyncssh.SSHClientSession[bytes]):
    """Keeps a command's output, up to the limit; `ended` gives the error that ended it, or None."""

    channel: asyncssh.SSHClientChannel[bytes]

    def __init__(self) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Be told of the channel."""
        self.channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take what the command says."""
        kept = self.stderr if datatype == _STDERR else self.stdout
        kept += data[: _OUTPUT_LIMIT - len(kept)]

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end."""
        if not self.ended.done():
            self.ended.set_result(exc)
