"""Connecting to a real OpenSSH server, and every way in which it can fail."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from blendtui.devices.connection import Pace, connect
from blendtui.devices.host_keys import forget, offered_key, trust
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support.sshd import Sshd, free_port, make_key, needs_sshd

pytestmark = needs_sshd
PASSPHRASE = "open sesame"


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, so that nobody's ~/.ssh has a say; and no agent."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder


async def refused(device: DeviceSettings, known_hosts: Path, pace: Pace | None = None) -> Fault:
    """Connect in vain; gives the fault, whose wording must be whole."""
    with pytest.raises(Failure) as caught:
        await connect(device, known_hosts, pace=pace or Pace())
    words = explain(caught.value.fault)
    assert "?" not in f"{words.what}{words.cure}", words
    return caught.value.fault


def fingerprint(sshd: Sshd) -> str:
    """Let OpenSSH's own tool say the fingerprint of the server's key."""
    return tool("ssh-keygen", "-lf", str(sshd.host_key)).split()[1]


def tool(*words: str, env: dict[str, str] | None = None) -> str:
    """Run one of OpenSSH's own tools; gives what it prints."""
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=env)
    return done.stdout


@contextlib.contextmanager
def agent(folder: Path) -> Iterator[dict[str, str]]:
    """Run an ssh-agent; gives the environment that reaches it."""
    path = folder / "agent"
    words = ["ssh-agent", "-D", "-a", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield os.environ | {"SSH_AUTH_SOCK": str(path)}
        finally:
            process.terminate()


class TestHostKeys:
    async def test_an_unknown_host_is_refused_with_fingerprint_and_command(
        self, sshd: Sshd, tmp_path: Path
    ) -> None:
        fault = await refused(sshd.device(name="attic"), tmp_path / "known_hosts")
        assert fault.kind == FaultKind.HOST_KEY_UNKNOWN
        assert fingerprint(sshd) in explain(fault).what
        assert "`blendtui devices trust attic`" in explain(fault).cure
        assert not (tmp_path / "known_hosts").exists()

    async def test_a_key_that_cannot_be_written_is_told_and_the_others_stay(
        self, sshd: Sshd, tmp_path: Path
    ) -> None:
        (tmp_path / "state").write_text("no folder")
        key = await offered_key(sshd.device(), sshd.known_hosts)
        with pytest.raises(Failure) as caught:
            trust(tmp_path / "state" / "known_hosts", key)
        assert caught.value.fault.kind == FaultKind.STATE_UNWRITABLE

    async def test_a_host_is_let_in_once_it_is_trusted_and_no_longer_when_forgotten(
        self, sshd: Sshd, tmp_path: Path
    ) -> None:
        ours = tmp_path / "state" / "known_hosts"
        key = await offered_key(sshd.device(), ours)
        assert key.fingerprint == fingerprint(sshd)
        trust(ours, key)
        assert ours.read_text() == sshd.known_hosts_line()
        assert ours.stat().st_mode & 0o777 == 0o600
        await (await connect(sshd.device(), ours)).close()
        assert await forget(ours, sshd.device()) == 1
        assert (await refused(sshd.device(), ours)).kind == FaultKind.HOST_KEY_UNKNOWN

    async def test_a_key_is_fetched_without_logging_in(self, sshd: Sshd, tmp_path: Path) -> None:
        stranger = sshd.device(user="nobody-here", key=make_key(tmp_path / "key"))
        for ours in (tmp_path / "known_hosts", sshd.known_hosts):
            assert (await offered_key(stranger, ours)).fingerprint == fingerprint(sshd)

    async def test_a_changed_key_is_refused_loudly(self, sshd: Sshd) -> None:
        with Sshd() as other:
            before = fingerprint(other)
            other.new_host_key()
            other.restart()
            fault = await refused(other.device(), other.known_hosts)
            assert fault.kind == FaultKind.HOST_KEY_CHANGED
            assert "WARNING" in explain(fault).what
            assert before in explain(fault).what
            assert fingerprint(other) in explain(fault).what
            trust(other.known_hosts, await offered_key(other.device(), other.known_hosts))
            await (await connect(other.device(), other.known_hosts)).close()

    async def test_a_known_key_of_another_kind_counts_as_changed(
        self, sshd: Sshd, tmp_path: Path
    ) -> None:
        rsa = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key()
        ours = tmp_path / "known_hosts"
        ours.write_text(f"[127.0.0.1]:{sshd.port} {rsa.decode()}")
        assert (await refused(sshd.device(), ours)).kind == FaultKind.HOST_KEY_CHANGED

    async def test_a_key_of_the_same_address_on_another_port_says_nothing(
        self, sshd: Sshd, tmp_path: Path
    ) -> None:
        key = make_key(tmp_path / "other").with_suffix(".pub").read_text()
        ours = tmp_path / "known_hosts"
        ours.write_text(f"127.0.0.1 {key}[127.0.0.1]:1 {key}")
        assert (await refused(sshd.device(), ours)).kind == FaultKind.HOST_KEY_UNKNOWN

    async def test_the_users_own_known_hosts_count_hashed_names_too(
        self, sshd: Sshd, home: Path, tmp_path: Path
    ) -> None:
        file = home / ".ssh" / "known_hosts"
        file.write_text(sshd.known_hosts_line())
        hashing = ["ssh-keygen", "-q", "-H", "-f", str(file)]
        tool(*hashing)
        assert "127.0.0.1" not in file.read_text()
        file.write_text(f"this line makes no sense\n{file.read_text()}")
        await (await connect(sshd.device(), tmp_path / "none")).close()

    async def test_a_host_certificate_of_a_trusted_authority_counts(
        self, home: Path, tmp_path: Path
    ) -> None:
        authority = make_key(tmp_path / "authority")
        with Sshd() as server:
            public = server.host_key.with_suffix(".pub")
            tool(
                "ssh-keygen",
                "-q",
                "-s",
                str(authority),
                "-h",
                "-I",
                "x",
                "-n",
                "127.0.0.1",
                str(public),
            )
            server.config = f"HostCertificate {server.host_key}-cert.pub"
            server.restart()
            key = authority.with_suffix(".pub").read_text()
            (home / ".ssh" / "known_hosts").write_text(f"@cert-authority * {key}")
            await (await connect(server.device(), tmp_path / "none")).close()

    async def test_a_revoked_key_is_refused_although_it_is_known(
        self, sshd: Sshd, home: Path
    ) -> None:
        revoked = f"@revoked {sshd.known_hosts_line()}"
        (home / ".ssh" / "known_hosts").write_text(revoked)
        fault = await refused(sshd.device(), sshd.known_hosts)
        assert fault.kind == FaultKind.HOST_KEY_REFUSED


class TestLogin:
    async def test_a_wrong_user_is_refused_with_name_and_methods(self, sshd: Sshd) -> None:
        fault = await refused(sshd.device(user="nobody-here"), sshd.known_hosts)
        assert fault.kind == FaultKind.LOGIN_REFUSED
        assert fault.fact("user") == "nobody-here"
        assert "publickey" in explain(fault).what

    async def test_too_many_wrong_keys_are_told_from_one(self, home: Path) -> None:
        with Sshd(config="MaxAuthTries 1") as server:
            for kind in ("ed25519", "ecdsa"):
                make_key(home / ".ssh" / f"id_{kind}")
            fault = await refused(server.device(key=None), server.known_hosts)
        assert fault.kind == FaultKind.LOGIN_REFUSED
        assert "too many wrong keys" in explain(fault).what

    async def test_a_wrong_key_is_refused(self, sshd: Sshd, tmp_path: Path) -> None:
        fault = await refused(sshd.device(key=make_key(tmp_path / "key")), sshd.known_hosts)
        assert fault.kind == FaultKind.LOGIN_REFUSED

    async def test_a_key_with_a_passphrase_needs_an_agent(self, sshd: Sshd, tmp_path: Path) -> None:
        key = make_key(tmp_path / "locked", passphrase=PASSPHRASE)
        fault = await refused(sshd.device(key=key), sshd.known_hosts)
        assert fault.kind == FaultKind.KEY_UNREADABLE
        assert "passphrase" in explain(fault).what
        assert f"ssh-add {key}" in explain(fault).cure

    async def test_a_key_that_is_missing_or_none_is_named(self, sshd: Sshd, tmp_path: Path) -> None:
        fault = await refused(sshd.device(key=tmp_path / "missing"), sshd.known_hosts)
        assert fault.kind == FaultKind.KEY_UNREADABLE
        assert "no such file" in explain(fault).what
        (tmp_path / "text").write_text("not a key")
        fault = await refused(sshd.device(key=tmp_path / "text"), sshd.known_hosts)
        assert "not a private key" in explain(fault).what

    async def test_the_agent_gives_the_key_with_the_passphrase(
        self, sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        locked = tmp_path / "locked"
        shutil.copy(sshd.key, locked)
        shutil.copy(sshd.key.with_suffix(".pub"), locked.with_suffix(".pub"))
        changing = ["ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", str(locked)]
        tool(*changing)
        with agent(tmp_path) as environment:
            monkeypatch.setenv("SSH_AUTH_SOCK", environment["SSH_AUTH_SOCK"])
            fault = await refused(sshd.device(key=locked), sshd.known_hosts)
            assert fault.kind == FaultKind.KEY_UNREADABLE
            tool("ssh-add", "-q", str(sshd.key), env=environment)
            for key in (locked, None):
                await (await connect(sshd.device(key=key), sshd.known_hosts)).close()


class TestReach:
    async def test_an_unknown_host_name_is_said(self, sshd: Sshd) -> None:
        fault = await refused(sshd.device(host="nowhere.invalid"), sshd.known_hosts)
        assert fault.kind == FaultKind.HOST_UNKNOWN
        assert "nowhere.invalid" in explain(fault).what

    async def test_a_refused_port_is_said(self, sshd: Sshd) -> None:
        port = free_port()
        fault = await refused(sshd.device(port=port), sshd.known_hosts)
        assert fault.kind == FaultKind.HOST_UNREACHABLE
        assert f"port {port}: connection refused" in explain(fault).what
        fault = await refused(sshd.device(host="localhost", port=port), sshd.known_hosts)
        assert "connection refused." in explain(fault).what

    async def test_a_port_that_says_nothing_is_given_up(self, sshd: Sshd) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            device = sshd.device(port=silent.getsockname()[1])
            fault = await refused(device, sshd.known_hosts, Pace(connect=0.3))
        assert fault.kind == FaultKind.HOST_UNREACHABLE
        assert "no answer within 0.3 s" in explain(fault).what

    async def test_a_faulty_ssh_config_is_named_with_its_line(self, sshd: Sshd, home: Path) -> None:
        (home / ".ssh" / "config").write_text("Host *\n  Port many\n")
        fault = await refused(sshd.device(), sshd.known_hosts)
        assert fault.kind == FaultKind.SSH_CONFIG_INVALID
        assert "line 2" in explain(fault).what


class TestConfig:
    async def test_an_alias_of_ssh_config_is_enough(self, sshd: Sshd, home: Path) -> None:
        (home / ".ssh" / "config").write_text(
            f"Host farm-*\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.device().user}\n"
            f"  IdentityFile ~/.ssh/missing\n  IdentityFile {sshd.key}\n  RemoteCommand false\n"
        )
        device = DeviceSettings(name="one", host="farm-1")
        link = await connect(device, sshd.known_hosts)
        assert (await link.run("echo $1", "hi")).stdout == b"hi\n"
        await link.close()

    async def test_settings_of_the_device_win_over_ssh_config(
        self, sshd: Sshd, home: Path, tmp_path: Path
    ) -> None:
        wrong = make_key(tmp_path / "wrong")
        (home / ".ssh" / "config").write_text(
            f"Host *\n  Port 1\n  User nobody\n  IdentityFile {wrong}\n  StrictHostKeyChecking no\n"
        )
        await (await connect(sshd.device(), sshd.known_hosts)).close()

    async def test_a_device_behind_a_jump_host_is_checked_and_reached_like_any(
        self, sshd: Sshd, home: Path, tmp_path: Path
    ) -> None:
        with Sshd() as inner:
            user = sshd.device().user
            (home / ".ssh" / "config").write_text(
                f"Host inner\n  HostName 127.0.0.1\n  Port {inner.port}\n  ProxyJump gate\n"
                f"Host gate\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {user}\n"
                f"  IdentityFile {sshd.key}\n"
            )
            device = DeviceSettings(name="inner", host="inner", user=user, key=inner.key)
            ours = tmp_path / "known_hosts"
            for server in (sshd, inner):
                fault = await refused(device, ours)
                assert fault.kind == FaultKind.HOST_KEY_UNKNOWN
                assert fault.fact("fingerprint") == fingerprint(server)
                trust(ours, await offered_key(device, ours))
            link = await connect(device, ours)
            assert (await link.run("echo through")).stdout == b"through\n"
            assert len(sshd.connections()) > 0
            sshd.restart()
            assert (await link.wait_lost()).kind == FaultKind.LINK_LOST
            await link.close()

    async def test_jump_hosts_in_a_circle_are_noticed(self, sshd: Sshd, home: Path) -> None:
        (home / ".ssh" / "config").write_text(
            "Host a\n  ProxyJump b\nHost b\n  ProxyJump a\nHost *\n  HostName 127.0.0.1\n"
        )
        fault = await refused(DeviceSettings(name="a", host="a"), sshd.known_hosts)
        assert "circle" in explain(fault).what
