"""Connecting to a device: the only place that dials, and that says why it did not work."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from blendtui.devices.known_hosts import HostKey
from blendtui.devices.link import Line, Link, Output
from blendtui.devices.local_server import LOCAL_USER, LocalServer
from blendtui.devices.ssh_options import Route, Target, route
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.settings import DeviceSettings

__all__ = ["Link", "Output", "Pace", "connect", "offered_key"]

_JUMPS_AT_MOST = 8
_ERRNO = re.compile(r"\[(?:Errno|WinError) (\d+)\]")


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a link is, in seconds: for a connection to stand, and between keep-alives, of
    which `count` may go unanswered.
    """

    connect: float = 15.0
    interval: float = 5.0
    count: int = 3


_USUAL = Pace()


async def connect(
    device: DeviceSettings,
    known_hosts: Path,
    local: LocalServer | None = None,
    pace: Pace = _USUAL,
) -> Link:
    """Connect to a device; `known_hosts` is our own file of trusted host keys.

    A device with `host = "local"` needs the running `local` server. Raises Failure:
    HOST_UNKNOWN, HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, HOST_KEY_REFUSED,
    LOGIN_REFUSED, KEY_UNREADABLE, SSH_CONFIG_INVALID.
    """
    dialer = _Dialer(device.name, known_hosts, pace)

    async def dial() -> Line:
        caller = _Caller()
        if not device.is_local:
            connection = await dialer.open(Target.of(device), caller)
        elif local is not None:
            connection = await dialer.local(local, caller)
        else:
            raise ValueError("a local device needs the local server")
        return Line(connection, caller.lost)

    link = Link(device.name, dial)
    await link.add_line()
    return link


async def offered_key(device: DeviceSettings, known_hosts: Path) -> HostKey:
    """Fetch a device's host key without logging in to it.

    Where it is behind jump hosts whose keys are unknown, it is the first such host's key: trust
    that one, then ask again. Raises Failure as `connect` does, but for the device's own key.
    """
    dialer = _Dialer(device.name, known_hosts, _USUAL)
    try:
        connection = await dialer.open(Target.of(device), _Caller(), strangers=True)
    except _UntrustedError as untrusted:
        return untrusted.offered
    connection.abort()
    raise AssertionError("a host key was trusted that nobody knows")


class _UntrustedError(Failure):
    """The failure for an unknown or changed host key, with the key."""

    def __init__(self, fault: Fault, offered: HostKey) -> None:
        super().__init__(fault)
        self.offered = offered


