"""What faces are shown: frozen rows of the store."""

from __future__ import annotations

from dataclasses import dataclass

from blendtui.farm.faults import Fault
from blendtui.farm.model import DeviceSpec, FailedTry, JobSpec, OutputFile


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
class PartsRow:
    """A frame that is rendered in parts: how many there are so far, and how many are done.

    `samples` are all of the frame's; what isn't cut yet is one part.
    """

    frame: int
    samples: int
    parts: int = 0
    done: int = 0
    done_samples: int = 0


def in_parts(row: PartsRow) -> str:
    """Say how far a frame is that is rendered in parts."""
    if row.done == row.parts:
        return f"frame {row.frame}: all {row.parts} parts done, being merged"
    return (
        f"frame {row.frame}: {row.done} of {row.parts} parts done,"
        f" {row.done_samples} of {row.samples} samples"
    )


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
class SpanRow:
    """When a try was on a slot; times in seconds since the epoch, `seconds` of rendering."""

    frame: int
    number: int
    device: str
    slot: int
    state: str
    started: float | None
    ended: float | None
    seconds: float | None


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
class ProgressRow:
    """Where a run stands just now: `remaining` in seconds, `memory` in bytes."""

    run: str
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
    """What a device has done for a job: frames, seconds of rendering, and parts of frames."""

    device: str
    frames: int
    failed: int
    seconds: float
    parts: int = 0


@dataclass(frozen=True, slots=True)
class VitalsRow:
    """How a device is: the load of the last minute, memory and free disk space in bytes.

    `gpu_use` is from 0 to 1 (the mean of its cards), `gpu_temperature` in degrees Celsius (the
    hottest card); None is what the device can't tell.
    """

    device: str
    at: float
    load: float | None
    cores: int | None
    memory_used: int | None
    memory_total: int | None
    gpu_use: float | None
    gpu_temperature: float | None
    disk_free: int | None
