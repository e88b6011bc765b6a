"""One engine per share: a lock that the system gives back, and a file that other machines see."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
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
"""Seconds without a touch after which an engine with another state folder counts as gone."""

TOUCH = 5.0
"""Seconds between two touches."""

SETTLE = 0.2
"""Seconds after its claim in which an engine sees whether another one claimed the share, too."""

ACQUIRE = 1.0
"""Seconds for which a starting engine tries: one who only looks holds the lock for a moment."""

LOOKS, LOOK = 3, 0.01
"""How often one looks for a running engine, since another may be looking too; seconds between."""


class EngineLock:
    """Held while an engine runs; a context manager.

    The lock in the state folder ends with the process, however that ends. The file on the share
    is for engines elsewhere, or with another state folder: locks over NFS and SMB can't be relied
    on, so it is written anew while the engine lives, and counts as stale by the share's own clock.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = FileLock(places.lock)
        self._identity = ""
        self._file = places.share / FILE
        self._own = b""
        self._folder: tuple[int, int] | None = None
        self._touched = 0.0
        self._is_mounted = False

    def __enter__(self) -> EngineLock:
        """Take both locks.

        Raises:
            Failure: SHARE_TAKEN, with who has it; SHARE_UNMOUNTED; SHARE_WRITE; STATE_UNWRITABLE.
        """
        try:
            self._lock.acquire(timeout=ACQUIRE, poll_interval=0.02)
        except Timeout as error:
            raise _taken(_told(_read(self._file))) from error
        except OSError as error:
            raise Failure.of(
                FaultKind.STATE_UNWRITABLE, path=self._lock.lock_file, reason=reason_of(error)
            ) from error
        try:
            self._identity = self._places.identity
            self._check_mount()
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
            if self.is_in_place():
                self._file.unlink()
        self._lock.release()

    def _check_mount(self) -> None:
        """Refuse the empty folder that is left of a share which is a drive of its own."""
        share, note = self._places.share, self._places.mounted
        with contextlib.suppress(OSError):
            if not self._note_mount() and note.exists():
                raise Failure.of(FaultKind.SHARE_UNMOUNTED, path=share, note=note)

    def _note_mount(self) -> bool:
        self._is_mounted = os.path.ismount(self._places.share)
        if self._is_mounted:
            with contextlib.suppress(OSError):  # the state folder's disk may be full just now
                self._places.mounted.touch()
        return self._is_mounted

    def is_in_place(self) -> bool:
        """Whether the file on the share is this engine's: the share is the one that it claimed."""
        return bool(self._own) and _read(self._file) == self._own

    def touch(self) -> None:
        """Show others that the engine lives; call it often, it does little.

        An unmounted share is left alone: nothing is written to what is in its place. One that is
        mounted only now, over the folder that an engine began with, is that engine's share.

        Raises:
            Failure: SHARE_TAKEN, if another engine has taken the share since (this machine slept,
                or was cut off from the share, for longer than a minute).
        """
        now = time.monotonic()
        if now - self._touched < TOUCH:
            return
        self._touched = now
        if self._is_mounted_late():
            self._take_mounted()
        # Over SMB, setting a file's time would set it by this machine's clock; writing does not.
        try:
            with self._file.open("rb+") as file:
                found = file.read()
                if found == self._own:
                    file.seek(0)
                    file.write(found)
                    self._note_mount()
        except FileNotFoundError:
            found = b""
        except OSError:
            return
        other = _told(found)
        if other and other.get("state") != self._identity:
            raise _taken(other)
        if found != self._own and _folder(self._file.parent) == self._folder:
            with contextlib.suppress(OSError):
                self._write()

    def _is_mounted_late(self) -> bool:
        if self._is_mounted or _folder(self._file.parent) in (None, self._folder):
            return False
        return os.path.ismount(self._places.share)

    def _take_mounted(self) -> None:
        try:
            self._claim()
        except Failure as failure:
            if failure.fault.kind is not FaultKind.SHARE_WRITE:
                raise
        if self._folder == _folder(self._file.parent):
            self._note_mount()

    def _claim(self) -> None:
        try:
            other = _told(_read(self._file))
            # With this state folder there is no other engine: its lock is ours.
            if other and other.get("state") != self._identity and not self._is_stale():
                raise _taken(other)
            self._folder = _folder(self._file.parent)
            self._own = self._words()
            self._write()
            if not other or other.get("state") != self._identity:
                self._settle()
            for left in self._file.parent.glob(f"{FILE}.*"):
                left.unlink(missing_ok=True)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return  # room may come; `touch` writes it then
            raise Failure.of(
                FaultKind.SHARE_WRITE, path=self._file.parent, reason=reason_of(error)
            ) from error

    def _settle(self) -> None:
        """Leave the share to whoever claimed it at the same moment, and wrote last."""
        time.sleep(SETTLE)
        # Opening the folder has NFS look anew, where it might give what it remembers.
        os.scandir(self._file.parent).close()
        other = _told(_read(self._file))
        if other and other.get("state") != self._identity:
            raise _taken(other)

    def _words(self) -> bytes:
        own = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "state": self._identity,
            "engine": secrets.token_hex(8),
        }
        return json.dumps(own).encode()

    def _write(self) -> None:
        fresh = self._file.with_name(f"{FILE}.{self._identity}")
        try:
            fresh.write_bytes(self._own)
            fresh.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise

    def _is_stale(self) -> bool:
        """Compare the file's age with that of a file made just now: clocks may differ."""
        probe = self._file.with_name(f"{FILE}.{self._identity}")
        try:
            probe.touch()
            return probe.stat().st_mtime - self._file.stat().st_mtime > STALE
        except FileNotFoundError:
            return True
        finally:
            probe.unlink(missing_ok=True)


def engine_runs(places: Places) -> bool:
    """Whether an engine of this machine runs for the share. Never keeps one from starting."""
    for look in range(LOOKS):
        if look:
            time.sleep(LOOK)
        probe = FileLock(places.lock)
        with contextlib.suppress(Timeout):
            probe.acquire(timeout=0)
            probe.release()
            return False
    return True


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _told(content: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _folder(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _taken(found: dict[str, object] | None) -> Failure:
    told = found or {}
    return Failure.of(
        FaultKind.SHARE_TAKEN, host=told.get("host", "this machine"), pid=told.get("pid", "?")
    )
