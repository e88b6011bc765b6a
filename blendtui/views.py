"""The faces' side of the store: frozen rows that changed since a revision, and requests."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from blendtui.farm.faults import Fault
from blendtui.farm.model import DeviceSpec, FailedTry, JobSpec, OutputFile
from blendtui.farm.project import BlendFacts
from blendtui.store import fault_from_json, from_json, open_store, translated

JobWish = Literal["pause", "resume", "cancel", "retry", "priority"]
DeviceWish = Literal["drain", "disable", "enable"]


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as faces see it; the counts are frames by state."""

    name: str
    position: int
    state: str
    priority: int
    added: float
    ended: float | None
    reported: bool
    waiting: int
    given: int
    done: int
    failed: int
    fault: Fault | None
    warnings: tuple[Fault, ...]
    spec: JobSpec

    @property
    def total(self) -> int:
        """All frames of the job."""
        return self.waiting + self.given + self.done + self.failed


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A frame as faces see it."""

    job: str
    number: int
    state: str
    tries: int
    failures: tuple[FailedTry, ...]


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """A try of a frame; times in seconds since the epoch, `seconds` of rendering."""

    job: str
    frame: int
    number: int
    run: str
    device: str
    state: str
    started: float | None
    ended: float | None
    seconds: float | None
    files: tuple[OutputFile, ...]
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A Blender's life, with where it stands just now."""

    id: str
    job: str
    device: str
    slot: int
    state: str
    started: float
    ready: float | None
    ended: float | None
    blender: str
    frame: int | None
    sample: int | None
    samples: int | None
    remaining: float | None
    memory: int | None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device; `lost_since` is None while there is contact, `mode` what a user wants of it."""

    name: str
    slots: int
    enabled: bool
    contact: bool
    lost_since: float | None
    fault: Fault | None
    set_aside: dict[str, Fault]
    spec: DeviceSpec
    mode: str
    blenders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """When something will be done, in seconds since the epoch: nearly surely from low to high."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One thing that happened; `kind` is a NoteKind's value."""

    id: int
    cause: int
    at: float
    kind: str
    job: str | None
    device: str | None
    frame: int | None
    fault: Fault | None
    detail: str


@dataclass(frozen=True, slots=True)
class DeviceTotals:
    """What a device has done for a job: frames, and seconds of rendering."""

    device: str
    frames: int
    failed: int
    seconds: float


