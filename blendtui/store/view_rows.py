"""Rows of the store as faces are shown them, where that takes more than naming columns."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from blendtui.farm.faults import Fault
from blendtui.farm.frames import LAST_FRAME
from blendtui.farm.model import JobSpec, OutputFile
from blendtui.farm.parts import frame_of
from blendtui.store.database import fault_from_json, from_json
from blendtui.store.day_time import DayTime
from blendtui.store.shown import AttemptRow, JobRow, PartsRow, RunRow, SpanRow, VitalsRow


def job(row: sqlite3.Row, spec: JobSpec, day: DayTime) -> JobRow:
    """Give a job's row; its spec is kept apart."""
    return JobRow(
        row["name"],
        row["position"],
        row["state"],
        row["priority"],
        day.of(row["added"]),
        day.of(row["ended"]),
        bool(row["reported"]),
        row["waiting"],
        row["given"],
        row["done"],
        row["failed"],
        fault_from_json(row["fault_json"]),
        from_json(row["warnings_json"], tuple[Fault, ...]),
        spec,
    )


def attempt(row: sqlite3.Row, day: DayTime) -> AttemptRow:
    """Give a try of a frame."""
    return AttemptRow(
        row["job"],
        row["frame"],
        row["number"],
        row["run"],
        row["device"],
        row["state"],
        day.of(row["started"]),
        day.of(row["ended"]),
        row["seconds"],
        from_json(row["files_json"], tuple[OutputFile, ...]),
        fault_from_json(row["fault_json"]),
    )


def run(row: sqlite3.Row, day: DayTime) -> RunRow:
    """Give a run, with its progress."""
    return RunRow(
        row["id"],
        row["job"],
        row["device"],
        row["slot"],
        row["state"],
        day.of(row["started"]),
        day.of(row["ready"]),
        day.of(row["ended"]),
        row["blender"],
        row["frame"],
        row["sample"],
        row["samples"],
        row["remaining"],
        row["memory"],
    )


def span(row: sqlite3.Row, day: DayTime) -> SpanRow:
    """Give when a try was on a slot."""
    frame, number, device, slot, state, started, ended, seconds = row
    return SpanRow(frame, number, device, slot, state, day.of(started), day.of(ended), seconds)


def vitals(row: sqlite3.Row, day: DayTime) -> VitalsRow:
    """Give how a device was."""
    device, at, *told = row
    return VitalsRow(device, day.of(at), *told)


def parts(db: sqlite3.Connection, job: str) -> list[PartsRow]:
    """Give how far a job's frames are that are being rendered in parts, in order."""
    found = db.execute(
        "SELECT number, state, after_samples - first_sample FROM frame"
        " WHERE job = ? AND first_sample IS NOT NULL AND state != 'unwanted' ORDER BY number",
        (job,),
    ).fetchall()
    rows = {
        number: PartsRow(number, samples=samples)
        for number, state, samples in found
        if number <= LAST_FRAME and state != "done"
    }
    for number, state, samples in found:
        row = rows.get(frame_of(number))
        if number > LAST_FRAME and row is not None:
            is_done = state == "done"
            rows[row.frame] = replace(
                row,
                parts=row.parts + 1,
                done=row.done + is_done,
                done_samples=row.done_samples + samples * is_done,
            )
    return list(rows.values())
