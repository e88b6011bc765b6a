"""A real OpenSSH server on loopback, with keys, port and configuration of its own."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from blendtui.settings import DeviceSettings

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
needs_sshd = pytest.mark.skipif(SSHD is None, reason="OpenSSH's sshd is not installed")


def free_port() -> int:
    """Give a loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(path: Path, passphrase: str = "") -> Path:
    """Make an Ed25519 key pair with OpenSSH's own tool; gives the private key's path."""
    path.unlink(missing_ok=True)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path


class Sshd:
    """One `sshd -D`; `start()` it, then `device()` gives the settings that reach it."""

    def __init__(self, folder: Path | None = None, *, config: str = "") -> None:
        if SSHD is None:
            pytest.skip("OpenSSH's sshd is not installed")
        self._made = folder is None
        # Not pytest's folder: other users, whom some tests log in as, cannot look into that one.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="blendtui-sshd-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.config = config
        self.port = free_port()
        self.key = make_key(self.folder / "client_key")
        self.host_key = make_key(self.folder / "host_key")
        self.known_hosts = self.folder / "known_hosts"
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        authorized = self.folder / "authorized_keys"
        authorized.write_bytes(self.key.with_suffix(".pub").read_bytes())
        authorized.chmod(0o644)
        self.trust()

    @property
    def pid(self) -> int:
        """The listening server's process; each connection has processes of its own below it."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Sshd:
        """Start listening; returns when the port answers."""
        if ROOT:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        config = self.folder / "sshd_config"
        config.write_text(self._settings())
        words = [str(SSHD), "-D", "-e", "-f", str(config)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait_for_port()
        return self

    def stop(self) -> None:
        """Stop listening; connections that are open stay, as with a restarted sshd."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Kill the server and all of its connections at once, as if the machine went off."""
        if self._process is not None:
            self.signal_all(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill, then listen again on the same port."""
        self.kill()
        self.start()

    def close(self) -> None:
        """Kill all, remove the folder."""
        self.kill()
        if self._made:
            shutil.rmtree(self.folder, ignore_errors=True)

    def signal_all(self, number: int) -> None:
        """Send a signal to the server and to its process for each connection."""
        for pid in (self.pid, *self.connections()):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def connections(self) -> list[int]:
        """Give sshd's own processes for connections (not what they started), parents first."""
        found: list[int] = []
        parents = {self.pid}
        while children := [
            pid for pid in _processes() if _parent(pid) in parents and _name(pid) == "sshd"
        ]:
            found += children
            parents = set(children)
        return found

    def new_host_key(self) -> None:
        """Have another host key from the next start on; `known_hosts` keeps the old one."""
        make_key(self.host_key)

    def known_hosts_line(self) -> str:
        """Give the line that trusts this server."""
        kind, key = self.host_key.with_suffix(".pub").read_text().split()[:2]
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def trust(self) -> None:
        """Write `known_hosts` anew, with this server's present key."""
        self.known_hosts.write_text(self.known_hosts_line())

    def device(self, **changes: object) -> DeviceSettings:
        """Give the settings of this server as a device, some of them changed."""
        values: dict[str, object] = {
            "name": "box",
            "host": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "key": self.key,
            "work_dir": str(self.folder / "work"),
        }
        return DeviceSettings(**(values | changes))  # type: ignore[arg-type]

    def _settings(self) -> str:
        # Debian's bash reads ~/.bashrc for SSH commands unless it looks nested: a developer's own
        # could cost each test's every command a tenth of a second.
        return f"""{self.config}
ListenAddress 127.0.0.1
Port {self.port}
HostKey {self.host_key}
PidFile none
AuthorizedKeysFile {self.folder / "authorized_keys"}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
SetEnv SHLVL=3
"""

    def _wait_for_port(self) -> None:
        for _ in range(500):
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process is not None
            try:
                self._process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError(f"sshd did not start: {self.log.read_text()[-2000:]}")
        raise RuntimeError("sshd did not listen within 5 s")

    def __enter__(self) -> Sshd:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _name(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    try:
        text = (Path("/proc") / str(pid) / "stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])


async def until(check: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until `check()` is true; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.01)
