"""What comes back from a command on a device: all at its end, or in pieces as it runs."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence

import asyncssh

PIECE = 64 * 1024
"""Bytes that are kept of a stream before the device has to wait."""

ENDLESS = 64 * 2**20
"""Bytes of a command's output after which the device counts as lost: it only takes our time."""

NOISE_AT_MOST = 2**20
"""The same for what a followed command says beside its output, since its last answer."""

_PART, _BURST = 0.05, 0.5
"""The part of the time that reading a stream may take, and the seconds that it may take at once."""

_FLOW = 40e6
"""Bytes that count as a second of reading, however little they say: 2 MB/s, 20 MB at once."""

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
        self._noise = 0
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Be told of the channel."""
        self.channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take what the command says."""
        if datatype == _STDERR:
            self._overhear(len(data))
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

    def _overhear(self, count: int) -> None:
        """Count what nobody asked for: it comes however little we read, and takes our time."""
        self._noise += count
        if self._noise > NOISE_AT_MOST:
            raise asyncssh.ProtocolError("it says without end what it wasn't asked")

    def _resume(self) -> None:
        if self._is_paused and not self._is_over:
            self._is_paused = False
            self.channel.resume_reading()


async def leisurely(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass on at a pace that leaves others their time, however fast the device writes.

    What is done with a piece until the next one is wanted counts as reading. While we wait, SSH
    lets the device send no more.
    """
    left, seen = _BURST, time.monotonic()
    async for piece in pieces:
        begun = time.monotonic()
        left = min(left + (begun - seen) * _PART, _BURST)
        yield piece
        seen = time.monotonic()
        left -= max(seen - begun, len(piece) / _FLOW)
        if left < 0:
            await asyncio.sleep(-left / _PART)


ANSWER = b"\x1e"
"""How an answer on stderr begins: the login shell may say more there. Then `TAKEN`, or not."""

TAKEN = b"+"

_ANSWER_AT_MOST = 4096


class Dialogue(Stream):
    """A stream whose command hears lines on its stdin, and answers each with one on its stderr."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: deque[asyncio.Future[bool]] = deque()
        self._said = b""

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take what the command says, and what it answers."""
        if datatype != _STDERR:
            super().data_received(data, datatype)
            return
        self._overhear(len(data))
        *whole, rest = (self._said + data).split(b"\n")
        self._said = rest[-_ANSWER_AT_MOST:]
        for line in whole:
            if line.startswith(ANSWER) and self._asked:
                self._noise = 0
                _settle(self._asked.popleft(), line[1:] == TAKEN)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end: nothing more is answered."""
        super().connection_lost(exc)
        _settle_all(self._asked, False)
        self._asked.clear()

    async def tell(self, lines: Sequence[bytes], within: float) -> bool:
        """Say lines (each ends with a newline); whether the command answers that it took all.

        No answer within so many seconds is none that it did.
        """
        if self._is_over or self.channel.is_closing():
            return False
        loop = asyncio.get_running_loop()
        answers = [loop.create_future() for _ in lines]
        self._asked.extend(answers)
        # Not `asyncio.timeout`, which costs as much as all the rest of an order.
        late = loop.call_later(within, _settle_all, answers, False)
        try:
            self.channel.write(b"".join(lines))
            return all([await answer for answer in answers])
        except BrokenPipeError:
            return False
        finally:
            late.cancel()


def _settle(answer: asyncio.Future[bool], is_taken: bool) -> None:
    if not answer.done():  # nobody waits for it any more
        answer.set_result(is_taken)


def _settle_all(answers: Iterable[asyncio.Future[bool]], is_taken: bool) -> None:
    for answer in answers:
        _settle(answer, is_taken)


class Collected(asyncssh.SSHClientSession[bytes]):
    """Keeps a command's output, up to the limit; `ended` gives the error that ended it, or None."""

    channel: asyncssh.SSHClientChannel[bytes]

    def __init__(self) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._count = 0
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Be told of the channel."""
        self.channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Take what the command says."""
        kept = self.stderr if datatype == _STDERR else self.stdout
        kept += data[: _OUTPUT_LIMIT - len(kept)]
        self._count += len(data)
        if self._count > ENDLESS:
            raise asyncssh.ProtocolError("a command's output has no end")

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end."""
        if not self.ended.done():
            self.ended.set_result(exc)
