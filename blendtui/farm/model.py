"""What the farm consists of: jobs of frames, devices with slots, runs and attempts.

These objects are changed by `scheduler.py` and the rules that it calls, and by nothing else.
Times are seconds since the epoch, given from outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.overrides import AS_IT_IS, Overrides

DEFAULT_PRIORITY = 50


class JobState(StrEnum):
    """ACTIVE and PAUSED jobs go on; the others have ended and come back only by a retry."""

    ACTIVE = "active"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class FrameState(StrEnum):
    """WAITING for a slot, GIVEN to one or more, DONE on the share, FAILED after all tries.

    SPLIT waits for its parts, to be merged then (see `parts.py`).
    UNWANTED was taken out of the job by a user; it's kept since devices may still be at it.
    """

    WAITING = "waiting"
    GIVEN = "given"
    SPLIT = "split"
    DONE = "done"
    FAILED = "failed"
    UNWANTED = "unwanted"


SETTLED = frozenset({FrameState.DONE, FrameState.FAILED, FrameState.UNWANTED})
"""States of frames that nobody needs to render."""


class AttemptState(StrEnum):
    """A try's way: ORDERED, STARTED, RENDERED (on the device, being collected), then its end.

    DROPPING was asked back before it began, for another slot to have the frame: dropped or
    started, its run says which. GIVEN_UP means that nobody waits for it any more, though its
    device may still finish it.
    """

    ORDERED = "ordered"
    STARTED = "started"
    RENDERED = "rendered"
    DROPPING = "dropping"
    GIVEN_UP = "given-up"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


IN_HAND = frozenset({AttemptState.ORDERED, AttemptState.STARTED})
"""States of a try that has still to be rendered."""


class RunState(StrEnum):
    """A Blender's life: STARTING, READY, STOPPING, ENDED (files left), CLOSED (nothing left)."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    ENDED = "ended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, order=True)
class SlotId:
    """One place for a Blender on a device; `number` counts from 1."""

    device: str
    number: int

    def __str__(self) -> str:
        return f"{self.device}/{self.number}"


class DeviceMode(StrEnum):
    """What a user wants of a device: ON, DRAINING (finish the frames in hand and stop) or OFF."""

    ON = "on"
    DRAINING = "draining"
    OFF = "off"


class Sharing(StrEnum):
    """How jobs of equal priority share the farm: one after the other, or all at once."""

    FIRST = "first"
    FAIR = "fair"


