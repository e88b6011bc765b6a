"""The engine's side of the store: what changed goes in by one transaction, all comes out again."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

from blendtui.farm.device import Device
from blendtui.farm.faults import Fault
from blendtui.farm.model import Attempt, Frame, Job, JobSpec, OutputFile, Run
from blendtui.farm.project import BlendFacts, Project
from blendtui.farm.state import Note, Stored
from blendtui.store import movie_rows, rows, upkeep
from blendtui.store.database import fault_to_json, from_json, open_store, to_json, translated
from blendtui.store.movie_rows import MovieRow
from blendtui.store.shown import VitalsRow


@dataclass(frozen=True, slots=True)
class Request:
    """A user's wish about a job or a device; `kind` and `detail` are what `Views.ask_*` took."""

    id: int
    kind: str
    job: str | None
    device: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run's frame stands; memory in bytes, remaining time in seconds."""

    run: str
    at: float
    frame: int | None = None
    sample: int | None = None
    samples: int | None = None
    remaining: float | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """All that the scheduler needs to go on where it was.

    `jobs` are those that are not over, or whose Blenders are not gone; `names` are those of all.
    """

    jobs: list[tuple[Job, list[Frame]]]
    devices: list[Device]
    runs: list[Run]
    attempts: list[Attempt]
    offsets: dict[str, int]
    learned: list[Attempt]
    last_run: int
    last_position: int
    names: set[str]


PAST = 3600.0
"""Seconds for which it is kept how devices were."""

PAST_EVERY = 15.0
"""Seconds between two of those rows."""

REMEMBERED = 2000
"""Finished frames of each job that are learned from again at a new start."""


