"""What Blenders say, written to files for as long as somebody looks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from blendtui import places
from blendtui.errors import Failure
from blendtui.store.journal import Journal

log = logging.getLogger(__name__)

EVERY = 0.25
"""Seconds between two writings."""

PATIENCE = 10.0
"""Seconds after which nobody looks any more who has not said so again."""

RECENT = 200
"""Lines of each run that are kept in mind, for those who begin to look."""

LINE_AT_MOST = 2000
"""Characters of a line that are kept."""

LINES_AT_MOST = 2000
"""Lines that are written at once; of a flood only the newest."""

FILE_AT_MOST = 2_000_000
"""Bytes of a file; beyond them it is begun anew with its newer half."""

WATCHED_AT_MOST = 100
"""Runs that can be looked at at once."""


@dataclass(slots=True)
class _Watch:
    """A run that somebody looks at, until then; `lines` are not written yet."""

    until: float
    path: Path
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_AT_MOST))
    is_begun: bool = False


class LiveLogs:
    """Hears all lines of all runs; writes those of runs that faces say they look at."""

    def __init__(self, own: Path, journal: Journal) -> None:
        self._own = own
        self._journal = journal
        self._recent: dict[str, deque[str]] = {}
        self._said: dict[str, float] = {}
        self._watched: dict[str, _Watch] = {}

    def hear(self, run: str, text: str) -> None:
        """Take a line in."""
        text = text[:LINE_AT_MOST]
        recent = self._recent.get(run)
        if recent is None:
            recent = self._recent[run] = deque(maxlen=RECENT)
        recent.append(text)
        watch = self._watched.get(run)
        if watch is not None:
            watch.lines.append(text)

    def forget(self, run: str) -> None:
        """Keep in mind nothing of a run that is gone."""
        self._recent.pop(run, None)

    async def keep(self) -> None:
        """Write what is looked at, until cancelled."""
        shutil.rmtree(self._own / "live", ignore_errors=True)
        with contextlib.suppress(Failure):  # at worst somebody is written for who is gone
            self._journal.end_looks()
        while True:
            try:
                self._notice(time.monotonic())
                for watch in list(self._watched.values()):
                    await self._write(watch)
            except (Failure, OSError) as error:
                log.warning("what a Blender says cannot be shown: %s", error)
            await asyncio.sleep(EVERY)

    def _notice(self, now: float) -> None:
        """See who looks, by when the word came: the clock may be set meanwhile."""
        said = self._journal.looks()
        new = [run for run, at in said.items() if self._said.get(run) != at]
        self._said = said
        for run in new:
            watch = self._watched.get(run)
            if watch is not None:
                watch.until = now + PATIENCE
            elif len(self._watched) < WATCHED_AT_MOST:
                watch = _Watch(now + PATIENCE, places.live_log(self._own, run))
                watch.lines.extend(self._recent.get(run, ()))
                self._watched[run] = watch
        for run, watch in list(self._watched.items()):
            if watch.until < now:
                del self._watched[run]
                self._journal.end_looks(run)
                with contextlib.suppress(OSError):
                    watch.path.unlink(missing_ok=True)

    async def _write(self, watch: _Watch) -> None:
        if watch.is_begun and not watch.lines:
            return
        text = "".join(f"{line}\n" for line in watch.lines)
        watch.lines.clear()
        anew, watch.is_begun = not watch.is_begun, True
        await asyncio.to_thread(write, watch.path, text.encode("utf-8", "replace"), anew=anew)


def write(path: Path, data: bytes, *, anew: bool) -> None:
    """Add to a file, and cut it at its front where it is too long. Raises OSError."""
    if anew:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("wb" if anew else "ab") as file:
        file.write(data)
        size = file.tell()
    if size <= FILE_AT_MOST:
        return
    with path.open("rb") as file:
        file.seek(size - FILE_AT_MOST // 2)
        file.readline()
        newer = file.read()
    fresh = path.with_suffix(".new")
    fresh.write_bytes(newer)
    fresh.replace(path)
