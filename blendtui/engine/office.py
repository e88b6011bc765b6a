"""What the parts of the engine share: where things are, and whom to tell what happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from blendtui.devices.local_server import LocalServer
from blendtui.devices.survey import Survey
from blendtui.engine.beside import Beside
from blendtui.engine.live_logs import LiveLogs
from blendtui.engine.ownership import Owners
from blendtui.engine.room import Room
from blendtui.farm.events import Event
from blendtui.farm.model import JobSpec, Run
from blendtui.farm.project import BlendFacts, Project
from blendtui.farm.state import Note
from blendtui.places import Places
from blendtui.share import Share
from blendtui.store.journal import Progress
from blendtui.store.shown import VitalsRow


class Clock:
    """Seconds since the epoch that never jump while the engine runs, whatever is set meanwhile.

    It begins with the time of day, but not before the time `since` that an engine before has had.
    """

    def __init__(self, since: float = 0.0) -> None:
        self._offset = max(time.time(), since) - time.monotonic()

    def now(self) -> float:
        """Give the time."""
        return self._offset + time.monotonic()

    def ahead(self) -> float:
        """Give how many seconds it is ahead of the time of day."""
        return self.now() - time.time()


@dataclass(frozen=True, slots=True)
class Heard:
    """Something for the inbox: an event, and how far into which run's log it stood.

    `after` is called when the event has been applied and stored.
    """

    event: Event | Note
    run: str | None = None
    offset: int = 0
    after: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a device needs to know of a job: its spec, its files, and where they lie here.

    `blender` is the version that all its frames come from, empty where that isn't decided.
    """

    spec: JobSpec
    project: Project
    facts: BlendFacts | None
    root: Path
    blender: str = ""


@dataclass(frozen=True, slots=True)
class Pictured:
    """A small picture that a run says it has made: of which frame, its name there, its bytes."""

    run: Run
    frame: int
    number: int
    name: str
    size: int


@dataclass(slots=True)
class Office:
    """Given to every part of the engine.

    `salt` is a few letters of this store's own. `tell` puts something in the inbox, `work` finds
    a job's project, `offset` says how far a run's log has been read, `keep_log` keeps the log of
    a failed try (job, frame, number of the try, text), `jobs_on` names the jobs of which a device
    has anything, `live` hears what Blenders say, `owners` know whose a frame's files are.
    `surveys` has what was found on each device when it was reached last.
    `progress` has the newest word of each run, and `vitals` of each device, until it is stored;
    `pictured` each run's newest picture, the newest of all last, until it is fetched. `storing`
    says that the store does not have all yet. `beside` knows what orders want beside frames,
    `room` what there is on the share for frames on their way.
    """

    share: Share
    places: Places
    clock: Clock
    local: LocalServer | None
    salt: str
    tell: Callable[[Heard], None]
    work: Callable[[str], Work]
    offset: Callable[[str], int]
    keep_log: Callable[[str, int, int, str], None]
    jobs_on: Callable[[str], set[str]]
    live: LiveLogs
    owners: Owners
    beside: Beside
    surveys: dict[str, Survey] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    vitals: dict[str, VitalsRow] = field(default_factory=dict)
    pictured: dict[str, Pictured] = field(default_factory=dict)
    storing: bool = False
    room: Room = field(init=False)

    def __post_init__(self) -> None:
        self.room = Room(self.share.spare_space)