class Journal:
    """Writes rows; it knows no rules."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = open_store(path)
        self._specs: dict[str, JobSpec] = {}
        self._revision = self._number("revision")
        self._cause = self._number("cause")
        self._kept: dict[str, float] = {}
        self._forgotten = 0.0
        self.salt = self._salted()
        self.bounds = upkeep.Bounds()

    def close(self) -> None:
        """Close the store's file."""
        self._db.close()

    def _salted(self) -> str:
        """Give a few letters that are this store's own."""
        fresh = ("salt", secrets.token_hex(3))
        with translated(self._path):
            self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", fresh)
        row = self._db.execute("SELECT value FROM meta WHERE name = 'salt'").fetchone()
        return str(row["value"])

    def _number(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return int(row["value"]) if row else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite takes some back by itself, as on a full disk
                    self._db.execute("ROLLBACK")
                raise

    def next_cause(self) -> int:
        """Number the next event."""
        self._cause += 1
        return self._cause

    def commit(
        self,
        at: float,
        changed: Iterable[Stored],
        notes: Iterable[tuple[int, Note]],
        offsets: Mapping[str, int],
    ) -> None:
        """Write what some events changed, in one transaction.

        `notes` come with the numbers of their events; `offsets` has how far each run's log has
        been read into these events, in bytes.

        Raises:
            Failure: STATE_UNWRITABLE; nothing was written then, and it may be tried again.
        """
        self._revision += 1
        changed = list(changed)
        with self._transaction():
            for item in changed:
                self._write(item)
            self._db.executemany(
                "INSERT INTO history (cause, at, kind, job, device, frame, fault_json, detail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        cause,
                        at,
                        note.kind,
                        note.job,
                        note.device,
                        note.frame,
                        fault_to_json(note.fault),
                        note.detail,
                    )
                    for cause, note in notes
                ],
            )
            self._db.executemany(
                "UPDATE run SET log_offset = ? WHERE id = ?",
                [(offset, run) for run, offset in offsets.items()],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [("revision", str(self._revision)), ("cause", str(self._cause))],
            )
        self._specs.update((item.name, item.spec) for item in changed if isinstance(item, Job))

    def _write(self, item: Stored) -> None:
        if isinstance(item, Frame):
            self._put("frame", rows.frame_row(item))
        elif isinstance(item, Attempt):
            self._put("attempt", rows.attempt_row(item))
        elif isinstance(item, Job):
            self._put("job", rows.job_row(item))
            if self._specs.get(item.name) is not item.spec:
                spec = (item.name, to_json(item.spec), self._revision)
                self._db.execute("INSERT OR REPLACE INTO spec VALUES (?, ?, ?)", spec)
        elif isinstance(item, Run):
            self._put("run", rows.run_row(item), keys=("id",))
        else:
            self._put("device", rows.device_row(item))

    def _put(self, table: str, row: dict[str, object], keys: tuple[str, ...] = ()) -> None:
        row["revision"] = self._revision
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        if keys:
            updates = ", ".join(f"{name} = excluded.{name}" for name in row if name not in keys)
            statement = (
                f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - own names only
                f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {updates}"
            )
        else:
            statement = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        self._db.execute(statement, tuple(row.values()))

    # beside the rules

    def add_project(self, job: str, project: Project, facts: BlendFacts | None) -> None:
        """Keep what a job is made of, before the job itself is added."""
        facts_json = None if facts is None else to_json(facts)
        row = (job, to_json(project), facts_json)
        with translated(self._path):
            self._db.execute("INSERT OR REPLACE INTO project VALUES (?, ?, ?)", row)

    def project(self, job: str) -> tuple[Project, BlendFacts | None] | None:
        """Give what a job is made of."""
        row = self._db.execute("SELECT * FROM project WHERE job = ?", (job,)).fetchone()
        if row is None:
            return None
        facts = row["facts_json"]
        return (
            from_json(row["project_json"], Project),
            None if facts is None else from_json(facts, BlendFacts),
        )

    def movie(self, job: str) -> MovieRow:
        """Give what is known of a job's movie."""
        with translated(self._path):
            return movie_rows.read(self._db, job)

    def say_of_movie(self, job: str, **what: Any) -> None:
        """Overwrite some of what `MovieRow` has of a job's movie.

        Raises:
            Failure: STATE_UNWRITABLE.
        """
        with translated(self._path):
            row = movie_rows.read(self._db, job)
            movie_rows.write(self._db, job, replace(row, **what))

    def placed(self, job: str) -> dict[int, list[str]]:
        """Give the paths of each frame's files that are in their places."""
        found = self._db.execute(
            "SELECT frame, files_json FROM attempt WHERE job = ? AND state = 'done'", (job,)
        )
        files = {row["frame"]: from_json(row["files_json"], list[OutputFile]) for row in found}
        return {frame: [file.path for file in some] for frame, some in files.items()}

    def progress(self, reports: Iterable[Progress]) -> None:
        """Overwrite where slots stand. Never a fact, so nothing waits for it."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (row.run, row.frame, row.sample, row.samples, row.remaining, row.memory, row.at)
                    for row in reports
                ],
            )

    def vitals(self, told: Iterable[VitalsRow], now: float) -> None:
        """Overwrite how devices are; now and then it's kept for an hour as well."""
        told = list(told)
        due = [row for row in told if not 0 <= now - self._kept.get(row.device, -PAST) < PAST_EVERY]
        marks = ", ".join("?" * len(fields(VitalsRow)))
        with self._transaction():
            for table, some in (("vitals", told), ("vitals_past", due)):
                self._db.executemany(
                    f"INSERT OR REPLACE INTO {table} VALUES ({marks})",  # noqa: S608 - own names
                    [astuple(row) for row in some],
                )
            if now - self._forgotten > PAST_EVERY or now < self._forgotten:
                self._forgotten = now
                for table in ("vitals", "vitals_past"):
                    self._db.execute(
                        f"DELETE FROM {table} WHERE at < ? OR at > ?",  # noqa: S608 - own names
                        (now - PAST, now + PAST_EVERY),
                    )
        self._kept.update((row.device, now) for row in due)

    def survey(self, now: float, found: Mapping[str, str]) -> None:
        """Overwrite what was found on devices, as JSON."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO survey VALUES (?, ?, ?)",
                [(device, now, text) for device, text in found.items()],
            )

    def surveys(self) -> dict[str, str]:
        """Give what was found on devices, as JSON."""
        found = self._db.execute("SELECT device, survey_json FROM survey").fetchall()
        return {row["device"]: row["survey_json"] for row in found}

    def looks(self) -> dict[str, float]:
        """Give the runs whose log somebody looks at, and when that was said last."""
        with translated(self._path):
            found = self._db.execute("SELECT * FROM look LIMIT 1000").fetchall()
        return {row["run"]: row["at"] for row in found}

    def end_looks(self, run: str | None = None) -> None:
        """Forget that somebody looks at a run's log, or at any."""
        with translated(self._path):
            self._db.execute("DELETE FROM look WHERE ? IS NULL OR run = ?", (run, run))

    def say(self, name: str, value: str) -> None:
        """Leave word of the engine itself for the faces, such as its process and share."""
        with translated(self._path):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def requests(self, after: int = 0) -> list[Request]:
        """Give the wishes that nobody has taken yet, those that were written after another one."""
        found = self._db.execute(
            "SELECT * FROM request WHERE taken IS NULL AND id > ? ORDER BY id", (after,)
        )
        return [
            Request(row["id"], row["kind"], row["job"], row["device"], row["detail"])
            for row in found
        ]

    def foretell(self, forecasts: Mapping[str, tuple[float, float, float]]) -> None:
        """Overwrite when each job will be done (low, expected, high); '' is the whole queue."""
        with self._transaction():
            self._db.execute("DELETE FROM forecast")
            self._db.executemany(
                "INSERT INTO forecast VALUES (?, ?, ?, ?)",
                [(job, *when) for job, when in forecasts.items()],
            )

    def answer(self, request: int, at: float, fault: Fault | None) -> None:
        """Mark a wish as taken, with the reason if it was refused."""
        with translated(self._path):
            self._db.execute(
                "UPDATE request SET taken = ?, answer_json = ? WHERE id = ?",
                (at, fault_to_json(fault), request),
            )

    def load(self) -> Saved:
        """Read all that is not over."""
        jobs = self._jobs(
            "state IN ('active', 'paused') OR NOT reported"
            " OR name IN (SELECT job FROM run WHERE state != 'closed')"
        )
        open_runs = self._db.execute(
            "SELECT * FROM run WHERE state != 'closed' ORDER BY started"
        ).fetchall()
        every = self._db.execute("SELECT name, position FROM job").fetchall()
        # A CROSS JOIN begins with the few runs or jobs: all tries would be looked through else.
        attempts = self._db.execute(
            "SELECT attempt.* FROM run CROSS JOIN attempt ON attempt.run = run.id"
            " WHERE run.state != 'closed' AND attempt.state"
            " IN ('ordered', 'started', 'rendered', 'dropping', 'given-up')"
            " ORDER BY attempt.job, frame, number"
        )
        return Saved(
            jobs=jobs,
            devices=[
                rows.device(row) for row in self._db.execute("SELECT * FROM device ORDER BY name")
            ],
            runs=[rows.run(row) for row in open_runs],
            attempts=[rows.attempt(row) for row in attempts],
            offsets={row["id"]: row["log_offset"] for row in open_runs},
            learned=self._learned(),
            last_run=upkeep.last_run(self._db),
            last_position=max((row["position"] for row in every), default=0),
            names={row["name"] for row in every},
        )

    def recall(self, job: str) -> tuple[Job, list[Frame]] | None:
        """Read a job that is over, with its frames."""
        return next(iter(self._jobs("name = ?", job)), None)

    def leave(self, jobs: Iterable[str]) -> None:
        """Expect no changes of jobs any more; they may be recalled."""
        for job in jobs:
            self._specs.pop(job, None)

    def trim(self, keep: Collection[str]) -> list[str]:
        """Remove a little of what is long over, but for the jobs in `keep`; gives those removed.

        Raises:
            Failure: STATE_UNWRITABLE.
        """
        with self._transaction():
            return upkeep.trim(self._db, self.bounds, keep)

    def _learned(self) -> list[Attempt]:
        """Give the newest finished tries of jobs that go on: what speeds and costs come of."""
        found = self._db.execute(
            "SELECT * FROM (SELECT attempt.*, ROW_NUMBER() OVER"
            " (PARTITION BY job ORDER BY attempt.ended DESC) AS place"
            " FROM job CROSS JOIN attempt ON attempt.job = job.name"
            " WHERE job.state IN ('active', 'paused') AND attempt.state = 'done'"
            " AND attempt.seconds IS NOT NULL) WHERE place <= ? ORDER BY ended",
            (REMEMBERED,),
        )
        return [rows.attempt(row) for row in found]

    def _jobs(self, which: str, *values: object) -> list[tuple[Job, list[Frame]]]:
        found = self._db.execute(
            f"SELECT * FROM job JOIN spec ON spec.job = job.name WHERE {which} ORDER BY position",  # noqa: S608 - own words only
            values,
        ).fetchall()
        jobs = [(rows.job(row), self._frames(row["name"])) for row in found]
        self._specs.update((job.name, job.spec) for job, _ in jobs)
        return jobs

    def _frames(self, job: str) -> list[Frame]:
        found = self._db.execute("SELECT * FROM frame WHERE job = ? ORDER BY number", (job,))
        return [rows.frame(row) for row in found]
