"""The faces' side of the store: frozen rows that changed since a revision, and requests."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Literal

from blendtui import places
from blendtui.farm.faults import Fault
from blendtui.farm.frames import LAST_FRAME
from blendtui.farm.model import DeviceSpec, FailedTry, JobSpec
from blendtui.farm.project import BlendFacts
from blendtui.store import day_time, movie_rows, view_rows
from blendtui.store.database import fault_from_json, from_json, open_store, translated
from blendtui.store.day_time import DayTime
from blendtui.store.movie_rows import MovieRow
from blendtui.store.shown import (
    AttemptRow,
    DeviceRow,
    DeviceTotals,
    ForecastRow,
    FrameRow,
    HistoryRow,
    JobRow,
    PartsRow,
    ProgressRow,
    RunRow,
    SpanRow,
    VitalsRow,
)

__all__ = [
    "AttemptRow",
    "DeviceRow",
    "DeviceTotals",
    "DeviceWish",
    "ForecastRow",
    "FrameRow",
    "HistoryRow",
    "JobRow",
    "JobWish",
    "MovieRow",
    "PartsRow",
    "PictureWish",
    "ProgressRow",
    "RunRow",
    "SpanRow",
    "Views",
    "VitalsRow",
]

JobWish = Literal["pause", "resume", "cancel", "retry", "priority", "frames", "again", "movie"]
DeviceWish = Literal["drain", "disable", "enable", "restart", "clear-cache"]
PictureWish = Literal["picture"]
"""Have a picture of an older frame made: nothing of the farm changes, only screens need it."""


class Views:
    """Reads the store. One per face and thread; never blocks the engine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_store(path)
        self._specs: dict[str, tuple[int, JobSpec]] = {}
        self._clock: tuple[str | None, DayTime] = (None, DayTime())

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

    def _day(self) -> DayTime:
        """Give what makes the store's times those of the day."""
        text = self.said(day_time.NAME)
        if text != self._clock[0]:
            self._clock = (text, DayTime(text))
        return self._clock[1]

    def jobs(self, since: int = -1) -> list[JobRow]:
        """Give jobs that changed after a revision, in the order of arrival."""
        found = self._db.execute(f"{_JOBS} WHERE job.revision > ? ORDER BY position", (since,))
        day = self._day()
        return [self._job(row, day) for row in found]

    def open_jobs(self) -> list[JobRow]:
        """Give the jobs that go on, in the order of arrival."""
        found = self._db.execute(f"{_JOBS} WHERE state IN ('active', 'paused') ORDER BY position")
        day = self._day()
        return [self._job(row, day) for row in found]

    def job(self, name: str) -> JobRow | None:
        """Give one job."""
        row = self._db.execute(f"{_JOBS} WHERE name = ?", (name,)).fetchone()
        return self._job(row, self._day()) if row else None

    def _job(self, row: sqlite3.Row, day: DayTime) -> JobRow:
        name, edition = row["name"], row["edition"]
        known = self._specs.get(name)
        if known is None or known[0] != edition:  # it can name 100,000 frames, and seldom changes
            found = self._db.execute("SELECT edition, spec_json FROM spec WHERE job = ?", (name,))
            spec = found.fetchone()
            known = (spec["edition"], from_json(spec["spec_json"], JobSpec))
        if row["state"] in ("active", "paused"):
            self._specs[name] = known
        else:
            self._specs.pop(name, None)
        return view_rows.job(row, known[1], day)

    def reported(self) -> set[str]:
        """Name the jobs whose last report is written."""
        found = self._db.execute("SELECT name FROM job WHERE reported")
        return {row["name"] for row in found}

    def facts(self, job: str) -> BlendFacts | None:
        """Give what the job's .blend says of itself."""
        row = self._db.execute("SELECT facts_json FROM project WHERE job = ?", (job,)).fetchone()
        return from_json(row["facts_json"], BlendFacts) if row and row["facts_json"] else None

    def frames(self, job: str, since: int = -1, state: str | None = None) -> list[FrameRow]:
        """Give a job's frames, in order; only those in one state if that is wanted.

        Frames that a user has taken out of the job are left out: `JobRow.spec` names those in it.
        One that is rendered in parts counts as given.
        """
        found = self._db.execute(
            f"SELECT *, {_STATE} AS seen FROM frame WHERE job = ? AND number <= ?"  # noqa: S608 - own words
            " AND revision > ? AND (? IS NULL OR seen = ?) AND state != 'unwanted'"
            " ORDER BY number",
            (job, LAST_FRAME, since, state, state),
        )
        return [
            FrameRow(
                job,
                row["number"],
                row["seen"],
                row["tries"],
                from_json(row["failures_json"], tuple[FailedTry, ...]),
            )
            for row in found
        ]

    def states(self, job: str, since: int = -1) -> list[tuple[int, str]]:
        """Give number and state of a job's frames that changed, in order; quick for very many."""
        found = self._db.execute(
            f"SELECT number, {_STATE} FROM frame WHERE job = ? AND number <= ?"  # noqa: S608 - own words
            " AND revision > ? AND state != 'unwanted' ORDER BY number",
            (job, LAST_FRAME, since),
        )
        return [(number, state) for number, state in found]

    def parts(self, job: str) -> list[PartsRow]:
        """Give how far the frames are that are being rendered in parts, in order."""
        return view_rows.parts(self._db, job)

    def attempts(self, job: str, since: int = -1, frame: int | None = None) -> list[AttemptRow]:
        """Give the tries of a job's frames, or of one frame, in the order of frame and try."""
        found = self._db.execute(
            "SELECT * FROM attempt WHERE job = ? AND frame BETWEEN ? AND ? AND revision > ?"
            " ORDER BY frame, number",
            (job, *((-LAST_FRAME, LAST_FRAME) if frame is None else (frame, frame)), since),
        )
        day = self._day()
        return [view_rows.attempt(row, day) for row in found]

    def spans(self, job: str, since: int = -1) -> list[SpanRow]:
        """Give when the tries of a job were on which slot, in the order of frame and try."""
        found = self._db.execute(
            "SELECT frame, number, device, slot, state, started, ended, seconds FROM attempt"
            " WHERE job = ? AND frame <= ? AND revision > ? ORDER BY frame, number",
            (job, LAST_FRAME, since),
        )
        day = self._day()
        return [view_rows.span(row, day) for row in found]

    def totals(self, job: str) -> list[DeviceTotals]:
        """Give what each device has done for a job, by name."""
        found = self._db.execute(
            "SELECT device, SUM(state = 'done' AND frame <= ?) AS frames,"
            " SUM(state = 'failed') AS failed,"
            " SUM(CASE WHEN state = 'done' THEN seconds ELSE 0 END) AS seconds,"
            " SUM(state = 'done' AND frame > ?) AS parts"
            " FROM attempt WHERE job = ? GROUP BY device ORDER BY device",
            (LAST_FRAME, LAST_FRAME, job),
        )
        return [
            DeviceTotals(
                row["device"], row["frames"], row["failed"], row["seconds"] or 0.0, row["parts"]
            )
            for row in found
        ]

    def totals_of(self, device: str) -> DeviceTotals:
        """Give what a device has done for all jobs; looks through all tries, so seldom ask."""
        frames, failed, seconds = self._db.execute(
            "SELECT SUM(state = 'done' AND frame <= ?), SUM(state = 'failed'),"
            " SUM(CASE WHEN state = 'done' THEN seconds ELSE 0 END)"
            " FROM attempt WHERE device = ?",
            (LAST_FRAME, device),
        ).fetchone()
        return DeviceTotals(device, frames or 0, failed or 0, seconds or 0.0)

    def runs(self, since: int = -1) -> list[RunRow]:
        """Give runs that are not closed, with their progress; closed ones only if changed."""
        found = self._db.execute(
            "SELECT run.*, progress.frame, sample, samples, remaining, memory"
            " FROM run LEFT JOIN progress ON progress.run = run.id"
            " WHERE revision > ? AND (state != 'closed' OR ? >= 0) ORDER BY started",
            (since, since),
        )
        day = self._day()
        return [view_rows.run(row, day) for row in found]

    def progress(self) -> list[ProgressRow]:
        """Give where all runs stand that said so; their rows' revision does not tell of it."""
        found = self._db.execute(
            "SELECT run, frame, sample, samples, remaining, memory FROM progress"
        )
        return [ProgressRow(*row) for row in found]

    def blenders(self, job: str) -> list[str]:
        """Give the Blender versions that have worked on a job."""
        found = self._db.execute(
            "SELECT DISTINCT blender FROM run WHERE job = ? AND blender != '' ORDER BY blender",
            (job,),
        )
        return [row["blender"] for row in found]

    def device_names(self) -> list[str]:
        """Give the names of all devices, in their order."""
        found = self._db.execute("SELECT name FROM device WHERE slots > 0 ORDER BY name")
        return [row["name"] for row in found]

    def devices(self, since: int = -1) -> list[DeviceRow]:
        """Give devices that changed after a revision, by name."""
        found = self._db.execute(
            "SELECT * FROM device WHERE revision > ? AND slots > 0 ORDER BY name", (since,)
        )
        day = self._day()
        return [
            DeviceRow(
                row["name"],
                row["slots"],
                bool(row["enabled"]),
                bool(row["contact"]),
                day.of(row["lost_since"]),
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
        day = self._day()
        return {
            row["job"]: ForecastRow(*map(day.of, (row["low"], row["expected"], row["high"])))
            for row in found
        }

    def history(self, after: int = 0) -> list[HistoryRow]:
        """Give what happened after a row of the history, oldest first."""
        found = self._db.execute("SELECT * FROM history WHERE id > ? ORDER BY id", (after,))
        day = self._day()
        return [
            HistoryRow(
                row["id"],
                row["cause"],
                day.of(row["at"]),
                row["kind"],
                row["job"],
                row["device"],
                row["frame"],
                fault_from_json(row["fault_json"]),
                row["detail"],
            )
            for row in found
        ]

    def last_time(self) -> float:
        """Give the store's own time of what happened last, 0 if nothing has."""
        row = self._db.execute("SELECT at FROM history ORDER BY id DESC LIMIT 1").fetchone()
        return float(row["at"]) if row else 0.0

    def last_history(self) -> int:
        """Give the number of the newest row of the history, 0 if there is none."""
        number: int = self._db.execute("SELECT COALESCE(MAX(id), 0) FROM history").fetchone()[0]
        return number

    def vitals(self) -> dict[str, VitalsRow]:
        """Give how each device is, by name: the newest word, which `at` says the age of."""
        found = self._db.execute("SELECT * FROM vitals")
        day = self._day()
        return {row["device"]: view_rows.vitals(row, day) for row in found}

    def vitals_of(self, device: str) -> list[VitalsRow]:
        """Give how a device was in the last hour, oldest first; 240 rows at most."""
        found = self._db.execute(
            "SELECT * FROM vitals_past WHERE device = ? ORDER BY at DESC LIMIT 240", (device,)
        )
        day = self._day()
        return [view_rows.vitals(row, day) for row in found][::-1]

    def movie(self, job: str) -> MovieRow:
        """Give what has become of a job's movie and contact sheet."""
        return movie_rows.read(self._db, job)

    def picture(self, job: str, frame: int) -> Path | None:
        """Give a small picture (JPEG) of a finished frame, if there is one."""
        path = places.picture(self._path.parent, job, frame)
        return path if path.is_file() else None

    def last_picture(self) -> tuple[str, int, Path] | None:
        """Give job, frame and small picture of the frame that was pictured last."""
        said = self.said("picture")
        if said is None:
            return None
        frame, _, job = said.partition(" ")
        path = self.picture(job, int(frame))
        return (job, int(frame), path) if path else None

    def watch_log(self, run: str) -> None:
        """Have what a run's Blender says written to `log_path`, for the next ten seconds.

        To be repeated every few seconds as long as somebody looks.
        """
        with translated(self._path):
            self._db.execute("INSERT OR REPLACE INTO look VALUES (?, ?)", (run, time.time()))

    def log_path(self, run: str) -> Path:
        """Give the place of what a watched run's Blender says; it may not be there yet.

        UTF-8, split at newlines only, unsafe for a terminal as it is. It grows at its end; when
        it is beyond 2 MB, a shorter file with its newest part takes its place.
        """
        return places.live_log(self._path.parent, run)

    def ask_job(self, kind: JobWish | PictureWish, job: str, detail: str = "") -> int:
        """Write a wish about a job for the engine; its number tells `answer` what to look for.

        `detail` is the new priority, or the frames as people write them ("1-100x2"): all that the
        job has from now on ("frames"), those to be rendered again ("again"), or the one to be
        pictured ("picture").
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


_STATE = "CASE state WHEN 'split' THEN 'given' ELSE state END"
_JOBS = "SELECT job.*, spec.edition FROM job JOIN spec ON spec.job = job.name"
