"""What a link promises, with a real OpenSSH server at the other end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from blendtui.devices.connection import Link, Pace, connect
from blendtui.devices.link import CHANNELS
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from tests.support.processes import processes, running
from tests.support.sshd import Sshd, needs_sshd, until

pytestmark = needs_sshd


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
async def link(sshd: Sshd) -> AsyncIterator[Link]:
    async with linked(sshd) as link:
        yield link


@contextlib.asynccontextmanager
async def linked(sshd: Sshd, pace: Pace | None = None) -> AsyncIterator[Link]:
    link = await connect(sshd.device(), sshd.known_hosts, pace=pace or Pace())
    try:
        yield link
    finally:
        await link.close()


def _is_killed(pid: int) -> bool:
    """End a process with SIGKILL; False where it has ended before, as sshd's helpers do."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def named(name: str, marker: str) -> list[int]:
    """Find the processes of a program that have a text in their command line."""
    return [pid for pid, words in processes().items() if name in words and marker in str(words)]


class TestRun:
    async def test_status_both_streams_and_stdin_are_kept_apart(self, link: Link) -> None:
        output = await link.run('cat; echo "$1" >&2; exit 3', "it's", stdin=b"\0\xff\n")
        assert (output.status, output.stdout, output.stderr) == (3, b"\0\xff\n", b"it's\n")

    async def test_a_signal_is_a_negative_status(self, link: Link) -> None:
        assert (await link.run("kill -9 $$")).status == -signal.SIGKILL

    async def test_megabytes_go_in_and_out(self, link: Link) -> None:
        data = os.urandom(5_000_000)
        assert (await link.run("cat", stdin=data)).stdout == data

    async def test_output_is_bounded(self, link: Link) -> None:
        output = await link.run("head -c 20000000 /dev/zero; echo end >&2")
        assert (output.status, len(output.stdout), output.stderr) == (0, 16 * 2**20, b"end\n")

    @pytest.mark.parametrize("script", ["exec yes", "exec yes >&2"])
    async def test_output_without_an_end_is_a_lost_link(self, sshd: Sshd, script: str) -> None:
        async with linked(sshd) as link:
            with pytest.raises(Failure) as caught:
                await link.run(script)
            assert caught.value.fault.kind is FaultKind.LINK_LOST
            assert "no end" in str(caught.value)

    async def test_a_command_that_does_not_read_its_stdin_is_no_failure(self, link: Link) -> None:
        assert (await link.run("exit 4", stdin=b"x" * 3_000_000)).status == 4

    async def test_a_cancelled_run_gives_its_channel_back(self, link: Link) -> None:
        for _ in range(CHANNELS + 4):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await link.run("exec sleep 1")
        assert (await link.run("echo on")).stdout == b"on\n"
        assert link.connections < 4

    async def test_a_run_cancelled_at_any_moment_leaves_no_channel_open(self, link: Link) -> None:
        for turns in range(24):
            task = asyncio.create_task(link.run("exec sleep 1"))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        outputs = await asyncio.gather(*(link.run("echo on") for _ in range(CHANNELS)))
        assert {output.stdout for output in outputs} == {b"on\n"}
        assert link.connections < 6


class TestRunWatched:
    async def test_status_and_both_streams_are_as_of_any_run(self, link: Link) -> None:
        output = await link.run_watched('cat; echo "$1"; echo no >&2; exit 3', "it's")
        assert (output.status, output.stdout, output.stderr) == (3, b"it's\n", b"no\n")

    @pytest.mark.parametrize("is_stopped", [False, True])
    async def test_it_ends_with_who_waits_for_it(
        self, link: Link, tmp_path: Path, is_stopped: bool
    ) -> None:
        marker = str(tmp_path / "marker")
        task = asyncio.create_task(link.run_watched('exec tail -f /dev/null "$1"', marker))
        await until(lambda: bool(named("tail", marker)))
        if is_stopped:
            os.kill(named("tail", marker)[0], signal.SIGSTOP)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not running(marker))


