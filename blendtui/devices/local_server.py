"""The SSH server inside our own process: this machine as a device, without sshd.

It listens on loopback only, on a port that the system chooses, with keys made for this run and
kept in memory. Whoever does not hold that one key gets nothing; whoever holds it, that is
ourselves, gets commands and files as the user who runs blendtui, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from asyncio.subprocess import PIPE, SubprocessStreamProtocol
from pathlib import Path
from typing import cast

import asyncssh

LOCAL_USER = "blendtui"
_CHUNK = 64 * 1024


class LocalServer:
    """Serve this machine over SSH; `start()`, then `port`, `client_key` and `host_key` hold."""

    def __init__(self) -> None:
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self._server: asyncssh.SSHAcceptor | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()

    async def start(self) -> None:
        """Listen on loopback."""
        _let_commands_hear_hangups()
        self._server = await asyncssh.listen(
            "127.0.0.1",
            0,
            config=None,
            server_factory=lambda: _Gate(self.client_key, self._connections),
            server_host_keys=[self.host_key],
            process_factory=_serve,
            sftp_factory=_Files,
            encoding=None,
            compression_algs=["none"],
            line_editor=False,
            agent_forwarding=False,
            x11_forwarding=False,
        )
        self.port = self._server.get_port()

    async def close(self) -> None:
        """Stop listening, end all connections; commands that were detached go on."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.close()
            await connection.wait_closed()
        await self._server.wait_closed()
        self._server = None


class _Gate(asyncssh.SSHServer):
    """Lets in the one key and nobody else; asyncssh refuses forwardings that nobody allows."""

    def __init__(
        self, key: asyncssh.SSHKey, connections: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._key = key.public_data
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._connections.discard(self._connection)

    def begin_auth(self, _username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == LOCAL_USER and key.public_data == self._key

    def password_auth_supported(self) -> bool:
        return False


class _Files(asyncssh.SFTPServer):
    """SFTP with the user's own paths: from the home folder where they are relative."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(chan)
        self._home = os.fsencode(Path.home())

    def map_path(self, path: bytes) -> bytes:
        """Find a path as sshd's own SFTP server would."""
        return os.path.join(self._home, path)  # noqa: PTH118 - bytes, which pathlib refuses


def _let_commands_hear_hangups() -> None:
    """Have commands not inherit that nohup, which may have started us, ignores SIGHUP.

    A signal that is caught is set to its default in what we start; one that is ignored is not.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


async def _serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run one command as sshd would run it."""
    if process.command is None:
        process.stderr.write(b"there is no shell here\n")
        process.exit(1)
        return
    child, transport = await _start(process.command)
    leaving = asyncio.create_task(_hang_up(process, child, transport))
    feeding = asyncio.create_task(_feed(process, child))
    try:
        await asyncio.gather(
            _pour(child.stdout, process.stdout), _pour(child.stderr, process.stderr)
        )
        _exit(process, await child.wait())
    finally:
        feeding.cancel()
        leaving.cancel()
        transport.close()


async def _start(command: str) -> tuple[asyncio.subprocess.Process, asyncio.SubprocessTransport]:
    """Start a command in a session of its own, as sshd does."""
    loop = asyncio.get_running_loop()
    transport, pipes = await loop.subprocess_exec(
        lambda: SubprocessStreamProtocol(limit=_CHUNK, loop=loop),
        "sh",
        "-c",
        command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        cwd=Path.home(),
        start_new_session=True,
    )
    return asyncio.subprocess.Process(transport, pipes, loop), transport


async def _hang_up(
    process: asyncssh.SSHServerProcess[bytes],
    child: asyncio.subprocess.Process,
    transport: asyncio.SubprocessTransport,
) -> None:
    """When the channel closes before the command ended: close its pipes, and send SIGHUP.

    sshd leaves it at the pipes; here a command that neither reads nor writes is not left behind.
    What was started with nohup stays.
    """
    await process.wait_closed()
    for stream in range(3):
        pipe = transport.get_pipe_transport(stream)
        if pipe is not None:
            pipe.close()
    if child.returncode is None and hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGHUP)


async def _feed(
    process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process
) -> None:
    stdin = cast(asyncio.StreamWriter, child.stdin)
    with contextlib.suppress(ConnectionError, asyncssh.Error):
        while piece := await process.stdin.read(_CHUNK):
            stdin.write(piece)
            await stdin.drain()
    stdin.close()


async def _pour(source: asyncio.StreamReader | None, target: asyncssh.SSHWriter[bytes]) -> None:
    with contextlib.suppress(ConnectionError, asyncssh.Error):
        while source is not None and (piece := await source.read(_CHUNK)):
            target.write(piece)
            await target.drain()


def _exit(process: asyncssh.SSHServerProcess[bytes], status: int) -> None:
    """Tell how the command ended: its status, or the signal as SSH names it."""
    if process.is_closing():
        return
    if status < 0:
        process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
    else:
        process.exit(status)
