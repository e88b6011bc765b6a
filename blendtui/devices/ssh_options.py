"""From a device's settings and ~/.ssh/config to the options of one SSH connection."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import asyncssh

from blendtui.devices.known_hosts import KnownHosts
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings

# Only ciphers that OpenSSH itself offers today; the first was measured to be the fastest here
# (341 MB/s against 193 MB/s with chacha20-poly1305, which asyncssh would choose).
_CIPHERS = (
    "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,"
    "aes256-ctr,aes192-ctr,aes128-ctr"
)
# What asyncssh still offers by itself for old servers' sake; whoever needs one of them says so in
# ~/.ssh/config.
_WITHOUT_SHA1 = {
    "KexAlgorithms": ("kex_algs", "-*sha1"),
    "MACs": ("mac_algs", "-*sha1*,umac-64*"),
    "PubkeyAcceptedAlgorithms": ("signature_algs", "-ssh-rsa*,ssh-dss*"),
}
_HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_CERTIFIED_KEYS = tuple(f"{name}-cert-v01@openssh.com" for name in _HOST_KEYS)
_USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_GLOBAL_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_JUMP = re.compile(r"(?:ssh://)?(?:(?P<user>.+)@)?(?P<host>\[[^]]+\]|[^:]+)(?::(?P<port>\d+))?/?")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to connect to: a host or an alias of ~/.ssh/config; None leaves a thing to that."""

    host: str
    port: int | None = None
    user: str | None = None
    key: Path | None = None

    @classmethod
    def of(cls, device: DeviceSettings) -> Target:
        """Give a device's own target."""
        return cls(device.host, device.port, device.user, device.key)


@dataclass(frozen=True, slots=True)
class Route:
    """A target with ~/.ssh/config laid below it: where it really is, and by which way.

    `options` go to asyncssh; `jumps` are the hosts to go through, the nearest first; known_hosts
    files it under `filed_as` (its HostKeyAlias, else its name).
    """

    host: str
    filed_as: str
    port: int
    user: str
    jumps: tuple[Target, ...]
    known_hosts: KnownHosts
    options: dict[str, Any]


async def route(target: Target, known_hosts: Path) -> Route:
    """Find the way to a target.

    Raises Failure: SSH_CONFIG_INVALID, KEY_UNREADABLE.
    """
    named: dict[str, Any] = {"host": target.host}
    if target.port is not None:
        named["port"] = target.port
    if target.user is not None:
        named["username"] = target.user
    try:
        read = await asyncssh.SSHClientConnectionOptions.construct(
            None, config=(), client_keys=None, known_hosts=None, **named
        )
    except (ValueError, OSError) as error:
        raise Failure.of(FaultKind.SSH_CONFIG_INVALID, detail=error) from error
    files = _known_hosts_files(read.config)
    known = KnownHosts([known_hosts, *files])
    keys = await _keys(target, read)
    ciphers = {} if read.config.get("Ciphers") else {"encryption_algs": _CIPHERS}
    ciphers |= dict(told for word, told in _WITHOUT_SHA1.items() if not read.config.get(word))
    options = named | keys | ciphers | _SAFE | {"known_hosts": known.matches}
    filed_as = str(read.config.get("HostKeyAlias") or read.host)
    options["server_host_key_algs"] = _host_key_algorithms(read.config, known, filed_as, read.port)
    jumps = _jumps(read.config)
    return Route(read.host, filed_as, read.port, read.username, jumps, known, options)


_SAFE: dict[str, Any] = {
    "compression_algs": ["none"],
    "password_auth": False,
    "kbdint_auth": False,
    "agent_forwarding": False,
    "x11_forwarding": False,
    "request_pty": False,
}


def _host_key_algorithms(config: Any, known: KnownHosts, host: str, port: int) -> Any:
    """Ask for a kind of key that is known first, then for the others.

    For the known kinds only, as asyncssh would, a server with a key of another kind would look
    like one that speaks no common language, instead of one whose key has changed. Certificates
    come before all, where an authority is known; else there is nothing to check them with.
    """
    if config.get("HostKeyAlgorithms"):
        return ()
    certified = _CERTIFIED_KEYS if any(known.matches(host, "", port)[1]) else ()
    keys = known.keys(host, port)
    wanted = [name.decode("ascii") for key in keys for name in key.sig_algorithms]
    current = [name for name in wanted if not name.startswith("ssh-rsa")]
    return list(dict.fromkeys([*certified, *current, *_HOST_KEYS]))


def _jumps(config: Any) -> tuple[Target, ...]:
    words = str(config.get("ProxyJump") or "none")
    if words.lower() == "none":
        return ()
    return tuple(map(_jump, words.split(",")))


def _jump(word: str) -> Target:
    match = _JUMP.fullmatch(word.strip())
    if match is None:
        detail = f"ProxyJump {word}: expected user@host:port"
        raise Failure.of(FaultKind.SSH_CONFIG_INVALID, detail=detail)
    port = match["port"]
    return Target(match["host"].strip("[]"), int(port) if port else None, match["user"])


def _known_hosts_files(config: Any) -> list[Path]:
    users = config.get("UserKnownHostsFile")
    globals_ = config.get("GlobalKnownHostsFile")
    names = [*(_USER_FILES if users is None else users)]
    names += _GLOBAL_FILES if globals_ is None else globals_
    return [Path(name).expanduser() for name in names if name.lower() != "none"]


async def _keys(target: Target, read: asyncssh.SSHClientConnectionOptions) -> dict[str, Any]:
    if target.key is not None:
        return await _named_key(target.key, read)
    files = cast(list[str], read.config.get("IdentityFile"))
    if not files:
        return {}
    # ssh passes over an IdentityFile that does not exist, asyncssh stops at it.
    return {"client_keys": list(filter(_is_file, files)), "ignore_encrypted": True}


def _is_file(name: str) -> bool:
    return Path(name).expanduser().is_file()


async def _named_key(name: Path, read: asyncssh.SSHClientConnectionOptions) -> dict[str, Any]:
    """Use this key and no other: too many wrong ones first, and a server hangs up."""
    file = _home(name)
    try:
        return {"client_keys": [asyncssh.read_private_key(file)], "agent_path": None}
    except OSError as error:
        raise _unusable(file, reason_of(error)) from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        # asyncssh tells a missing passphrase by its text alone.
        if "assphrase must" not in str(error):
            raise _unusable(file, "it is not a private key that SSH knows") from error
        public = _public_part(file)
        if public is None or not await _agent_has(public, _agent_path(read)):
            detail = "it is protected by a passphrase, and no agent holds it"
            raise _unusable(file, detail) from error
        return {"client_keys": [], "agent_identities": [public]}


def _unusable(file: Path, detail: str) -> Failure:
    return Failure.of(FaultKind.KEY_UNREADABLE, key=file, detail=detail)


def _home(path: Path) -> Path:
    return path.expanduser()


def _public_part(file: Path) -> asyncssh.SSHKey | None:
    try:
        return asyncssh.read_public_key(file.with_name(f"{file.name}.pub"))
    except (OSError, asyncssh.KeyImportError):
        return None


def _agent_path(read: asyncssh.SSHClientConnectionOptions) -> str:
    return str(read.config.get("IdentityAgent") or os.environ.get("SSH_AUTH_SOCK", ""))


async def _agent_has(key: asyncssh.SSHKey, path: str) -> bool:
    try:
        async with asyncssh.connect_agent(path) as agent:
            return any(held.public_data == key.public_data for held in await agent.get_keys())
    except (OSError, ValueError, asyncssh.Error):
        return False