class Views:
    """Reads the store. One per face and thread; never blocks the engine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_store(path)
        self._specs: dict[str, JobSpec] = {}

    def close(self) -> None:
        """Close the store's file."""
        self._db.close()

    def version(self) -> int:
        """Give a number that changes when another connection has committed."""
        number: int = self._db.execute("PRAGMA data_version").fetchone()[0]
        return number

    def revision(self) -> int:
        """Give the number of the last commit of the rules."""
        return int(self.said("revision") or 0)

    def said(self, name: str) -> str | None:
        """Give what the engine last said of itself under a name."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def jobs(self, since: int = -1) -> list[JobRow]:
        """Give jobs that changed after a revision, in the order of arrival."""
        found = self._db.execute("SELECT * FROM job WHERE revision > ? ORDER BY position", (since,))
        return [self._job(row) for row in found]

    def open_jobs(self) -> list[JobRow]:
        """Give the jobs that go on, in the order of arrival."""
        found = self._db.execute(
            "SELECT * FROM job WHERE state IN ('active', 'paused') ORDER BY position"
        )
        return [self._job(row) for row in found]

    def job(self, name: str) -> JobRow | None:
        """Give one job."""
        row = self._db.execute("SELECT * FROM job WHERE name = ?", (name,)).fetchone()
        return self._job(row) if row else None

    def _job(self, row: sqlite3.Row) -> JobRow:
        name = row["name"]
        if name not in self._specs:  # it can name 100,000 frames, and never changes
            found = self._db.execute("SELECT spec_json FROM spec WHERE job = ?", (name,))
            self._specs[name] = from_json(found.fetchone()["spec_json"], JobSpec)
        return _job(row, self._specs[name])

    def facts(self, job: str) -> BlendFacts | None:
        """Give what the job's .blend says of itself."""
        row = self._db.execute("SELECT facts_json FROM project WHERE job = ?", (job,)).fetchone()
        return from_json(row["facts_json"], BlendFacts) if row and row["facts_json"] else None

    def frames(self, job: str, since: int = -1, state: str | None = None) -> list[FrameRow]:
        """Give a job's frames, in order; only those in one state if that is wanted."""
        found = self._db.execute(
            "SELECT * FROM frame WHERE job = ? AND revision > ? AND (? IS NULL OR state = ?)"
            " ORDER BY number",
            (job, since, state, state),
        )
        return [
            FrameRow(
                job,
                row["number"],
                row["state"],
                row["tries"],
                from_json(row["failures_json"], tuple[FailedTry, ...]),
            )
            for row in found
        ]

    def attempts(self, job: str, since: int = -1) -> list[AttemptRow]:
        """Give the tries of a job's frames, in the order of frame and try."""
        found = self._db.execute(
            "SELECT * FROM attempt WHERE job = ? AND revision > ? ORDER BY frame, number",
            (job, since),
        )
        return [
            AttemptRow(
                job,
                row["frame"],
                row["number"],
                row["run"],
                row["device"],
                row["state"],
                row["started"],
                row["ended"],
                row["seconds"],
                from_json(row["files_json"], tuple[OutputFile, ...]),
                fault_from_json(row["fault_json"]),
            )
            for row in found
        ]

    def totals(self, job: str) -> list[DeviceTotals]:
        """Give what each device has done for a job, by name."""
        found = self._db.execute(
            "SELECT device, SUM(state = 'done') AS frames, SUM(state = 'failed') AS failed,"
            " SUM(CASE WHEN state = 'done' THEN seconds ELSE 0 END) AS seconds"
            " FROM attempt WHERE job = ? GROUP BY device ORDER BY device",
            (job,),
        )
        return [
            DeviceTotals(row["device"], row["frames"], row["failed"], row["seconds"] or 0.0)
            for row in found
        ]

    def runs(self, since: int = -1) -> list[RunRow]:
        """Give runs that are not closed, with their progress; closed ones only if changed."""
        found = self._db.execute(
            "SELECT run.*, progress.frame, sample, samples, remaining, memory"
            " FROM run LEFT JOIN progress ON progress.run = run.id"
            " WHERE revision > ? AND (state != 'closed' OR ? >= 0) ORDER BY started",
            (since, since),
        )
        return [
            RunRow(
                row["id"],
                row["job"],
                row["device"],
                row["slot"],
                row["state"],
                row["started"],
                row["ready"],
                row["ended"],
                row["blender"],
                row["frame"],
                row["sample"],
                row["samples"],
                row["remaining"],
                row["memory"],
            )
            for row in found
        ]

    def blenders(self, job: str) -> list[str]:
        """Give the Blender versions that have worked on a job."""
        found = self._db.execute(
            "SELECT DISTINCT blender FROM run WHERE job = ? AND blender != '' ORDER BY blender",
            (job,),
        )
        return [row["blender"] for row in found]

    def devices(self, since: int = -1) -> list[DeviceRow]:
        """Give devices that changed after a revision, by name."""
        found = self._db.execute(
            "SELECT * FROM device WHERE revision > ? AND slots > 0 ORDER BY name", (since,)
        )
        return [
            DeviceRow(
                row["name"],
                row["slots"],
                bool(row["enabled"]),
                bool(row["contact"]),
                row["lost_since"],
                fault_from_json(row["fault_json"]),
                from_json(row["set_aside_json"], dict[str, Fault]),
                from_json(row["spec_json"], DeviceSpec),
                row["mode"],
                from_json(row["blenders_json"], tuple[str, ...]),
            )
            for row in found
        ]

    def forecasts(self) -> dict[str, ForecastRow]:
        """Give when each job will be done, by name; the whole queue's name is empty."""
        found = self._db.execute("SELECT * FROM forecast")
        return {row["job"]: ForecastRow(row["low"], row["expected"], row["high"]) for row in found}

    def history(self, after: int = 0) -> list[HistoryRow]:
        """Give what happened after a row of the history, oldest first."""
        found = self._db.execute("SELECT * FROM history WHERE id > ? ORDER BY id", (after,))
        return [
            HistoryRow(
                row["id"],
                row["cause"],
                row["at"],
                row["kind"],
                row["job"],
                row["device"],
                row["frame"],
                fault_from_json(row["fault_json"]),
                row["detail"],
            )
            for row in found
        ]

    def last_history(self) -> int:
        """Give the number of the newest row of the history, 0 if there is none."""
        number: int = self._db.execute("SELECT COALESCE(MAX(id), 0) FROM history").fetchone()[0]
        return number

    def ask_job(self, kind: JobWish, job: str, detail: str = "") -> int:
        """Write a wish about a job for the engine; its number tells `answer` what to look for.

        `detail` is the new priority, where it is about that.
        """
        return self._ask(kind, job, None, detail)

    def ask_device(self, kind: DeviceWish, device: str, detail: str = "") -> int:
        """Write a wish about a device for the engine, likewise."""
        return self._ask(kind, None, device, detail)

    def _ask(self, kind: str, job: str | None, device: str | None, detail: str) -> int:
        with translated(self._path):
            cursor = self._db.execute(
                "INSERT INTO request (at, kind, job, device, detail) VALUES (?, ?, ?, ?, ?)",
                (time.time(), kind, job, device, detail),
            )
        return int(cursor.lastrowid or 0)

    def answer(self, request: int) -> tuple[bool, Fault | None]:
        """Say whether a wish was taken, and why it was refused if it was."""
        row = self._db.execute("SELECT * FROM request WHERE id = ?", (request,)).fetchone()
        if row is None or row["taken"] is None:
            return (False, None)
        return (True, fault_from_json(row["answer_json"]))


def _job(row: sqlite3.Row, spec: JobSpec) -> JobRow:
    return JobRow(
        row["name"],
        row["position"],
        row["state"],
        row["priority"],
        row["added"],
        row["ended"],
        bool(row["reported"]),
        row["waiting"],
        row["given"],
        row["done"],
        row["failed"],
        fault_from_json(row["fault_json"]),
        from_json(row["warnings_json"], tuple[Fault, ...]),
        spec,
    )
