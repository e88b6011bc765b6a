"""A device's link: commands, followed output and SFTP over as many connections as they need."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

import asyncssh

from blendtui.devices.shell import command
from blendtui.devices.streams import PIECE, Collected, Dialogue, Stream, leisurely
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind

# OpenSSH allows 10 sessions a connection (MaxSessions); two are left for those that the server
# has not yet put away when we open the next: it counts one until its last process has ended. When
# it refuses one all the same, that connection gets no more until it had time to tidy up.
CHANNELS = 8
_TIDYING = 5.0
_FOLLOWED = 4 * PIECE
_COMMAND_WITHIN = 900.0

# Runs $1 with the other arguments and ends it when the channel closes, which is all that the far
# side learns of our leaving or of a lost link: `tail -F` alone would stay until its next line.
# $2 reads stdin until then; the script reads nothing, and its last command should be an `exec`,
# so that it is what gets ended.
_WATCHED = """
script=$1 hears=$2; shift 2
exec 3<&0
( exec 3<&-; eval "$script" ) </dev/null &
child=$!
( eval "$hears" <&3; kill "$child" 2>/dev/null; kill -CONT "$child" 2>/dev/null ) >/dev/null &
watch=$!
exec 3<&-
wait "$child"; status=$?
kill "$watch" 2>/dev/null
exit "$status"
"""

_HEARS_NOTHING = "while read -r _; do :; done"

_T = TypeVar("_T")
_S = TypeVar("_S", bound=Stream)


@dataclass(frozen=True, slots=True)
class Output:
    """What a command gave: its exit status (negative: the signal that ended it) and its output.

    Of more than 16 MiB on one stream, the rest is dropped; of 64 MiB, the device counts as lost.
    """

    status: int
    stdout: bytes
    stderr: bytes


@dataclass(slots=True, eq=False)
class Line:
    """One SSH connection of a link: how many channels it has, may have, and ever had."""

    connection: asyncssh.SSHClientConnection
    lost: asyncio.Future[str]
    room: int = CHANNELS
    used: int = 0
    opened: int = 0

    def full(self) -> None:
        """Take no more channels than there are now, for some seconds."""
        self.room = self.used
        asyncio.get_running_loop().call_later(_TIDYING, self._refreshed)

    def _refreshed(self) -> None:
        self.room = CHANNELS


@dataclass(slots=True, eq=False)
class Link:
    """A device within reach. Made by `connection.connect`; usable until it is lost or closed.

    Every method raises Failure(LINK_LOST) when the link is lost, also while it waits; and where
    one does, the whole link is over: `wait_lost` tells it too, connect anew.
    """

    device: str
    dial: Callable[[], Awaitable[Line]] = field(repr=False)
    _lines: list[Line] = field(default_factory=list, repr=False)
    _lost: asyncio.Future[Fault] = field(default_factory=asyncio.Future, repr=False)
    _dialing: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _opening_sftp: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _sftp: asyncssh.SFTPClient | None = field(default=None, repr=False)
    _closing: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    @property
    def connections(self) -> int:
        """How many SSH connections the link has open at present."""
        return len(self._lines)

    async def run(self, script: str, *args: str, stdin: bytes = b"") -> Output:
        """Run a POSIX sh script on the device to its end; `args` are its `$1`, `$2`, ...

        What it leaves running must have been detached with all three streams redirected.
        A cancelled run closes its channel: the far side sees the end of its stdin. A device that
        has not ended it within 15 minutes counts as lost.
        """
        line, collected = await self._open_run(command(script, *args))
        try:
            with self._translated():
                # A short command may have ended before it was told anything.
                with contextlib.suppress(BrokenPipeError):
                    collected.channel.write(stdin)
                    collected.channel.write_eof()
                return await self._answer(collected)
        finally:
            self._end(line, collected.channel)

    async def run_watched(self, script: str, *args: str) -> Output:
        """Run a script that ends with whoever waits for it, also while it is stopped there.

        Its stdin is empty, and its last command should be an `exec`: that one is ended when the
        run is cancelled, or the link is lost. Else as `run`.
        """
        line, collected = await self._open_run(command(_WATCHED, script, _HEARS_NOTHING, *args))
        try:
            with self._translated():
                return await self._answer(collected)
        finally:
            self._end(line, collected.channel)

    @contextlib.asynccontextmanager
    async def follow(self, script: str, *args: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Run a script and give its output in pieces, as it comes; leaving ends the script.

        The script's stdin is empty, its stderr is dropped, and its last command should be an
        `exec`. The pieces end when the script does. They are read at a pace that leaves other
        devices their time; one that floods stderr counts as lost.
        """
        async with self._following(Stream, command(_WATCHED, script, _HEARS_NOTHING, *args)) as it:
            yield leisurely(self._pieces(it))

    @contextlib.asynccontextmanager
    async def converse(
        self, script: str, hears: str, *args: str
    ) -> AsyncIterator[tuple[AsyncIterator[bytes], Dialogue]]:
        """Follow a script while a second one reads lines; gives the pieces, and whom to tell.

        `hears` has the same arguments, and answers on stderr (see `streams.ANSWER`), where `script`
        must say nothing.
        """
        async with self._following(Dialogue, command(_WATCHED, script, hears, *args)) as it:
            yield leisurely(self._pieces(it)), it

    @contextlib.asynccontextmanager
    async def interact(self, script: str, *args: str) -> AsyncIterator[Stream]:
        """Run a script that reads its stdin, as long as the block; gives both ends of it.

        Its stderr is dropped.
        """
        async with self._following(Stream, command(script, *args)) as it:
            yield it

    @contextlib.asynccontextmanager
    async def _following(self, kind: type[_S], wanted: str) -> AsyncIterator[_S]:
        line, (_, session) = await self._channel(
            lambda connection: connection.create_session(
                kind, wanted, encoding=None, window=_FOLLOWED
            ),
            lambda opened: opened[0].close(),
        )
        stream = cast(_S, session)
        try:
            with self._translated():
                yield stream
        finally:
            self._end(line, stream.channel)

    @contextlib.asynccontextmanager
    async def sftp(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """Give the link's SFTP session, which all share; don't end it.

        Errors about a file come as asyncssh's SFTPError and may be caught inside; one that
        leaves the block becomes a Failure. Errors about local files pass through.
        """
        client = await self._shared_sftp()
        with self._translated():
            yield client

    async def latency(self, tries: int = 5) -> float:
        """Measure the round trip in seconds: the median of some small SFTP requests."""
        times = []
        async with self.sftp() as sftp:
            await sftp.realpath(".")
            for _ in range(tries):
                begun = time.perf_counter()
                await sftp.realpath(".")
                times.append(time.perf_counter() - begun)
        return statistics.median(times)

    async def wait_lost(self) -> Fault:
        """Wait until the link is lost or closed, and say why."""
        return await asyncio.shield(self._lost)

    async def close(self) -> None:
        """Close all connections; gives a silent peer two seconds to answer."""
        self._lose("it was closed")
        lines, self._lines = self._lines, []
        for line in lines:
            line.connection.close()
        try:
            async with asyncio.timeout(2):
                for line in lines:
                    await line.connection.wait_closed()
        except TimeoutError:
            for line in lines:
                line.connection.abort()

    async def add_line(self) -> Line:
        """Open one more connection. Called by `connect` for the first one."""
        line = await self.dial()
        if self._lost.done():
            line.connection.abort()
            raise Failure(self._lost.result())
        self._lines.append(line)
        line.lost.add_done_callback(lambda done: self._lose(done.result()))
        return line

    def _lose(self, detail: str) -> None:
        """One lost connection is the end of the link: all that runs on it must be begun anew."""
        if self._lost.done():
            return
        self._lost.set_result(Fault.of(FaultKind.LINK_LOST, device=self.device, detail=detail))
        for line in self._lines:
            if not line.lost.done():
                line.connection.close()

    async def _take(self) -> Line:
        """Find a connection with room for one channel, or open one."""
        async with self._dialing:
            if self._lost.done():
                raise Failure(self._lost.result())
            line = next((line for line in self._lines if line.used < line.room), None)
            if line is None:
                line = await self._further_line()
            line.used += 1
            return line

    async def _further_line(self) -> Line:
        try:
            return await self.add_line()
        except Failure as failure:
            detail = f"a further connection failed: {failure.fault.fact('detail')}"
            raise self._failure(detail.rstrip(": ")) from failure

    def _end(self, line: Line, channel: asyncssh.SSHClientChannel[bytes]) -> None:
        """Close a channel; its place is free when the server has closed its side too."""
        channel.close()
        self._later(self._ended(line, channel))

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _ended(self, line: Line, channel: asyncssh.SSHClientChannel[bytes]) -> None:
        await channel.wait_closed()
        line.used -= 1

    async def _channel(
        self,
        opener: Callable[[asyncssh.SSHClientConnection], Awaitable[_T]],
        closer: Callable[[_T], None],
    ) -> tuple[Line, _T]:
        """Open a channel; where the server allows fewer than we thought, use another connection."""
        while True:
            line = await self._take()
            opening = asyncio.ensure_future(opener(line.connection))
            try:
                with self._translated():
                    opened = await asyncio.shield(opening)
                line.opened += 1
                return line, opened
            except asyncio.CancelledError:
                self._later(self._abandon(line, opening, closer))
                raise
            except asyncssh.ChannelOpenError as error:
                line.used -= 1
                line.full()
                if line.used == line.opened == 0:
                    facts = {"device": self.device, "detail": error.reason}
                    raise Failure.of(FaultKind.SESSION_REFUSED, **facts) from error
            except Failure:
                line.used -= 1
                raise
            except AttributeError as error:
                # asyncssh's own, for a session whose connection ends while it is opened.
                line.used -= 1
                raise self._failure("the connection ended") from error

    async def _abandon(
        self, line: Line, opening: asyncio.Future[_T], closer: Callable[[_T], None]
    ) -> None:
        """Close what was being opened when nobody wanted it any more; the server counts it too."""
        # AttributeError: see `_channel`.
        with contextlib.suppress(asyncssh.Error, ConnectionError, AttributeError):
            closer(await opening)
            line.opened += 1
        line.used -= 1

    async def _open_run(self, wanted: str) -> tuple[Line, Collected]:
        line, (_, session) = await self._channel(
            lambda connection: connection.create_session(Collected, wanted, encoding=None),
            lambda opened: opened[0].close(),
        )
        return line, cast(Collected, session)

    async def _answer(self, collected: Collected) -> Output:
        try:
            async with asyncio.timeout(_COMMAND_WITHIN):
                error = await asyncio.shield(collected.ended)
        except TimeoutError as late:
            raise self._failure(f"a command did not end within {_COMMAND_WITHIN:g} s") from late
        if error is not None:
            raise error
        return Output(
            self._status(collected.channel), bytes(collected.stdout), bytes(collected.stderr)
        )

    async def _pieces(self, stream: Stream) -> AsyncIterator[bytes]:
        with self._translated():
            while piece := await stream.read():
                yield piece
            self._status(stream.channel)

    def _status(self, channel: asyncssh.SSHClientChannel[bytes]) -> int:
        """Give a command's end; one without status or signal is what a lost link looks like."""
        status = channel.get_returncode()
        if status is None:
            raise self._failure("the connection ended before the command did")
        return status

    async def _shared_sftp(self) -> asyncssh.SFTPClient:
        if self._sftp is not None and not self._lost.done():
            return self._sftp
        async with self._opening_sftp:
            if self._lost.done():
                raise Failure(self._lost.result())
            if self._sftp is not None:
                return self._sftp
            _, fresh = await self._channel(
                lambda connection: connection.start_sftp_client(), lambda opened: opened.exit()
            )
            self._sftp = fresh
            return fresh

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except asyncssh.ChannelOpenError as error:
            if self._gone():
                raise self._failure(error.reason) from error
            raise
        except asyncssh.SFTPError as error:
            raise self._file_failure(error) from error
        except (asyncssh.Error, ConnectionError) as error:
            raise self._failure(str(error)) from error

    def _gone(self) -> bool:
        return self._lost.done() or any(line.connection.is_closed() for line in self._lines)

    def _failure(self, detail: str) -> Failure:
        known = [line.lost.result() for line in self._lines if line.lost.done()]
        self._lose(known[0] if known else detail)
        return Failure(self._lost.result())

    def _file_failure(self, error: asyncssh.SFTPError) -> Failure:
        if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection):
            return self._failure(error.reason)
        kind = FaultKind.DEVICE_FILE_REFUSED
        if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
            kind = FaultKind.DEVICE_DISK_FULL
        return Failure.of(kind, device=self.device, detail=error.reason)
