"""Keeps the store small: what is long over leaves it, a little at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of what is over stays: the newest of each kind.

    Of finished jobs as many as `jobs`, and no more than have `frames` frames together; `at_once`
    are the rows that one turn removes.
    """

    jobs: int = 2_000
    frames: int = 250_000
    runs: int = 20_000
    history: int = 50_000
    requests: int = 1_000
    at_once: int = 4_000


def trim(db: sqlite3.Connection, bounds: Bounds, keep: Collection[str]) -> list[str]:
    """Remove what is beyond the bounds, but no job of `keep`; gives the jobs that are gone."""
    db.execute(
        "DELETE FROM history WHERE id IN"
        " (SELECT id FROM history WHERE id <= (SELECT MAX(id) FROM history) - ? LIMIT ?)",
        (bounds.history, bounds.at_once),
    )
    db.execute(
        "DELETE FROM request WHERE taken IS NOT NULL AND id IN"
        " (SELECT id FROM request WHERE id <= (SELECT MAX(id) FROM request) - ? LIMIT ?)",
        (bounds.requests, bounds.at_once),
    )
    db.execute("DELETE FROM progress WHERE run NOT IN (SELECT id FROM run WHERE state != 'closed')")
    _trim_runs(db, bounds)
    return _trim_jobs(db, bounds, keep)


def _trim_runs(db: sqlite3.Connection, bounds: Bounds) -> None:
    """Remove the oldest closed runs; the highest number of a run's name stays known."""
    surplus = db.execute("SELECT COUNT(*) FROM run").fetchone()[0] - bounds.runs
    if surplus <= 0:
        return
    db.execute("INSERT OR REPLACE INTO meta VALUES ('last_run', ?)", (str(last_run(db)),))
    db.execute(
        "DELETE FROM run WHERE id IN"
        " (SELECT id FROM run WHERE state = 'closed' ORDER BY started LIMIT ?)",
        (min(surplus, bounds.at_once),),
    )


def last_run(db: sqlite3.Connection) -> int:
    """Give the highest number that a run's name ever had; none is used again."""
    return max(
        int(row[0] or 0)
        for row in db.execute(
            "SELECT MAX(CAST(substr(id, length(rtrim(id, '0123456789')) + 1) AS INTEGER)) FROM run"
            " UNION ALL SELECT MAX(CAST(value AS INTEGER)) FROM meta WHERE name = 'last_run'"
        )
    )


def _trim_jobs(db: sqlite3.Connection, bounds: Bounds, keep: Collection[str]) -> list[str]:
    """Remove the jobs that ended first, their tries and frames before themselves."""
    over = db.execute(
        "SELECT name FROM (SELECT name, ended, ROW_NUMBER() OVER newest AS place,"
        " SUM(waiting + given + done + failed) OVER newest AS frames FROM job"
        " WHERE reported AND state NOT IN ('active', 'paused')"
        " WINDOW newest AS (ORDER BY ended DESC, position DESC ROWS UNBOUNDED PRECEDING))"
        " WHERE place > ? OR (frames > ? AND place > 1) ORDER BY place DESC",
        (bounds.jobs, bounds.frames),
    ).fetchall()
    gone: list[str] = []
    left = bounds.at_once
    for (name,) in over:
        if name in keep:
            continue
        left -= _remove_tries(db, name, left)
        if left <= 0:
            break
        for table in ("spec", "project", "movie", "run"):
            db.execute(f"DELETE FROM {table} WHERE job = ?", (name,))  # noqa: S608 - own names
        db.execute("DELETE FROM job WHERE name = ?", (name,))
        gone.append(name)
    return gone


def _remove_tries(db: sqlite3.Connection, job: str, most: int) -> int:
    """Remove so many tries and frames of a job at most; gives how many."""
    tries = db.execute(
        "DELETE FROM attempt WHERE (job, frame, number) IN"
        " (SELECT job, frame, number FROM attempt WHERE job = ? LIMIT ?)",
        (job, most),
    ).rowcount
    frames = db.execute(
        "DELETE FROM frame WHERE (job, number) IN"
        " (SELECT job, number FROM frame WHERE job = ? LIMIT ?)",
        (job, most - tries),
    ).rowcount
    return tries + frames
