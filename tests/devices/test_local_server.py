"""The server inside our own process: it serves one key holder, like sshd, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from blendtui.devices.connection import Link, connect
from blendtui.devices.local_server import LOCAL_USER, LocalServer
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from tests.support.sshd import until

DEVICE = DeviceSettings(name="here", host="local")


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    server = LocalServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def link(server: LocalServer) -> AsyncIterator[Link]:
    link = await connect(DEVICE, Path("no-such-file"), server)
    yield link
    await link.close()


def directly(server: LocalServer, **changes: Any) -> Any:
    """Connect by hand, as somebody else would; gives asyncssh's connection."""
    options: dict[str, Any] = {
        "username": LOCAL_USER,
        "client_keys": [server.client_key],
        "agent_path": None,
        "known_hosts": None,
        "config": None,
    }
    return asyncssh.connect("127.0.0.1", server.port, **(options | changes))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestStrangers:
    async def test_another_key_is_refused(self, server: LocalServer) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            await directly(server, client_keys=[asyncssh.generate_private_key("ssh-ed25519")])

    async def test_a_password_is_not_even_asked_for(self, server: LocalServer) -> None:
        methods = await asyncssh.get_server_auth_methods("127.0.0.1", server.port, config=None)
        assert list(methods) == ["publickey"]
        with pytest.raises(asyncssh.PermissionDenied):
            await directly(server, client_keys=None, password="")

    async def test_no_login_at_all_is_refused(self, server: LocalServer) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            await directly(server, client_keys=None)

    async def test_another_user_name_is_refused(self, server: LocalServer) -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            await directly(server, username="root")

    async def test_only_loopback_is_listened_on(self, server: LocalServer) -> None:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", server.port), timeout=1).close()

    async def test_keys_are_made_anew_each_time(self, server: LocalServer) -> None:
        other = LocalServer()
        assert other.client_key.public_data != server.client_key.public_data
        assert other.host_key.public_data != server.host_key.public_data

    async def test_another_host_key_is_refused_by_us(self, server: LocalServer) -> None:
        server.host_key = asyncssh.generate_private_key("ssh-ed25519")
        with pytest.raises(Failure) as caught:
            await connect(DEVICE, Path("no-such-file"), server)
        assert caught.value.fault.kind == FaultKind.HOST_KEY_REFUSED


class TestNothingElse:
    async def test_forwarding_in_any_direction_is_refused(self, server: LocalServer) -> None:
        async with directly(server) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", server.port)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_unix_connection("/tmp/socket")
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 1)

    async def test_other_subsystems_terminals_screens_and_agents_are_refused(
        self, server: LocalServer
    ) -> None:
        async with directly(server) as connection:
            for name in ("netconf", "shell", "sftp/../x", ""):
                process = await connection.create_process(subsystem=name)
                assert (await process.wait()).exit_status == 1
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.run("true", x11_forwarding=True, x11_display="localhost:0")
        async with directly(server, agent_forwarding=True, agent_path="/nonexistent") as asking:
            told = await asking.run('printf %s "$SSH_AUTH_SOCK"')
            assert told.stdout == os.environ.get("SSH_AUTH_SOCK", "")

    async def test_an_environment_is_not_taken(self, server: LocalServer) -> None:
        async with directly(server) as connection:
            told = await connection.run('printf %s "$LD_PRELOAD"', env={"LD_PRELOAD": "/x.so"})
            assert told.stdout == ""

    async def test_there_is_no_shell(self, server: LocalServer) -> None:
        async with directly(server) as connection:
            assert (await connection.run()).exit_status == 1


class TestCommands:
    async def test_status_streams_and_home_are_as_with_sshd(self, link: Link) -> None:
        output = await link.run('cat; pwd; echo "$1" >&2; exit 3', "it's", stdin=b"\0\xff\n")
        assert output.status == 3
        assert output.stdout == b"\0\xff\n" + f"{Path.home()}\n".encode()
        assert output.stderr == b"it's\n"
        assert (await link.run("kill -9 $$")).status == -signal.SIGKILL

    async def test_megabytes_go_in_and_out(self, link: Link) -> None:
        data = os.urandom(5_000_000)
        assert (await link.run("cat", stdin=data)).stdout == data

    async def test_many_slots_are_no_trouble(self, link: Link) -> None:
        outputs = await asyncio.gather(*(link.run("sleep 0.1; echo $1", str(n)) for n in range(30)))
        assert [int(output.stdout) for output in outputs] == list(range(30))

    async def test_a_followed_command_is_ended_when_it_is_left(self, link: Link) -> None:
        async with link.follow("echo $$; exec tail -f /dev/null") as pieces:
            pid = int(await anext(pieces))
            assert alive(pid)
        await until(lambda: not alive(pid))

    async def test_a_reader_sees_the_end_when_the_connection_drops(
        self, server: LocalServer, tmp_path: Path
    ) -> None:
        end = tmp_path / "end"
        async with directly(server) as connection:
            script = f"trap '' HUP; cat > {end}.in; echo over > {end}"
            process = await connection.create_process(script)
            process.stdin.write("begun\n")
            await until(lambda: Path(f"{end}.in").exists())
            connection.abort()
            await until(end.exists)

    @pytest.mark.parametrize("hangups", [signal.SIG_DFL, signal.SIG_IGN], ids=["", "under nohup"])
    async def test_a_command_that_neither_reads_nor_writes_ends_with_its_connection(
        self, hangups: signal.Handlers, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        before = signal.signal(signal.SIGHUP, hangups)
        request.addfinalizer(lambda: signal.signal(signal.SIGHUP, before))
        server = LocalServer()
        await server.start()
        file = tmp_path / "pid"
        async with directly(server) as connection:
            await connection.create_process(f"echo $$ > {file}; exec sleep 60")
            await until(lambda: file.exists() and bool(file.read_text()))
            connection.abort()
        await until(lambda: not alive(int(file.read_text())))
        await server.close()

    async def test_a_detached_command_outlives_the_server(self, tmp_path: Path) -> None:
        server = LocalServer()
        await server.start()
        link = await connect(DEVICE, tmp_path / "none", server)
        script = 'nohup sh -c "sleep 60" >/dev/null 2>&1 </dev/null & echo $!'
        pid = int((await link.run(script)).stdout)
        await server.close()
        assert (await link.wait_lost()).kind == FaultKind.LINK_LOST
        try:
            assert alive(pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class TestFiles:
    async def test_paths_are_the_users_own_and_appending_appends(
        self, link: Link, tmp_path: Path
    ) -> None:
        file = tmp_path / "grüße 世界"
        async with link.sftp() as sftp:
            assert await sftp.realpath(".") == str(Path.home().resolve())
            for line in (b"one\n", b"two\n"):
                async with sftp.open(str(file), "ab") as stream:
                    await stream.write(line)
            assert file.read_bytes() == b"one\ntwo\n"
            await sftp.posix_rename(str(file), str(tmp_path / "b"))
            assert (await sftp.stat(str(tmp_path / "b"))).size == 8

    async def test_ten_megabytes_arrive_both_ways(self, link: Link, tmp_path: Path) -> None:
        data = os.urandom(10_000_000)
        (tmp_path / "a").write_bytes(data)
        async with link.sftp() as sftp:
            await sftp.put(str(tmp_path / "a"), str(tmp_path / "b"))
            await sftp.get(str(tmp_path / "b"), str(tmp_path / "c"))
        assert (tmp_path / "c").read_bytes() == data
