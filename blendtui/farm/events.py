"""What happened: the only way into the scheduler. Past tense, frozen, without behavior."""

from __future__ import annotations

from dataclasses import dataclass

from blendtui.farm.faults import Fault
from blendtui.farm.model import DeviceMode, DeviceSpec, JobSpec, OutputFile, Policy


@dataclass(frozen=True, slots=True)
class JobAdded:
    """A project was taken. With a `fault` the job ends at once with that reason."""

    spec: JobSpec
    warnings: tuple[Fault, ...] = ()
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class JobPaused:
    """A user wants no further frames given out."""

    job: str


@dataclass(frozen=True, slots=True)
class JobResumed:
    """A user wants a paused job to go on."""

    job: str


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """A user wants the job to end as it is."""

    job: str


@dataclass(frozen=True, slots=True)
class JobRetried:
    """A user wants failed frames, or the rest of an ended job, tried again."""

    job: str


@dataclass(frozen=True, slots=True)
class JobPrioritized:
    """A user gave the job another priority; higher goes first."""

    job: str
    priority: int


@dataclass(frozen=True, slots=True)
class JobFramesSet:
    """A user said which frames the job shall have; those that are done stay in it anyway."""

    job: str
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FramesAgain:
    """A user wants frames that are done or failed rendered again."""

    job: str
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MovieAgain:
    """A user wants the movie of an ended job made, or made again."""

    job: str


@dataclass(frozen=True, slots=True)
class JobReported:
    """The final report of an ended job is on the share."""

    job: str


@dataclass(frozen=True, slots=True)
class ReportFailed:
    """The final report could not be written."""

    job: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class DevicesSet:
    """devices.toml was read: these are all devices from now on."""

    devices: tuple[DeviceSpec, ...]


@dataclass(frozen=True, slots=True)
class DeviceModeSet:
    """A user wants a device drained, switched off or on again."""

    device: str
    mode: DeviceMode


@dataclass(frozen=True, slots=True)
class DeviceHours:
    """The hours in which a device may render begin or end now."""

    device: str
    resting: bool


@dataclass(frozen=True, slots=True)
class DeviceRestart:
    """A user wants a device's Blenders started anew, each after the frame that it is at."""

    device: str


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The user's say in the rules was read; it holds from now on."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class DeviceReached:
    """There is a connection to the device."""

    device: str


@dataclass(frozen=True, slots=True)
class DeviceSurveyed:
    """A device was looked at: `blenders` are all its versions, none where that isn't known.

    `gpu_memory` is that of its smallest card in bytes, as far as that is known.
    """

    device: str
    blenders: frozenset[str]
    gpu_memory: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """The connection is gone or could not be made; the engine goes on trying."""

    device: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class RunReady:
    """A Blender has the project open. `warnings` is where it disagrees with the drop's facts.

    `samples` are those of a frame that may be rendered in parts, 0 where it may not be; `whole`
    says why, in plain words.
    """

    run: str
    blender: str = ""
    warnings: tuple[Fault, ...] = ()
    samples: int = 0
    whole: str = ""


@dataclass(frozen=True, slots=True)
class RunFailed:
    """A Blender could not be started, or could not open the project."""

    run: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A Blender is known to be gone; without a fault it left as it was told."""

    run: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class RunClosed:
    """Nothing of the run is left on its device."""

    run: str


@dataclass(frozen=True, slots=True)
class CloseFailed:
    """What is left of the run could not be removed."""

    run: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class FrameStarted:
    """A run began a frame."""

    run: str
    frame: int
    number: int


@dataclass(frozen=True, slots=True)
class FrameRendered:
    """A frame is finished on its device; `seconds` is its rendering time.

    `memory` is what its Blender takes then, in bytes; None where that isn't known. `log` is how
    many bytes its log has.
    """

    run: str
    frame: int
    number: int
    seconds: float
    files: tuple[OutputFile, ...]
    memory: int | None = None
    log: int = 0


@dataclass(frozen=True, slots=True)
class FrameFailed:
    """A run could not render a frame."""

    run: str
    frame: int
    number: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class FrameDropped:
    """A run gave an order back before it began it."""

    run: str
    frame: int
    number: int


@dataclass(frozen=True, slots=True)
class FrameDone:
    """A frame's files are in place on the share, with the hashes that the device reported."""

    run: str
    frame: int
    number: int


@dataclass(frozen=True, slots=True)
class CollectFailed:
    """A rendered frame did not reach the share."""

    run: str
    frame: int
    number: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = (
    JobAdded
    | JobPaused
    | JobResumed
    | JobCancelled
    | JobRetried
    | JobPrioritized
    | JobFramesSet
    | FramesAgain
    | MovieAgain
    | JobReported
    | ReportFailed
    | DevicesSet
    | DeviceModeSet
    | DeviceHours
    | DeviceRestart
    | PolicySet
    | DeviceReached
    | DeviceSurveyed
    | DeviceLost
    | RunReady
    | RunFailed
    | RunEnded
    | RunClosed
    | CloseFailed
    | FrameStarted
    | FrameRendered
    | FrameFailed
    | FrameDropped
    | FrameDone
    | CollectFailed
    | Tick
)
