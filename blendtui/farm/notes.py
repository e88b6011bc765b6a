"""Lines of the farm's history: what the rules tell people about, beside the events themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from blendtui.farm.faults import Fault


class NoteKind(StrEnum):
    """What the rules tell people about, beside the events themselves."""

    JOB_ADDED = "job-added"
    JOB_ENDED = "job-ended"
    JOB_STATE = "job-state"
    FRAMES_SET = "frames-set"
    FRAMES_AGAIN = "frames-again"
    MOVIE_MADE = "movie-made"
    FRAME_DONE = "frame-done"
    PART_DONE = "part-done"
    TRY_FAILED = "try-failed"
    FRAME_FAILED = "frame-failed"
    GIVEN_UP = "given-up"
    LATE_FRAME = "late-frame"
    DEVICE_REACHED = "device-reached"
    DEVICE_LOST = "device-lost"
    DEVICE_AWAY = "device-away"
    RUN_READY = "run-ready"
    RUN_FAILED = "run-failed"
    RUN_ENDED = "run-ended"
    RESTART = "restart"
    CACHE_CLEARED = "cache-cleared"
    DEVICE_MODE = "device-mode"
    DEVICE_HOURS = "device-hours"
    DEVICE_ASLEEP = "device-asleep"
    DEVICE_WOKEN = "device-woken"
    SET_ASIDE = "set-aside"
    HELD_UP = "held-up"
    OVERDUE = "overdue"
    WARNING = "warning"
    REJECTED = "rejected"
    DIVIDED = "divided"
    CONFIG_READ = "config-read"


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the farm's history."""

    kind: NoteKind
    job: str | None = None
    device: str | None = None
    frame: int | None = None
    fault: Fault | None = None
    detail: str = ""
