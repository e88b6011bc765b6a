"""Waking when a folder changes: by the system's events where there are any, else by the clock."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

log = logging.getLogger(__name__)

BURST = 0.05
"""Seconds in which further events are merged into one waking."""


async def changes(folder: Path, every: float) -> AsyncGenerator[None]:
    """Yield once at the start, then after each change of the folder's own entries.

    Yields every `every` seconds in any case, since network file systems tell of nothing that
    other computers do. Changes that come while the caller is busy lead to one more yield. The
    folder may be missing and may come back: it is then watched again.
    """
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()

    def wake() -> None:
        # A loop that is being closed has nobody left to be woken.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(woken.set)

    watch = _Watch(folder, wake)
    try:
        while True:
            # A hanging network file system may hold this up, and must not hold up the loop.
            await asyncio.to_thread(watch.renew)
            woken.clear()
            yield
            await _until(woken, every)
    finally:
        watch.close()


async def _until(woken: asyncio.Event, every: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(every):
            await woken.wait()
            await asyncio.sleep(BURST)


class _Watch:
    """The system's events of one folder, for as long as the very same folder is there."""

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self._folder = folder
        self._wake = wake
        self._observer: BaseObserver | None = None
        self._identity: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def renew(self) -> None:
        """Watch the folder that is there now; without events where the system gives none."""
        identity = _identity(self._folder)
        with self._lock:
            # A thread cannot be cancelled: this one may get here after the end.
            if self._closed or identity == self._identity:
                return
            self._stop()
            self._identity = identity
            if identity is not None:
                self._observer = self._start()

    def close(self) -> None:
        """End watching; `wake` is not called after this."""
        with self._lock:
            self._closed = True
            self._stop()

    def _stop(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()

    def _start(self) -> BaseObserver | None:
        from watchdog import events  # noqa: PLC0415 - heavy
        from watchdog.observers import Observer  # noqa: PLC0415 - heavy

        # Opening and reading are left out: looking into the folder would wake the one who looks.
        told = [
            events.FileCreatedEvent,
            events.FileModifiedEvent,
            events.FileMovedEvent,
            events.FileDeletedEvent,
            events.FileClosedEvent,
            events.DirCreatedEvent,
            events.DirMovedEvent,
            events.DirDeletedEvent,
        ]
        handler = events.FileSystemEventHandler()
        handler.on_any_event = self._heard  # type: ignore[method-assign]
        observer = Observer()
        try:
            observer.schedule(handler, str(self._folder.resolve()), event_filter=told)
            observer.start()
        except OSError as error:
            log.info("no events for %s, it is looked at by the clock: %s", self._folder, error)
            return None
        return observer

    def _heard(self, event: FileSystemEvent) -> None:
        if event.event_type == "deleted" and Path(str(event.src_path)) == self._folder.resolve():
            # A new folder can get the old one's number, so what is armed is forgotten here.
            self._identity = None
        self._wake()


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
