"""What the control centre knows of the farm: rows of the store, kept up to date."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from blendtui.store.shown import (
    DeviceRow,
    ForecastRow,
    HistoryRow,
    JobRow,
    ProgressRow,
    RunRow,
    VitalsRow,
)
from blendtui.store.views import Views

REMEMBERED = 2000
"""Lines of what happened that are kept."""

RATE_OVER = 300.0
"""Seconds over which a job's rate is measured."""

ALL_DEVICES = 2.0
"""Seconds between two readings of all devices' names: one that was taken out of devices.toml is
told by nothing else."""

UP = ("starting", "ready", "stopping")
"""States of runs that take up a slot."""


@dataclass(frozen=True, slots=True)
class News:
    """What changed since the last look. With `everything` it is all there is."""

    jobs: tuple[JobRow, ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    runs: tuple[RunRow, ...] = ()
    history: tuple[HistoryRow, ...] = ()
    everything: bool = False


@dataclass(slots=True)
class Work:
    """What a device has done of late: frames, and seconds of rendering."""

    frames: int = 0
    seconds: float = 0.0


class Feed:
    """Reads the store; cheap as long as nothing changes there. `runs` are those not closed."""

    def __init__(self, store: Path, now: Callable[[], float] = time.time) -> None:
        self.views = Views(store)
        self.jobs: dict[str, JobRow] = {}
        self.devices: dict[str, DeviceRow] = {}
        self.runs: dict[str, RunRow] = {}
        self.vitals: dict[str, VitalsRow] = {}
        self.work: dict[str, Work] = {}
        self.work_of_all = 0
        self.forecasts: dict[str, ForecastRow] = {}
        self.history: deque[HistoryRow] = deque()
        self._progress: dict[str, ProgressRow] = {}
        self._slots: dict[str, dict[str, RunRow]] = {}
        self._now = now
        self._version = -1
        self._revision = -1
        self._all_devices = 0.0
        self._done: dict[str, deque[tuple[float, int]]] = {}
        self._last = max(0, self.views.last_history() - REMEMBERED)

    def close(self) -> None:
        """Close the store."""
        self.views.close()

    def everything(self) -> News:
        """Give all that is known as news, for a screen that has just opened."""
        return News(
            tuple(self.jobs.values()),
            tuple(self.devices.values()),
            tuple(self.runs.values()),
            tuple(self.history),
            everything=True,
        )

    def look(self) -> News | None:
        """Give what changed since the last look, None if nothing did."""
        version = self.views.version()
        if version == self._version:
            return None
        self._version = version
        revision = self.views.revision()
        jobs = self.views.jobs(self._revision)
        self.jobs.update((job.name, job) for job in jobs)
        news = News(tuple(jobs), self._look_at_devices(), self._look_at_runs(), self._happened())
        self._revision = revision
        self.forecasts = self.views.forecasts()
        for job in jobs:
            self._measure(job)
        return news

    def _look_at_devices(self) -> tuple[DeviceRow, ...]:
        changed = self.views.devices(self._revision)
        self.devices.update((device.name, device) for device in changed)
        if changed or self._now() - self._all_devices >= ALL_DEVICES:
            self._all_devices = self._now()
            self.devices = {name: self.devices[name] for name in self.views.device_names()}
            self.vitals = self.views.vitals()
        return tuple(changed)

    def _look_at_runs(self) -> tuple[RunRow, ...]:
        changed = {run.id: run for run in self.views.runs(self._revision)}
        for at in self.views.progress():
            run = changed.get(at.run) or self.runs.get(at.run)
            if run is not None and self._progress.get(at.run) != at:
                self._progress[at.run] = at
                changed[at.run] = replace(
                    run,
                    frame=at.frame,
                    sample=at.sample,
                    samples=at.samples,
                    remaining=at.remaining,
                    memory=at.memory,
                )
        for run in changed.values():
            self._take(run)
        return tuple(changed.values())

    def _take(self, run: RunRow) -> None:
        slots = self._slots.setdefault(run.device, {})
        if run.state == "closed":
            self.runs.pop(run.id, None)
            self._progress.pop(run.id, None)
            slots.pop(run.id, None)
        else:
            self.runs[run.id] = slots[run.id] = run

    def _happened(self) -> tuple[HistoryRow, ...]:
        happened = self.views.history(self._last)
        if happened:
            self._last = happened[-1].id
            self.history.extend(happened)
            self._count(happened, 1)
            gone = max(0, len(self.history) - REMEMBERED)
            self._count([self.history.popleft() for _ in range(gone)], -1)
        return tuple(happened)

    def _count(self, rows: Iterable[HistoryRow], sign: int) -> None:
        for row in rows:
            if row.kind == "frame-done" and row.device is not None:
                work = self.work.setdefault(row.device, Work())
                work.frames += sign
                work.seconds += sign * float(row.detail or 0.0)
                self.work_of_all += sign

    def _measure(self, job: JobRow) -> None:
        points = self._done.setdefault(job.name, deque(maxlen=600))
        now = self._now()
        if not points or (points[-1][1] != job.done and now - points[-1][0] >= 0.5):
            points.append((now, job.done))
        while len(points) > 2 and now - points[0][0] > RATE_OVER:
            points.popleft()

    def rate(self, job: JobRow) -> float | None:
        """Give how many of a job's frames are done in an hour, by the last five minutes."""
        points = self._done.get(job.name)
        if job.ended is not None:
            took = job.ended - job.added
            return job.done * 3600.0 / took if took > 0 and job.done else None
        if not points or points[-1][1] == points[0][1]:
            return None
        (begun, before), (at, after) = points[0], points[-1]
        return (after - before) * 3600.0 / (at - begun) if at > begun else None

    def runs_on(self, device: str) -> list[RunRow]:
        """Give the Blenders of a device that are up or coming up, by slot."""
        found = [run for run in self._slots.get(device, {}).values() if run.state in UP]
        return sorted(found, key=lambda run: run.slot)

    @property
    def has_open_jobs(self) -> bool:
        """Whether anything is left to render."""
        return any(job.state in ("active", "paused") for job in self.jobs.values())