@dataclass(frozen=True, slots=True)
class Policy:
    """The user's say in the rules.

    A frame that takes more than `overdue` times what is expected is reported, and tried elsewhere.
    """

    share: Sharing = Sharing.FIRST
    overdue: float = 4.0


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """What devices.toml says of a device, as far as the rules need it.

    A Blender that has rendered `restart_after` frames, or takes more than `memory_limit` bytes
    after a frame, is restarted between two frames (None: never). While `resting` it is outside
    the hours in which it may render. `compute` is "CPU" or the kind of GPU that Cycles is to use,
    None where Blender's own preferences say it; `cpu_fallback` allows the CPU for frames for which
    the GPU has not enough memory.
    """

    name: str
    slots: int = 1
    performance: float = 1.0
    tags: frozenset[str] = frozenset()
    enabled: bool = True
    restart_after: int | None = None
    memory_limit: int | None = None
    resting: bool = False
    compute: str | None = None
    cpu_fallback: bool = False


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as it was taken: what to render of which project, and by whom.

    `frames` are the frame numbers in ascending order; `tags` are those that a device must all
    have; `scene` is None for the file's active scene; `blender` is the version that job.toml
    wants, as far as it matters ("4.2"), empty for any; `written_by` is the one that saved the file,
    as major.minor, empty where that isn't known. `devices` are those that may render, any if there
    are none; `overrides` is what is rendered otherwise than the .blend says. `in_order` jobs are
    simulated and rendered by one Blender at a time, frame after frame. With `split` a frame may be
    rendered in parts, as far as the `engine` can (Blender's identifier, empty if unknown). `step`
    is what job.toml wants, which `frames` already keep.
    """

    name: str
    blend: str
    frames: tuple[int, ...]
    scene: str | None = None
    priority: int = DEFAULT_PRIORITY
    tags: frozenset[str] = frozenset()
    allow_scripts: bool = False
    blender: str = ""
    devices: frozenset[str] = frozenset()
    overrides: Overrides = AS_IT_IS
    in_order: bool = False
    written_by: str = ""
    split: bool = False
    engine: str = ""
    step: int | None = None

    @property
    def may_be_cycles(self) -> bool:
        """Whether Cycles renders it, as far as is known."""
        return self.engine in ("", "CYCLES")


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a device says it has rendered: relative path, bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FailedTry:
    """Who failed a frame, and why."""

    device: str
    fault: Fault


@dataclass(slots=True, eq=False)
class Frame:
    """One frame of a job, with the failures that count against it.

    `samples` are those that a part has (from, up to), or all those of a frame that is rendered in
    parts. `kills` counts the Blenders that somebody or something ended while they rendered it; it
    is not kept in the store.
    """

    job: str
    number: int
    state: FrameState = FrameState.WAITING
    tries: int = 0
    failures: tuple[FailedTry, ...] = ()
    live: list[int] = field(default_factory=list)
    samples: tuple[int, int] | None = None
    kills: int = 0

    def __repr__(self) -> str:
        return f"<Frame {self.job}:{self.number} {self.state} tries={self.tries} live={self.live}>"

    @property
    def failed_on(self) -> frozenset[str]:
        """The devices on which the frame has failed."""
        return frozenset(failure.device for failure in self.failures)


@dataclass(slots=True, eq=False)
class Attempt:
    """One try of a frame by a run; `seconds` is the rendering time that the driver measured.

    `collecting` and `collect_after` are the engine's present business and not kept in the store.
    """

    job: str
    frame: int
    number: int
    run: str
    slot: SlotId
    state: AttemptState
    ordered: float
    started: float | None = None
    ended: float | None = None
    seconds: float | None = None
    files: tuple[OutputFile, ...] = ()
    fault: Fault | None = None
    collecting: bool = False
    collect_after: float = 0.0

    def __repr__(self) -> str:
        return f"<Attempt {self.job}:{self.frame}#{self.number} {self.state} on {self.run}>"

    @property
    def key(self) -> tuple[str, int, int]:
        """Job, frame and number of the try: unique for ever."""
        return (self.job, self.frame, self.number)

    @property
    def is_live(self) -> bool:
        """Whether somebody counts on it."""
        return self.state not in (AttemptState.GIVEN_UP, AttemptState.DROPPING)

    @property
    def is_rendering(self) -> bool:
        """Whether its run is at it, as far as is known; it may have been given up meanwhile."""
        return self.state is AttemptState.STARTED or (
            self.started is not None and self.state is AttemptState.GIVEN_UP
        )

    @property
    def is_in_hand(self) -> bool:
        """Whether the run still has it to render."""
        return self.state in IN_HAND


@dataclass(slots=True, eq=False)
class Run:
    """One Blender process on a slot for a job. `attached` says that the engine follows it.

    `closing`, `close_tries` and `close_after` are about removing what it left on its device.
    `rendered` counts its frames; `free_at` is when it is expected to have rendered all that it has
    in hand (or to be ready). All these are the rules' present business, not kept in the store.
    """

    id: str
    job: str
    slot: SlotId
    state: RunState
    started: float
    ready: float | None = None
    ended: float | None = None
    idle_since: float | None = None
    blender: str = ""
    fault: Fault | None = None
    attempts: dict[tuple[str, int, int], Attempt] = field(default_factory=dict)
    attached: bool = False
    closing: bool = False
    close_tries: int = 0
    close_after: float = 0.0
    rendered: int = 0
    free_at: float = 0.0

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.job} {self.state} attempts={list(self.attempts.values())}>"

    @property
    def in_hand(self) -> int:
        """How many frames the run has still to render."""
        count = 0
        for attempt in self.attempts.values():
            if attempt.state in IN_HAND:
                count += 1
        return count

    @property
    def rendering(self) -> Attempt | None:
        """The try that it is at, if any."""
        for attempt in self.attempts.values():
            if attempt.is_rendering:
                return attempt
        return None

    @property
    def is_current(self) -> bool:
        """Whether the run takes up its slot."""
        return self.state in (RunState.STARTING, RunState.READY, RunState.STOPPING)


@dataclass(slots=True, eq=False)
class Job:
    """A job and where it stands. `position` is its place in the order of arrival.

    `counts` has the number of frames in each state; `samples` is how many of them a frame has that
    may be rendered in parts (0: it may not be; None: not known yet). The newest `first_faults` are
    kept until a frame of the job succeeds, to tell a hopeless job from a bad frame. `held` is what
    keeps its files from the share or its devices just now; `is_stuck` says that no device may
    render it. `blender` is the version (major.minor) that all frames come from,
    empty until it is chosen.
    """

    spec: JobSpec
    position: int
    added: float
    priority: int
    state: JobState = JobState.ACTIVE
    ended: float | None = None
    fault: Fault | None = None
    warnings: tuple[Fault, ...] = ()
    reported: bool = False
    proven: bool = False
    first_faults: tuple[Fault, ...] = ()
    counts: dict[FrameState, int] = field(default_factory=dict)
    samples: int | None = None
    report_after: float = 0.0
    reporting: bool = False
    held: FaultKind | None = None
    is_stuck: bool = False
    blender: str = ""

    def __repr__(self) -> str:
        return f"<Job {self.name} {self.state} {dict(self.counts)}>"

    @property
    def name(self) -> str:
        """The job's name: its folder on the share."""
        return self.spec.name

    @property
    def is_open(self) -> bool:
        """Whether the job still goes on."""
        return self.state in (JobState.ACTIVE, JobState.PAUSED)

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts jobs: higher priority first, then first come first served."""
        return (-self.priority, self.position)
