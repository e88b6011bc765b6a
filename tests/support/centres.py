"""Control centres on prepared stores with a fixed clock: no engine runs behind them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from textual.pilot import Pilot

from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import Attempt, AttemptState, DeviceSpec, JobSpec, OutputFile
from blendtui.places import Places
from blendtui.settings import Settings, ShareSettings
from blendtui.store.journal import Progress
from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import Found
from tests.support.stores import StoreStory


async def until(pilot: Pilot[int], holds: Callable[[], object]) -> None:
    """Let the app go on until something holds; fails after a minute: machines can be busy."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        await pilot.pause(0.02)


NAMES = ("tower", "laptop", "oldpc")
JOBS = ("bouncing", "shot_[red]010", "カット 🎬")
OUT_OF_MEMORY = Fault.of(FaultKind.RENDER_ERROR, device="tower", detail="Out of memory")


class Prepared(StoreStory):
    """A farm whose devices render frame after frame, as the test tells them to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "share").mkdir(parents=True, exist_ok=True)
        self.places = Places(root / "state", root / "share")
        super().__init__(self.places.store)

    def devices(self, count: int, lost: int = 0) -> None:
        """Have so many devices, the last ones of them lost."""
        names = [*NAMES[:count], *(f"node{number:03d}" for number in range(count - len(NAMES)))]
        self.tell(ev.DevicesSet(tuple(DeviceSpec(name) for name in names)))
        for name in names[: count - lost]:
            self.tell(ev.DeviceReached(name))
        for name in names[count - lost :]:
            fault = Fault.of(FaultKind.LINK_LOST, device=name, detail="no route to host")
            self.tell(ev.DeviceLost(name, fault))

    def jobs(self, count: int, frames: int = 60) -> None:
        """Have so many jobs."""
        for number in range(count):
            name = JOBS[number] if number < len(JOBS) else f"job{number:03d}"
            self.tell(ev.JobAdded(JobSpec(name, "a.blend", tuple(range(1, frames + 1)))))

    def ready(self) -> None:
        """Let all Blenders that were started be ready."""
        for run in list(self.scheduler.farm.runs.values()):
            self.tell(ev.RunReady(run.id, "3.4.1"))

    def _ordered(self) -> Iterable[Attempt]:
        for run in self.scheduler.farm.runs.values():
            for attempt in run.attempts.values():
                if attempt.state is AttemptState.ORDERED:
                    yield attempt

    def render(self, frames: int, failing: Iterable[int] = ()) -> None:
        """Render so many frames, one after the other; some of them fail."""
        bad = set(failing)
        for number in range(frames):
            one = next(iter(self._ordered()))
            key = (one.run, one.frame, one.number)
            self.tell(ev.FrameStarted(*key))
            if number in bad:
                self.tell(ev.FrameFailed(*key, OUT_OF_MEMORY))
                continue
            files = (OutputFile(f"{one.job}_{one.frame:04d}.png", 81_234, "0" * 64),)
            self.tell(ev.FrameRendered(*key, 1.0 + one.frame % 7, files), ev.FrameDone(*key))

    def begin(self) -> None:
        """Let each Blender begin a frame, and be somewhere in it."""
        begun = {one.run: one for one in reversed(list(self._ordered()))}
        for number, one in enumerate(begun.values()):
            self.tell(ev.FrameStarted(one.run, one.frame, one.number))
            self.journal.progress([Progress(one.run, self.now, one.frame, 5 + number % 25, 32)])
        soon = (self.now + 60, self.now + 90, self.now + 200)
        active = [job.name for job in self.scheduler.farm.jobs.values() if job.is_open]
        self.journal.foretell(dict.fromkeys([*active, ""], soon))

    def centre(self) -> ControlCentre:
        """Give a control centre for it, five seconds after the last event."""
        share = ShareSettings(path=self.places.share)
        settings = Settings(source=self.root / "devices.toml", share=share, devices=())
        at = self.now + 5
        found = Found(settings.source, settings, self.places)
        return ControlCentre(lambda: found, now=lambda: at)

    def requests(self) -> list[tuple[str, str | None, str]]:
        """Give all requests that were written: kind, job or device, detail."""
        return [(one.kind, one.job or one.device, one.detail) for one in self.journal.requests()]