class TestFollow:
    async def test_lines_come_as_they_are_written_and_nothing_lingers(
        self, link: Link, tmp_path: Path
    ) -> None:
        log = tmp_path / "log"
        log.touch()
        async with link.follow('exec tail -c +1 -F "$1"', str(log)) as pieces:
            for line in (b"one\n", b"two\n"):
                with log.open("ab") as stream:
                    stream.write(line)
                assert await anext(pieces) == line
            assert running(str(log))
        await until(lambda: not running(str(log)))

    async def test_a_flood_beside_what_was_asked_for_is_a_lost_link(self, sshd: Sshd) -> None:
        async with linked(sshd) as link:
            async with link.converse("exec tail -f /dev/null", "exec yes >&2") as (pieces, _):
                with pytest.raises(Failure) as caught:
                    await anext(pieces)
            assert caught.value.fault.kind is FaultKind.LINK_LOST
        async with linked(sshd) as link:
            with pytest.raises(Failure):
                async with link.follow("exec yes >&2") as pieces:
                    await anext(pieces)

    async def test_nothing_lingers_when_the_follower_is_cancelled(
        self, link: Link, tmp_path: Path
    ) -> None:
        marker = str(tmp_path / "marker")

        async def follow() -> None:
            async with link.follow('echo; exec tail -f /dev/null "$1"', marker) as pieces:
                async for _ in pieces:
                    pass

        task = asyncio.create_task(follow())
        await until(lambda: bool(running(marker)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not running(marker))

    async def test_the_pieces_end_when_the_script_does(self, link: Link) -> None:
        async with link.follow('printf "%s" "$1" "$2"; echo no >&2', "a", "b") as pieces:
            assert b"".join([piece async for piece in pieces]) == b"ab"

    async def test_twenty_at_once_keep_to_the_servers_limit_of_ten_a_connection(
        self, link: Link, sshd: Sshd
    ) -> None:
        before = sshd.log.stat().st_size
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(link.sftp())
            follows = [
                await stack.enter_async_context(link.follow("echo $1; exec sleep 20", str(number)))
                for number in range(20)
            ]
            firsts = await asyncio.gather(*(anext(pieces) for pieces in follows))
            assert firsts == [f"{number}\n".encode() for number in range(20)]
            assert link.connections == 3
            assert (await link.run("echo more")).stdout == b"more\n"
        assert b"no more sessions" not in sshd.log.read_bytes()[before:]

    async def test_many_opened_in_the_same_moment_keep_to_it_too(
        self, link: Link, sshd: Sshd
    ) -> None:
        before = sshd.log.stat().st_size
        outputs = await asyncio.gather(*(link.run("sleep 0.1; echo $1", str(n)) for n in range(30)))
        assert [output.stdout for output in outputs] == [f"{n}\n".encode() for n in range(30)]
        assert b"no more sessions" not in sshd.log.read_bytes()[before:]

    @pytest.mark.parametrize("limit", [1, 3])
    async def test_a_server_with_fewer_sessions_gets_more_connections(self, limit: int) -> None:
        with Sshd(config=f"MaxSessions {limit}") as server:
            async with linked(server) as link, link.sftp() as sftp:
                outputs = await asyncio.gather(
                    *(link.run("sleep 0.1; echo $1", str(n)) for n in range(6))
                )
                assert [int(output.stdout) for output in outputs] == list(range(6))
                assert await sftp.realpath(".")
                assert link.connections > 1

    async def test_a_server_that_allows_no_session_is_named(self) -> None:
        with Sshd(config="MaxSessions 0") as server:
            async with linked(server) as link:
                with pytest.raises(Failure) as caught:
                    await link.run("true")
        assert caught.value.fault.kind == FaultKind.SESSION_REFUSED


class TestSftp:
    async def test_all_share_one_session_and_appending_appends(
        self, link: Link, tmp_path: Path
    ) -> None:
        file = tmp_path / "orders"
        file.write_bytes(b"one\n")
        async with link.sftp() as one, link.sftp() as two:
            assert one is two
            async with one.open(str(file), "ab") as stream:
                await stream.write(b"two\n")
        assert file.read_bytes() == b"one\ntwo\n"

    async def test_a_refused_file_is_a_failure_that_says_so(
        self, link: Link, tmp_path: Path
    ) -> None:
        with pytest.raises(Failure) as caught:
            async with link.sftp() as sftp:
                await sftp.open(str(tmp_path / "no" / "such"), "rb")
        assert caught.value.fault.kind == FaultKind.DEVICE_FILE_REFUSED

    async def test_the_callers_own_errors_pass_through(self, link: Link) -> None:
        with pytest.raises(FileNotFoundError):
            async with link.sftp():
                raise FileNotFoundError("mine")

    async def test_the_round_trip_is_measured(self, link: Link) -> None:
        assert 0 < await link.latency() < 0.5


class TestLoss:
    async def test_a_killed_server_ends_all_that_waits(self, tmp_path: Path) -> None:
        begun = tmp_path / "begun"
        with Sshd() as server:
            async with linked(server) as link, link.sftp() as sftp:
                async with contextlib.AsyncExitStack() as stack:
                    pieces = await stack.enter_async_context(link.follow("exec sleep 20"))
                    waiting = [
                        asyncio.ensure_future(anext(pieces)),
                        asyncio.create_task(link.run(': >"$1"; exec sleep 20', str(begun))),
                    ]
                    await until(begun.exists)
                    server.kill()
                    assert (await link.wait_lost()).kind == FaultKind.LINK_LOST
                    for ended in await asyncio.gather(*waiting, return_exceptions=True):
                        assert isinstance(ended, Failure)
                        assert ended.fault.kind == FaultKind.LINK_LOST
                for later in (link.run("true"), link.latency()):
                    with pytest.raises(Failure) as caught:
                        await later
                    assert caught.value.fault.kind == FaultKind.LINK_LOST
                with pytest.raises(asyncssh.SFTPNoConnection):
                    await sftp.realpath(".")

    async def test_a_silent_server_is_noticed_by_keep_alives(self) -> None:
        with Sshd() as server:
            async with linked(server, Pace(interval=0.1, count=2)) as link:
                server.signal_all(signal.SIGSTOP)
                async with asyncio.timeout(5):
                    fault = await link.wait_lost()
                server.signal_all(signal.SIGCONT)
        assert fault.kind == FaultKind.LINK_LOST
        assert "keepalive" in fault.fact("detail")

    async def test_an_ended_sftp_session_is_the_loss_of_the_link_too(self) -> None:
        with Sshd() as server:
            async with linked(server) as link:
                with pytest.raises(Failure) as caught:
                    async with link.sftp() as sftp:
                        os.kill(server.connections()[-1], signal.SIGKILL)
                        await sftp.realpath(".")
                assert caught.value.fault == await link.wait_lost()

    async def test_a_connection_may_end_while_a_session_is_opened(
        self, link: Link, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask = asyncssh.channel.SSHClientChannel._make_request

        async def ask_and_lose(self: Any, request: bytes, *args: bytes) -> bool | None:
            answer = await ask(self, request, *args)
            self._conn.abort()
            while self._session is not None:  # noqa: ASYNC110 - asyncssh tells nobody of it
                await asyncio.sleep(0)
            return answer

        monkeypatch.setattr(asyncssh.channel.SSHClientChannel, "_make_request", ask_and_lose)
        with pytest.raises(Failure) as caught:
            await link.run("true")
        assert caught.value.fault.kind is FaultKind.LINK_LOST

    async def test_one_lost_connection_is_the_loss_of_the_link(self) -> None:
        with Sshd(config="MaxSessions 1") as server:
            async with linked(server) as link:
                first, second = (link.run("exec sleep 300") for _ in range(2))
                waiting = [asyncio.create_task(first), asyncio.create_task(second)]
                await until(lambda: link.connections == 2)
                await until(lambda: _is_killed(server.connections()[-1]))
                await link.wait_lost()
                for ended in await asyncio.gather(*waiting, return_exceptions=True):
                    assert isinstance(ended, Failure)

    async def test_a_closed_link_says_so(self, sshd: Sshd) -> None:
        async with linked(sshd) as link:
            pass
        assert (await link.wait_lost()).fact("detail") == "it was closed"
        with pytest.raises(Failure):
            await link.run("true")
