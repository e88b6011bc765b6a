"""What happened, as lines for people and as JSON for programs. Every face tells it alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from blendtui.farm.model import DeviceMode
from blendtui.farm.state import NoteKind
from blendtui.store.views import HistoryRow
from blendtui.wording import duration, explain, safe, size


def line(row: HistoryRow) -> str:
    """Tell one thing that happened, in one line that is safe on a terminal."""
    tell = _LINES.get(row.kind)
    return tell(row) if tell else f"{safe(row.kind)}: {safe(row.detail)}"


def as_json(row: HistoryRow) -> dict[str, object]:
    """Tell the same to a program; times in ISO 8601, UTC."""
    told: dict[str, object] = {
        "at": datetime.fromtimestamp(row.at, UTC).isoformat(timespec="milliseconds"),
        "kind": row.kind,
        "text": line(row),
    }
    for name in ("job", "device", "frame"):
        value = getattr(row, name)
        if value is not None:
            told[name] = value
    if row.fault is not None:
        told["fault"] = {"kind": row.fault.kind, **dict(row.fault.facts)}
    return told


def _why(row: HistoryRow) -> str:
    return str(explain(row.fault)) if row.fault else "no reason is known."


def _what(row: HistoryRow) -> str:
    return explain(row.fault).what if row.fault else "no reason is known."


def _job(row: HistoryRow) -> str:
    return safe(row.job or "?")


def _device(row: HistoryRow) -> str:
    return safe(row.device or "?")


def _place(row: HistoryRow) -> str:
    return f"{_job(row)}: frame {row.frame} on {_device(row)}"


_MODES: dict[str, str] = {
    DeviceMode.ON: "gets work again",
    DeviceMode.DRAINING: "finishes the frames that it is at and gets no more",
    DeviceMode.OFF: "is stopped and gets no work",
}


_HOURS = {
    "begin": "its hours begin",
    "end": "its hours are over; it finishes the frames that it is at",
}


def _idle(detail: str) -> str:
    return duration(float(detail)) if detail.isdecimal() and len(detail) < 20 else safe(detail)


def _overdue(detail: str) -> str:
    times = re.fullmatch(r"(\d+) of (\d+)", detail)
    if times is None:
        return safe(detail)
    return f"{duration(float(times[1]))} already, not {duration(float(times[2]))}"


def _held(row: HistoryRow) -> str:
    if row.frame is not None:
        return f"frame {row.frame} waits on {_device(row)}."
    if row.device is not None:
        return f"waits for {_device(row)}, until somebody sees to it."
    return "waiting to write to the share."


def _ended(row: HistoryRow) -> str:
    told = f"{_job(row)}: {_outcome(row.detail)}."
    return told if row.fault is None else f"{told} {_why(row)}"


def _outcome(detail: str) -> str:
    """Say a job's end, which the rules note as its state, frames done, all frames and seconds."""
    try:
        state, done, total, seconds = detail.split()
        return f"{state}, {int(done)} of {int(total)} frames in {duration(float(seconds))}"
    except ValueError:
        return safe(detail)


def _seconds(row: HistoryRow) -> str:
    try:
        return f"{float(row.detail):.2f} s"
    except ValueError:
        return "? s"


def _size(detail: str) -> str:
    return size(int(detail)) if detail.isdecimal() and len(detail) < 20 else safe(detail)


_LINES: dict[str, Callable[[HistoryRow], str]] = {
    NoteKind.JOB_ADDED: lambda row: f"{_job(row)}: taken, {safe(row.detail)} frames.",
    NoteKind.JOB_ENDED: _ended,
    NoteKind.JOB_STATE: lambda row: f"{_job(row)}: now {safe(row.detail)}.",
    NoteKind.FRAMES_SET: lambda row: f"{_job(row)}: its frames are now {safe(row.detail)}.",
    NoteKind.FRAMES_AGAIN: lambda row: f"{_job(row)}: to be rendered again: {safe(row.detail)}.",
    NoteKind.MOVIE_MADE: lambda row: f"{_job(row)}: its movie {safe(row.detail)} is made.",
    NoteKind.FRAME_DONE: lambda row: f"{_place(row)} done in {_seconds(row)}.",
    NoteKind.PART_DONE: lambda row: f"{_place(row)}: a part done in {_seconds(row)}.",
    NoteKind.TRY_FAILED: lambda row: f"{_place(row)} failed: {_what(row)}",
    NoteKind.FRAME_FAILED: lambda row: (
        f"{_job(row)}: frame {row.frame} is given up after failing on every try. {_why(row)}"
    ),
    NoteKind.GIVEN_UP: lambda row: (
        f"{_job(row)}: {safe(row.detail)} frames of {_device(row)}, which is out of reach,"
        " go to others."
    ),
    NoteKind.LATE_FRAME: lambda row: (
        f"{_place(row)} was finished while the device was out of reach, and is taken."
    ),
    NoteKind.DEVICE_REACHED: lambda row: f"{_device(row)}: connected.",
    NoteKind.DEVICE_LOST: _why,
    NoteKind.DEVICE_AWAY: _why,
    NoteKind.RUN_READY: lambda row: (
        f"{_device(row)}: Blender {safe(row.detail)} has {_job(row)} open."
    ),
    NoteKind.RUN_FAILED: lambda row: f"{_job(row)} could not begin. {_why(row)}",
    NoteKind.RUN_ENDED: _why,
    NoteKind.SET_ASIDE: lambda row: f"{_device(row)} is kept from {_job(row)}. {_why(row)}",
    NoteKind.DEVICE_MODE: lambda row: (
        f"{_device(row)}: {_MODES.get(row.detail, safe(row.detail))}."
    ),
    NoteKind.DEVICE_HOURS: lambda row: (
        f"{_device(row)}: {_HOURS.get(row.detail, safe(row.detail))}."
    ),
    NoteKind.DEVICE_ASLEEP: lambda row: (
        f"{_device(row)}: has had nothing to do for {_idle(row.detail)}, and goes to sleep."
    ),
    NoteKind.DEVICE_WOKEN: lambda row: f"{_device(row)}: is woken, for there is work.",
    NoteKind.RESTART: lambda row: (
        f"{_device(row)}: its Blenders are started anew after the frames that they are at."
    ),
    NoteKind.CACHE_CLEARED: lambda row: (
        f"{_device(row)}: {_size(row.detail)} of project files were removed."
    ),
    NoteKind.OVERDUE: lambda row: (
        f"{_place(row)} takes far longer than expected: {_overdue(row.detail)}. Another slot tries"
        " it as soon as one is idle."
    ),
    NoteKind.HELD_UP: lambda row: f"{_job(row)}: {_held(row)} {_why(row)}",
    NoteKind.WARNING: lambda row: f"{_job(row)}: {_why(row)}" if row.job else _why(row),
    NoteKind.REJECTED: lambda row: f"{safe(row.detail)} was refused. {_why(row)}",
    NoteKind.DIVIDED: lambda row: f"{safe(row.detail)}: each of its scenes is a job of its own.",
    NoteKind.CONFIG_READ: lambda row: f"{safe(row.detail)} was read again.",
}
