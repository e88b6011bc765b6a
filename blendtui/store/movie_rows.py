"""What the store has of a job's movie and contact sheet: written by the engine, read by faces."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from blendtui.farm.faults import Fault
from blendtui.farm.movies import MovieAsked
from blendtui.store.database import fault_from_json, fault_to_json, from_json, to_json


class MovieState(StrEnum):
    """What has become of a job's movie.

    NONE is wanted, or is not begun yet. INCOMPLETE waits for frames that are not there.
    """

    NONE = ""
    ENCODING = "encoding"
    DONE = "done"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class Wish(IntEnum):
    """What users have asked for beside the job itself: a movie; one of the frames there are."""

    NONE = 0
    WANTED = 1
    AS_IT_IS = 2


@dataclass(frozen=True, slots=True)
class MovieRow:
    """A job's movie as faces see it.

    `asked` is what the scene wants, None until a Blender has said so. `file` is the movie's name
    in the job's folder, `said` names its container and codecs; `done` of `total` frames are
    encoded. `sheet` is the contact sheet's name. `notes` is what it has not as it was asked for.
    """

    asked: MovieAsked | None = None
    wish: Wish = Wish.NONE
    state: MovieState = MovieState.NONE
    file: str = ""
    said: str = ""
    done: int = 0
    total: int = 0
    sheet: str = ""
    fault: Fault | None = None
    notes: tuple[Fault, ...] = ()

    @property
    def part(self) -> float:
        """How much of it is encoded, from 0 to 1."""
        return self.done / self.total if self.total else 0.0


def read(db: sqlite3.Connection, job: str) -> MovieRow:
    """Read a job's row; what nothing is known of is as new."""
    row = db.execute("SELECT * FROM movie WHERE job = ?", (job,)).fetchone()
    if row is None:
        return MovieRow()
    return MovieRow(
        from_json(row["asked_json"], MovieAsked) if row["asked_json"] else None,
        Wish(row["wish"]),
        MovieState(row["state"]),
        row["file"],
        row["said"],
        row["done"],
        row["total"],
        row["sheet"],
        fault_from_json(row["fault_json"]),
        from_json(row["notes_json"], tuple[Fault, ...]),
    )


def write(db: sqlite3.Connection, job: str, row: MovieRow) -> None:
    """Overwrite a job's row."""
    db.execute(
        "INSERT OR REPLACE INTO movie VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job,
            None if row.asked is None else to_json(row.asked),
            int(row.wish),
            str(row.state),
            row.file,
            row.said,
            row.done,
            row.total,
            row.sheet,
            fault_to_json(row.fault),
            to_json(row.notes),
        ),
    )
