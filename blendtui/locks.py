"""One engine per share: a lock that the system gives back, and a file that other machines see."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.places import Places

FILE = ".blendtui-engine"
"""The file on the share that names its engine."""

STALE = 60.0
"""Seconds without a touch after which another machine's engine counts as gone."""


class EngineLock:
    """Held while an engine runs; a context manager.

    The lock in the state folder ends with the process, however that ends. The file on the share
    is for engines elsewhere: locks over NFS and SMB can't be relied on, so it is touched while
    the engine lives, and counts as stale by the share's own clock.
    """

    def __init__(self, places: Places) -> None:
        self._lock = FileLock(places.lock)
        self._file = places.share / FILE

    def __enter__(self) -> EngineLock:
        """Take both locks.

        Raises:
            Failure: SHARE_TAKEN, with who has it; SHARE_WRITE.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise _taken(_read(self._file)) from error
        try:
            self._claim()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give both back."""
        with contextlib.suppress(OSError):
            if _is_ours(_read(self._file)):
                self._file.unlink()
        self._lock.release()

    def touch(self) -> None:
        """Show other machines that the engine lives."""
        with contextlib.suppress(OSError):
            self._file.touch()

    def _claim(self) -> None:
        other = _read(self._file)
        if other is not None and other.get("host") != _host() and not self._is_stale():
            raise _taken(other)
        own = {"host": _host(), "pid": os.getpid(), "since": time.time()}
        try:
            fresh = self._file.with_name(f"{FILE}.{os.getpid()}")
            fresh.write_text(json.dumps(own))
            fresh.replace(self._file)
        except OSError as error:
            raise Failure.of(
                FaultKind.SHARE_WRITE, path=self._file.parent, reason=reason_of(error)
            ) from error

    def _is_stale(self) -> bool:
        """Compare the file's age with that of a file made just now: clocks may differ."""
        probe = self._file.with_name(f"{FILE}.{_host()}.now")
        try:
            probe.touch()
            age = probe.stat().st_mtime - self._file.stat().st_mtime
            probe.unlink()
        except OSError:
            return False
        return age > STALE


def engine_runs(places: Places) -> bool:
    """Whether an engine of this machine runs for the share."""
    probe = FileLock(places.lock)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    probe.release()
    return False


def _host() -> str:
    return socket.gethostname()


def _read(file: Path) -> dict[str, object] | None:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _is_ours(found: dict[str, object] | None) -> bool:
    return found is not None and (found.get("host"), found.get("pid")) == (_host(), os.getpid())


def _taken(found: dict[str, object] | None) -> Failure:
    told = found or {}
    return Failure.of(
        FaultKind.SHARE_TAKEN, host=told.get("host", "this machine"), pid=told.get("pid", "?")
    )
