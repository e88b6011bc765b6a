"""Tells people what they asked to be told, while they look elsewhere.

It follows the history like any face, in threads of its own: a way that is slow or fails delays
neither the engine nor another way. What was told is remembered by its number in the history, so
that nothing is told twice, over restarts too.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from blendtui.errors import Failure
from blendtui.farm.faults import Fault
from blendtui.notify.news import News, news_of
from blendtui.notify.ways import Way, ways_of
from blendtui.places import Places
from blendtui.settings import NotifySettings
from blendtui.store.views import Views

__all__ = ["News", "Notifier", "try_out"]

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks at the history."""

AGAIN = (10.0, 60.0)
"""Seconds until a way that failed is tried again, and again."""

LAST_WORDS = 10.0
"""Seconds that the ways have at the end for what is still to be told."""

FILE = "told"
"""The file, in the state's folder of the share, with the last number that was told."""


class Notifier:
    """Tells the news of one share until it is closed.

    `settings` gives what devices.toml says now. `warn` hears of a way that fails, once until it
    works again; it is called in other threads.
    """

    def __init__(
        self,
        places: Places,
        settings: Callable[[], NotifySettings],
        warn: Callable[[Fault], None],
        stream: TextIO,
    ) -> None:
        self._places = places
        self._settings = settings
        self._warn = warn
        self._stream = stream
        self._used = NotifySettings()
        self._tellers: list[_Teller] = []
        self._old: list[_Teller] = []
        self._end = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="notify", daemon=True)

    def start(self) -> None:
        """Begin; what happens from now on is told, and what was not told before."""
        self._thread.start()
        self._ready.wait(10)

    def close(self) -> None:
        """Tell what has happened by now, and end; waits for slow ways no longer than LAST_WORDS."""
        deadline = time.monotonic() + LAST_WORDS
        self._end.set()
        self._thread.join(LAST_WORDS)
        for teller in [*self._tellers, *self._old]:
            teller.close()
        for teller in [*self._tellers, *self._old]:
            teller.join(max(deadline - time.monotonic(), 0))

    def _follow(self) -> None:
        try:
            views = Views(self._places.store)
        except Failure as failure:  # the engine says the same
            log.info("nothing is told: %s", failure)
            self._ready.set()
            return
        file = _Told(self._places.own / FILE)
        last = file.read(views.last_history())
        self._ready.set()
        version = -1
        try:
            while True:
                is_last = self._end.is_set()
                if version != (version := views.version()) or is_last:
                    last = self._look(views, file, last)
                if is_last:
                    return
                self._end.wait(LOOK)
        finally:
            views.close()

    def _look(self, views: Views, file: _Told, last: int) -> int:
        settings = self._settings()
        rows = views.history(last)
        if not rows:
            return last
        # Remembered first: killed in between, it is told never rather than twice.
        file.write(rows[-1].id)
        found = (news_of(row, settings.on, self._places.share) for row in rows)
        if news := [one for one in found if one is not None]:
            self._use(settings)
            for teller in self._tellers:
                teller.give(news)
        return rows[-1].id

    def _use(self, settings: NotifySettings) -> None:
        if settings == self._used:
            return
        self._used = settings
        for teller in self._tellers:
            teller.close()
        self._old += self._tellers
        self._tellers = [_Teller(way, self._warn) for way in ways_of(settings, self._stream)]


class _Teller(threading.Thread):
    """Tells by one way, one after another; whatever comes meanwhile becomes one message."""

    def __init__(self, way: Way, warn: Callable[[Fault], None]) -> None:
        super().__init__(name=f"notify {way.name}", daemon=True)
        self._way = way
        self._warn = warn
        self._waiting: queue.SimpleQueue[Sequence[News] | None] = queue.SimpleQueue()
        self._end = threading.Event()
        self._has_failed = False
        self.start()

    def give(self, news: Sequence[News]) -> None:
        """Have it told."""
        self._waiting.put(news)

    def close(self) -> None:
        """End when all is told; what fails is not tried again."""
        self._end.set()
        self._waiting.put(None)

    def run(self) -> None:
        """Tell what is given until closed."""
        while (given := self._waiting.get()) is not None:
            news = list(given)
            with contextlib.suppress(queue.Empty):
                while (more := self._waiting.get_nowait()) is not None:
                    news += more
                self._waiting.put(None)
            self._tell(news)

    def _tell(self, news: Sequence[News]) -> None:
        """Tell it, and what failed of it again: what was told is never told a second time."""
        left = [[one] for one in news] if self._way.one_by_one else [news]
        for wait in (*AGAIN, None):
            left = [one for one in left if not self._is_told(one)]
            if not left:
                self._has_failed = False
                return
            if wait is None or self._end.wait(wait):
                return

    def _is_told(self, news: Sequence[News]) -> bool:
        try:
            self._way.tell(news)
        except Failure as failure:
            log.warning("%s", failure)
            if not self._has_failed:
                self._warn(failure.fault)
            self._has_failed = True
            return False
        return True


class _Told:
    """The file with the number of the last line of the history that was seen."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, newest: int) -> int:
        """Give the number; the newest where there is none, or one of another history."""
        try:
            return min(int(self._path.read_text("ascii")), newest)
        except (OSError, ValueError):
            self.write(newest)
            return newest

    def write(self, number: int) -> None:
        """Remember it, as far as there is room."""
        fresh = self._path.with_name(f"{FILE}.new")
        try:
            fresh.write_text(str(number), "ascii")
            fresh.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)


def try_out(settings: NotifySettings, stream: TextIO) -> list[tuple[str, Fault | None]]:
    """Tell a word by every way, for a try; gives each way's name and what is wrong with it."""
    facts = (("EVENT", "test"), ("TEXT", "blendtui can reach you."))
    news = [News("done", "a test", "blendtui can reach you.", facts)]
    found: list[tuple[str, Fault | None]] = []
    for way in ways_of(settings, stream):
        try:
            way.tell(news)
            found.append((way.name, None))
        except Failure as failure:
            found.append((way.name, failure.fault))
    return found
