"""What a connection offers: only what is current, no password, no agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
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


class Nosy(asyncssh.SSHServer):
    """Lets in whoever has the key, and asks everybody else for a password in two ways."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def kbdint_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._told.append("password")
        return False

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> bool:
        self._told.append("keyboard-interactive")
        return False


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


async def test_a_certificate_is_asked_for_first_where_an_authority_is_known_and_never_with_sha1(
    tmp_path: Path,
) -> None:
    key = asyncssh.generate_private_key("ssh-rsa").export_public_key().decode()
    (tmp_path / "known_hosts").write_text(f"@cert-authority * {key}127.0.0.1 {key}")
    way = await route(Target("127.0.0.1", 22, "somebody"), tmp_path / "known_hosts")
    names: list[str] = way.options["server_host_key_algs"]
    assert not [name for name in names if name.startswith(("ssh-rsa", "ssh-dss"))]
    are_certificates = ["-cert-" in name for name in names]
    assert are_certificates == sorted(are_certificates, reverse=True)
    assert {"ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com"} <= set(names)
    assert {"ssh-ed25519", "rsa-sha2-256"} <= set(names)


async def test_no_certificate_is_asked_for_where_no_authority_is_known(tmp_path: Path) -> None:
    way = await route(Target("127.0.0.1", 22, "somebody"), tmp_path / "known_hosts")
    names: list[str] = way.options["server_host_key_algs"]
    assert names
    assert not [name for name in names if "-cert-" in name or name.startswith("ssh-rsa")]


async def test_ssh_config_can_ask_for_more(home: Path) -> None:
    config = home / ".ssh" / "config"
    config.write_text("KexAlgorithms diffie-hellman-group14-sha1\nMACs hmac-sha1\n")
    config.chmod(0o600)
    found = await options(home)
    assert (found.kex_algs, found.mac_algs) == ([b"diffie-hellman-group14-sha1"], [b"hmac-sha1"])


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be an agent that holds no key and answers nothing."""
    await reader.read(1000)
    writer.close()


@pytest.fixture
async def nosy(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asked]:
    """A device that would take a password and an agent, for a user who has an agent."""
    monkeypatch.setenv("SSH_AUTH_SOCK", str(home / "agent"))
    config = home / ".ssh" / "config"
    config.write_text("ForwardAgent yes\nPasswordAuthentication yes\n")
    config.chmod(0o600)
    agent = await asyncio.start_unix_server(hang_up, home / "agent")
    asked = Asked(home)

    def serve(process: asyncssh.SSHServerProcess[str]) -> None:
        asked.agents.append(process.channel.get_agent_path())
        process.exit(0)

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        config=None,
        server_factory=lambda: Nosy(asked.told),
        server_host_keys=[asked.host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(asked.public),
        process_factory=serve,
        agent_forwarding=True,
    )
    asked.port = server.get_port()
    line = f"[127.0.0.1]:{asked.port} {asked.host_key.export_public_key().decode()}"
    asked.known.write_text(line)
    yield asked
    for one in (server, agent):
        one.close()
        await one.wait_closed()


class Asked:
    """What a nosy device heard; `device` is how it is told to us."""

    port = 0

    def __init__(self, folder: Path) -> None:
        self.told: list[str] = []
        self.agents: list[str | None] = []
        self.known, self.key = folder / "known_hosts", folder / "key"
        own, self.host_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        self.key.write_bytes(own.export_private_key())
        self.key.chmod(0o600)
        self.public = own.export_public_key().decode()

    def device(self, key: Path) -> DeviceSettings:
        return DeviceSettings(name="x", host="127.0.0.1", port=self.port, user="me", key=key)


async def test_no_password_is_offered_to_a_device_that_asks_for_one(
    nosy: Asked, home: Path
) -> None:
    other = home / "other"
    other.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    with pytest.raises(Failure) as caught:
        await connect(nosy.device(other), nosy.known)
    assert caught.value.fault.kind is FaultKind.LOGIN_REFUSED
    assert nosy.told == []


async def test_the_agent_is_not_forwarded_though_ssh_config_says_so(nosy: Asked) -> None:
    link = await connect(nosy.device(nosy.key), nosy.known)
    assert (await link.run("true")).status == 0
    await link.close()
    assert nosy.agents == [None]


async def test_the_same_device_hears_of_both_from_somebody_who_offers_them(nosy: Asked) -> None:
    """So that the two above can fail."""
    there: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": nosy.port,
        "username": "me",
        "known_hosts": None,
    }
    only_a_password = {"config": None, "client_keys": None, "agent_path": None, "password": "x"}
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(**there, **only_a_password)
    assert "password" in nosy.told
    key = str(nosy.key)
    async with asyncssh.connect(**there, client_keys=[key], agent_forwarding=True) as connection:
        await connection.run("true")
    assert nosy.agents[0] is not None
