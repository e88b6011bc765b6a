"""What a connection offers: only what is current, no password, no agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from blendtui.devices.connection import connect
from blendtui.devices.known_hosts import KnownHosts
from blendtui.devices.ssh_options import Target, _host_key_algorithms, route
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings


class Offered(asyncssh.SSHServer):
    """Hears which ways to log in a client tries."""

    tried: list[str]

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        self.tried.append("password")
        return True

    def kbdint_auth_supported(self) -> bool:
        self.tried.append("keyboard-interactive")
        return True

    def validate_password(self, username: str, password: str) -> bool:
        raise AssertionError("a password came")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / ".ssh").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield tmp_path


async def options(tmp_path: Path) -> asyncssh.SSHClientConnectionOptions:
    """Give the options with which a device would be connected to, as asyncssh reads them."""
    way = await route(Target("127.0.0.1", 22, "somebody"), tmp_path / "known_hosts")
    told: dict[str, Any] = way.options | {"known_hosts": None, "config": ()}
    found = await asyncssh.SSHClientConnectionOptions.construct(None, **told)
    assert isinstance(found, asyncssh.SSHClientConnectionOptions)
    return found


async def test_nothing_old_is_offered(tmp_path: Path) -> None:
    found = await options(tmp_path)
    names = [*found.kex_algs, *found.encryption_algs, *found.mac_algs, *found.signature_algs]
    words = [name.decode() for name in names]
    assert not [word for word in words if "sha1" in word or "cbc" in word or "arcfour" in word]
    assert not [word for word in words if word.startswith(("ssh-rsa", "ssh-dss", "umac-64"))]
    assert {"curve25519-sha256", "ssh-ed25519", "aes128-gcm@openssh.com"} <= set(words)


async def test_a_known_rsa_key_is_not_asked_for_with_sha1(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-rsa")
    file = tmp_path / "known_hosts"
    file.write_text(f"host {key.export_public_key().decode()}")
    names = _host_key_algorithms({}, KnownHosts([file]), "host", 22)
    assert names[:2] == ["rsa-sha2-256", "rsa-sha2-512"]
    assert not [name for name in names if name.startswith("ssh-rsa")]


async def test_ssh_config_can_ask_for_more(home: Path) -> None:
    config = home / ".ssh" / "config"
    config.write_text("KexAlgorithms diffie-hellman-group14-sha1\nMACs hmac-sha1\n")
    config.chmod(0o600)
    found = await options(home)
    assert (found.kex_algs, found.mac_algs) == ([b"diffie-hellman-group14-sha1"], [b"hmac-sha1"])


async def test_no_password_and_no_agent_is_offered_to_a_device(home: Path) -> None:
    key, host_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    (home / "key").write_bytes(key.export_private_key())
    (home / "key").chmod(0o600)
    Offered.tried = []
    asked: list[str] = []

    def serve(process: asyncssh.SSHServerProcess[str]) -> None:
        asked.append(str(process.channel.get_agent_path()))
        process.exit(0)

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        config=None,
        server_factory=Offered,
        server_host_keys=[host_key],
        process_factory=serve,
        agent_forwarding=True,
    )
    port = server.get_port()
    known = home / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}")
    device = DeviceSettings(name="x", host="127.0.0.1", port=port, user="me", key=home / "key")
    try:
        with pytest.raises(Failure) as caught:
            await connect(device, known)
    finally:
        server.close()
        await server.wait_closed()
    assert caught.value.fault.kind is FaultKind.LOGIN_REFUSED
    assert asked == []
