"""Files of trusted host keys, in OpenSSH's known_hosts format: looking up, adding, removing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import asyncssh

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

SSH_PORT = 22

# Host keys, CA keys, revoked keys; then the same kinds of X.509, which we never have.
Matches = tuple[Sequence[Any], ...]


@dataclass(frozen=True, slots=True)
class HostKey:
    """A host key as a server showed it; `host` is the name that known_hosts files it under."""

    host: str
    port: int
    key: asyncssh.SSHKey

    @property
    def where(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port

    @property
    def place(self) -> str:
        """The name as known_hosts writes it: `host`, or `[host]:port` where the port is not 22."""
        return place_of(self.host, self.port)

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ssh-keygen prints it: `SHA256:...`."""
        return self.key.get_fingerprint("sha256")

    @property
    def line(self) -> str:
        """The line that trusts this key, without its end."""
        return f"{self.place} {self.key.export_public_key('openssh').decode().strip()}"


class KnownHosts:
    """Several known_hosts files as one: a key that stands in any of them is trusted."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = tuple(files)

    def matches(self, host: str, _address: str, port: int | None) -> Matches:
        """Give what is known of a host, in the form that asyncssh asks for (`known_hosts=`).

        The address is not looked at: OpenSSH stopped doing that too (CheckHostIP), and behind a
        jump host it would be the wrong one. A key that is known for the host without its port
        counts, as with OpenSSH.
        """
        found = self._exactly(place_of(host, port or SSH_PORT))
        if port and not any(found[:2]):
            found = self._exactly(host)
        return found

    def keys(self, host: str, port: int) -> Sequence[asyncssh.SSHKey]:
        """Give the keys known for exactly this host and port."""
        return self._exactly(place_of(host, port))[0]

    def _exactly(self, place: str) -> Matches:
        found: tuple[list[Any], ...] = tuple([] for _ in range(7))
        for file in self._files:
            for into, keys in zip(found, _read(file).match(place, "", None), strict=True):
                into.extend(keys)
        return found


def put(file: Path, place: str, line: str) -> None:
    """Put a line in the place of all that name `place` in plain, in one step."""
    _write(file, [*(one for one in _lines(file) if not _names(one, place)), line])


def remove(file: Path, place: str) -> int:
    """Remove every line that names `place` in plain; gives their number."""
    lines = _lines(file)
    kept = [line for line in lines if not _names(line, place)]
    if len(kept) != len(lines):
        _write(file, kept)
    return len(lines) - len(kept)


def place_of(host: str, port: int) -> str:
    """Name a host as known_hosts does: `host`, or `[host]:port` where the port is not 22."""
    return host if port == SSH_PORT else f"[{host}]:{port}"


def _names(line: str, place: str) -> bool:
    words = line.split(maxsplit=1)
    return bool(words) and place in words[0].split(",")


def _read(file: Path) -> asyncssh.SSHKnownHosts:
    try:
        state = file.stat()
    except OSError:
        return asyncssh.SSHKnownHosts()
    return _parsed(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _parsed(file: Path, _changed: int, _size: int) -> asyncssh.SSHKnownHosts:
    """Read a file; like OpenSSH, pass over lines that make no sense."""
    known = asyncssh.SSHKnownHosts()
    for line in _lines(file):
        try:
            known.load(line)
        except ValueError:
            continue
    return known


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unwritable(file, error) from error


def _write(file: Path, lines: list[str]) -> None:
    """Put a new file in the place of the old one, so that nobody ever reads half of it.

    Raises Failure: STATE_UNWRITABLE.
    """
    try:
        _replace(file, lines)
    except OSError as error:
        raise _unwritable(file, error) from error


def _unwritable(file: Path, error: OSError) -> Failure:
    return Failure.of(FaultKind.STATE_UNWRITABLE, path=file, reason=reason_of(error))


def _replace(file: Path, lines: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes it readable by its owner only.
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write("".join(f"{line}\n" for line in lines))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
