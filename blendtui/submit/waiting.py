"""`submit --wait`: follows what was dropped until it is over. Reads the store and the share only.

The store is there where the engine runs on this machine. From another machine the job's report
on the share says the same, a little later.
"""

from __future__ import annotations

import shutil
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from blendtui.locks import FILE as ENGINE_FILE
from blendtui.locks import engine_runs
from blendtui.places import Places
from blendtui.share import REJECTED, REPORT, divided
from blendtui.share.names import numbered
from blendtui.store.movie_rows import MovieState
from blendtui.store.views import MovieRow, Views
from blendtui.submit import Drop
from blendtui.tables import fitted
from blendtui.wording import explain, safe

LOOK = 0.2
"""Seconds between two looks."""

PATIENCE = 5.0
"""Seconds until a drop that nobody takes is said to wait for an engine."""

GONE = 15.0
"""Seconds until a drop that is nowhere any more counts as removed."""

REPORTED = 10.0
"""Seconds that a job which is over may take to be reported."""

ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class _State:
    state: str
    done: int
    total: int
    reason: str
    is_reported: bool
    is_encoding: bool


class Waiting:
    """Follows drops; `failed` is whether one of them came to a bad end."""

    def __init__(self, drops: Sequence[Drop], places: Places, stream: TextIO) -> None:
        self._places = places
        self._stream = stream
        self._live = stream.isatty()
        self._followed = [_Followed(drop, places) for drop in drops]
        self._said: dict[str, int] = {}

    def run(self) -> bool:
        """Wait until all are over; gives whether all are done."""
        while waiting := [one for one in self._followed if not one.is_over]:
            for one in waiting:
                for line in one.look():
                    self._write(line)
                self._followed += (_Followed(part, self._places) for part in one.parts)
                self._tell_tenths(one)
            self._progress()
            time.sleep(LOOK)
        self._progress()
        for one in self._followed:
            one.close()
        return all(one.is_done for one in self._followed)

    def _tell_tenths(self, one: _Followed) -> None:
        """Without a terminal, say how far a job is ten times at most."""
        if self._live or one.now is None or one.is_over:
            return
        tenth = one.now.done * 10 // max(one.now.total, 1)
        if tenth > self._said.get(one.job or "", 0):
            self._said[one.job or ""] = tenth
            self._write(f"{safe(one.job or '')}: {one.now.done} of {one.now.total} frames.")

    def _progress(self) -> None:
        if not self._live:
            return
        told = [
            f"{safe(one.job or '')} {one.now.done}/{one.now.total}"
            for one in self._followed
            if one.now is not None and not one.is_over
        ]
        width = max(shutil.get_terminal_size().columns - 1, 0)
        self._stream.write(f"\r\x1b[K{fitted('  '.join(told), width)}")
        self._stream.flush()

    def _write(self, text: str) -> None:
        clear = "\r\x1b[K" if self._live else ""
        self._stream.write(f"{clear}{text}\n")
        self._stream.flush()


class _Followed:
    """One drop on its way: lying there, taken as `job`, over; or divided into `parts`."""

    def __init__(self, drop: Drop, places: Places) -> None:
        self.job: str | None = None
        self.now: _State | None = None
        self.parts: list[Drop] = []
        self.is_over = False
        self.is_done = False
        self._drop = drop
        self._places = places
        self._views: Views | None = None
        self._since = time.monotonic()
        self._gone: float | None = None
        self._divided: list[tuple[Path, tuple[int, int]]] = []
        self._ended: float | None = None
        self._told_engine = False

    def close(self) -> None:
        """Close the store."""
        if self._views is not None:
            self._views.close()

    def look(self) -> list[str]:
        """Look how it stands; gives what is to be said."""
        job = self.job
        if job is None:
            return self._find()
        self.now = self._stored(job) or self._reported(job) or self.now
        if self.now is None or self.now.state not in ENDED:
            return []
        now = time.monotonic()
        self._ended = self._ended or now
        if self.now.is_encoding or not self.now.is_reported:
            self._ended = now if self.now.is_encoding else self._ended
            if now - self._ended < REPORTED:
                return []
        self.is_over, self.is_done = True, self.now.state == "done"
        reason = f" {self.now.reason}" if self.now.reason else ""
        told = f"{self.now.state}, {self.now.done} of {self.now.total} frames"
        return [f"{safe(job)}: {told}.{reason}"]

    def _find(self) -> list[str]:
        path, now = self._drop.path, time.monotonic()
        if _stamp(path) == self._drop.stamp:
            return self._tell_engine(now)
        for name in numbered(path.stem):
            folder = self._places.share / name
            if not folder.exists():
                break
            if _stamp(folder / path.name) == self._drop.stamp:
                self.job = name
                return [f"{safe(name)}: taken."]
        rejected = self._places.share / REJECTED
        for name in numbered(path.stem):
            if not (rejected / f"{name}.reason.txt").exists():
                break
            if _stamp(rejected / f"{name}{path.suffix}") == self._drop.stamp:
                self.is_over = True
                return [f"{safe(path.name)} was refused. {_text(rejected / f'{name}.reason.txt')}"]
        if self._is_divided():
            self.is_over = self.is_done = True
            names = ", ".join(safe(part.name) for part in self.parts)
            return [f"{safe(path.name)} is divided: {names}."]
        self._gone = self._gone or now
        if now - self._gone > GONE:
            self.is_over = True
            return [f"{safe(path.name)} is gone from the share. Somebody has removed it."]
        return []

    def _is_divided(self) -> bool:
        """Whether its parts are found: twice the same, since one that is moved is overlooked."""
        before, found = self._divided, divided.parts_of(self._drop.path, self._drop.stamp[1])
        self._divided = found
        if not found or found != before:
            return False
        self.parts = [replace(self._drop, path=path, stamp=stamp) for path, stamp in found]
        return True

    def _tell_engine(self, now: float) -> list[str]:
        """Say once that nobody is there to take it, if it lies there for long."""
        if self._told_engine or now - self._since < PATIENCE:
            return []
        self._told_engine = True
        if engine_runs(self._places) or (self._places.share / ENGINE_FILE).exists():
            return []
        return ["Nobody takes it yet: no engine runs for this share (start it: blendtui --watch)."]

    def _stored(self, job: str) -> _State | None:
        if self._views is None and self._places.store.exists():
            self._views = Views(self._places.store)
        row = self._views.job(job) if self._views else None
        if row is None:
            return None
        reason = str(explain(row.fault)) if row.fault else ""
        movie = self._views.movie(job) if self._views else MovieRow()
        is_encoding = movie.state is MovieState.ENCODING and not row.reported
        return _State(row.state, row.done, row.total, reason, row.reported, is_encoding)

    def _reported(self, job: str) -> _State | None:
        try:
            found = tomllib.loads((self._places.share / job / REPORT).read_text("utf-8"))
            frames, movie = found["frames"], found.get("movie", {})
            return _State(
                str(found["state"]),
                int(frames["done_count"]),
                int(frames["count"]),
                safe(str(found.get("reason", ""))),
                is_reported=True,
                is_encoding=movie.get("state") == MovieState.ENCODING,
            )
        except (OSError, ValueError, LookupError, TypeError):
            return None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _text(path: Path) -> str:
    try:
        return safe(path.read_text("utf-8").strip())
    except (OSError, ValueError):
        return f"See {safe(str(path))}."