class _Caller(asyncssh.SSHClient):
    """What one connection tells us while it is being made, and when it ends."""

    def __init__(self) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.offered: HostKey | None = None
        self.methods: list[str] = []

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(_detail(exc) if exc else "the device closed the connection")

    def validate_host_public_key(
        self, host: str, _addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Be told of a key that no file knows; never take it."""
        self.offered = HostKey(host, port, key)
        return False

    def public_key_auth_requested(self) -> None:
        """Be asked for more keys, when all have been refused; there are none."""
        self.methods = list(self._connection.get_server_auth_methods())


@dataclass(frozen=True, slots=True)
class _Dialer:
    """Opens connections for one device; `known_hosts` is our own file."""

    device: str
    known_hosts: Path
    pace: Pace

    async def local(self, server: LocalServer, caller: _Caller) -> asyncssh.SSHClientConnection:
        """Connect to our own server, which nothing of ~/.ssh has a say in."""
        options: dict[str, Any] = {
            "port": server.port,
            "username": LOCAL_USER,
            "client_keys": [server.client_key],
            "agent_path": None,
            "known_hosts": ([server.host_key.convert_to_public()], [], []),
            "compression_algs": ["none"],
            "encryption_algs": "aes128-gcm@openssh.com",
        }
        with self._translated(Target("127.0.0.1"), server.port, LOCAL_USER, caller):
            async with asyncio.timeout(self.pace.connect):
                return await asyncssh.connect(
                    "127.0.0.1",
                    config=None,
                    client_factory=lambda: caller,
                    **options,
                    **self._pace(),
                )

    async def open(
        self, target: Target, caller: _Caller, *, strangers: bool = False, depth: int = 0
    ) -> asyncssh.SSHClientConnection:
        """Connect to a target, through its jump hosts; `strangers`: know no key of its own."""
        way = await self._route(target)
        tunnel = await self._through(way.jumps, depth)
        try:
            connection = await self._one(way, target, caller, tunnel, strangers=strangers)
        except BaseException:
            if tunnel is not None:
                tunnel.abort()
            raise
        if tunnel is not None:
            connection.set_tunnel(tunnel)
        return connection

    async def _route(self, target: Target) -> Route:
        try:
            return await route(target, self.known_hosts)
        except Failure as failure:
            fault = Fault(failure.fault.kind, (("device", self.device), *failure.fault.facts))
            raise Failure(fault) from failure

    async def _through(
        self, jumps: tuple[Target, ...], depth: int
    ) -> asyncssh.SSHClientConnection | None:
        """Connect to the jump hosts, each through the one before."""
        if depth + len(jumps) > _JUMPS_AT_MOST:
            detail = f"ProxyJump leads through more than {_JUMPS_AT_MOST} hosts, or in a circle"
            raise self._failure(FaultKind.SSH_CONFIG_INVALID, detail=detail)
        tunnel = None
        for jump in jumps:
            if tunnel is None:
                tunnel = await self.open(jump, _Caller(), depth=depth + 1)
                continue
            way, before = await self._route(jump), tunnel
            try:
                tunnel = await self._one(way, jump, _Caller(), before)
            except BaseException:
                before.abort()
                raise
            tunnel.set_tunnel(before)
        return tunnel

    async def _one(
        self,
        way: Route,
        target: Target,
        caller: _Caller,
        tunnel: asyncssh.SSHClientConnection | None,
        *,
        strangers: bool = False,
    ) -> asyncssh.SSHClientConnection:
        known = (lambda *_: ([], [], [])) if strangers else way.known_hosts.matches
        options = way.options | self._pace() | {"known_hosts": known, "tunnel": tunnel}
        with self._translated(target, way.port, way.user, caller, way):
            async with asyncio.timeout(self.pace.connect):
                return await asyncssh.connect(client_factory=lambda: caller, **options)

    def _pace(self) -> dict[str, Any]:
        return {
            # With one of its own, asyncssh asks `asyncio.wait_for`, which in Python 3.11 loses a
            # cancellation that comes at the moment of success.
            "connect_timeout": None,
            "keepalive_interval": self.pace.interval,
            "keepalive_count_max": self.pace.count,
        }

    @contextlib.contextmanager
    def _translated(
        self, target: Target, port: int, user: str, caller: _Caller, way: Route | None = None
    ) -> Iterator[None]:
        """Turn what asyncssh and the system raise into the fault that the user meets."""
        host = way.host if way else target.host
        try:
            yield
        except socket.gaierror as error:
            raise self._failure(FaultKind.HOST_UNKNOWN, host=host) from error
        except asyncssh.HostKeyNotVerifiable as error:
            raise self._untrusted(host, caller, way, error.reason) from error
        except asyncssh.PermissionDenied as error:
            detail = f"it allows: {', '.join(caller.methods) or 'no login by key'}"
            facts = {"host": host, "port": port, "user": user, "detail": detail}
            raise self._failure(FaultKind.LOGIN_REFUSED, **facts) from error
        except TimeoutError as error:
            detail = f"no answer within {self.pace.connect:g} s"
            facts = {"host": host, "port": port, "detail": detail}
            raise self._failure(FaultKind.HOST_UNREACHABLE, **facts) from error
        except asyncssh.KeyImportError as error:
            detail = str(error)
            raise self._failure(FaultKind.KEY_UNREADABLE, key="~/.ssh", detail=detail) from error
        except asyncssh.DisconnectError as error:
            detail, kind = error.reason, FaultKind.HOST_UNREACHABLE
            if "authentication failures" in detail:
                detail = "it gave up after too many wrong keys, name the right one"
                kind = FaultKind.LOGIN_REFUSED
            facts = {"host": host, "port": port, "user": user, "detail": detail}
            raise self._failure(kind, **facts) from error
        except (OSError, asyncssh.Error) as error:
            facts = {"host": host, "port": port, "detail": _detail(error)}
            raise self._failure(FaultKind.HOST_UNREACHABLE, **facts) from error

    def _untrusted(self, host: str, caller: _Caller, way: Route | None, detail: str) -> Failure:
        offered = caller.offered
        if offered is None or way is None:
            return self._failure(FaultKind.HOST_KEY_REFUSED, host=host, detail=detail)
        known = [key.get_fingerprint("sha256") for key in way.known_hosts.keys(*offered.where)]
        facts = {"host": offered.place, "fingerprint": offered.fingerprint}
        kind = FaultKind.HOST_KEY_UNKNOWN
        if known:
            kind = FaultKind.HOST_KEY_CHANGED
            facts["known"] = ", ".join(known)
        return _UntrustedError(Fault.of(kind, device=self.device, **facts), offered)

    def _failure(self, kind: FaultKind, **facts: object) -> Failure:
        return Failure.of(kind, device=self.device, **facts)


def _detail(error: BaseException) -> str:
    """Say in a few words why a connection did not stand, or no longer does."""
    if isinstance(error, asyncssh.Error):
        return error.reason
    # Where a name has several addresses, asyncio puts what each of them said into one text.
    number = re.search(_ERRNO, str(error))
    return os.strerror(int(number[1])).lower() if number else str(error).lower()
