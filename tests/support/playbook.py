"""Plays a story to the scheduler: an event in, its decisions out, time passing between."""

from __future__ import annotations

from collections.abc import Iterable

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.decisions import Decision
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, Frame, Job, JobSpec, OutputFile, Run
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.state import Note

RENDER_ERROR = Fault.of(FaultKind.RENDER_ERROR, detail="Render error (Permission denied)")
LINK_LOST = Fault.of(FaultKind.LINK_LOST, device="left")
FILES = (OutputFile("shot_0001.png", 10, "0" * 64),)


class Playbook:
    """A scheduler with its last answer; the invariants are held after every event."""

    def __init__(self, *devices: DeviceSpec) -> None:
        self.scheduler = Scheduler()
        self.now = 1000.0
        self.decisions: tuple[Decision, ...] = ()
        self.notes: tuple[Note, ...] = ()
        if devices:
            self.tell(ev.DevicesSet(devices))
            for device in devices:
                self.tell(ev.DeviceReached(device.name))

    def tell(self, event: Event, after: float = 0.0) -> tuple[Decision, ...]:
        """Let `after` seconds pass, then let an event happen."""
        self.now += after
        step = self.scheduler.handle(event, self.now)
        self.scheduler.check()
        self.decisions, self.notes = step.decisions, step.notes
        return step.decisions

    def add(self, name: str = "shot", frames: Iterable[int] = range(1, 11), **more: object) -> None:
        spec = JobSpec(name, "shot.blend", tuple(frames), **more)  # type: ignore[arg-type]
        self.tell(ev.JobAdded(spec))

    def ready(self, run: str) -> tuple[Decision, ...]:
        return self.tell(ev.RunReady(run, "3.4.1"))

    def render(self, order: do.OrderFrame, seconds: float = 1.0) -> tuple[Decision, ...]:
        """Let a run begin and finish a frame; gives what is decided on its finish."""
        self.tell(ev.FrameStarted(order.run, order.frame, order.number))
        return self.tell(
            ev.FrameRendered(order.run, order.frame, order.number, seconds, FILES), after=seconds
        )

    def finish(self, order: do.OrderFrame) -> tuple[Decision, ...]:
        """Let a frame be rendered and collected; gives what is decided then."""
        self.render(order)
        return self.tell(ev.FrameDone(order.run, order.frame, order.number))

    def fail(self, order: do.OrderFrame, fault: Fault = RENDER_ERROR) -> tuple[Decision, ...]:
        self.tell(ev.FrameStarted(order.run, order.frame, order.number))
        return self.tell(ev.FrameFailed(order.run, order.frame, order.number, fault))

    def orders(self) -> list[do.OrderFrame]:
        return [one for one in self.decisions if isinstance(one, do.OrderFrame)]

    def starts(self) -> list[do.StartRun]:
        return [one for one in self.decisions if isinstance(one, do.StartRun)]

    def job(self, name: str = "shot") -> Job:
        return self.scheduler.farm.jobs[name]

    def frame(self, number: int, job: str = "shot") -> Frame:
        return self.scheduler.farm.frames[job][number]

    def run(self, name: str) -> Run:
        return self.scheduler.farm.runs[name]
