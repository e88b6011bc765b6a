"""A pretended world around the scheduler: devices that hold orders, Blenders that die, copies.

It is a stand-in for engine and devices, for tests of the rules only. It keeps what a real device
would keep (orders, rendered files) across lost links and restarts of the workstation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import OutputFile
from blendtui.farm.scheduler import Scheduler


@dataclass
class Blender:
    """A run as its device sees it."""

    run: str
    job: str
    device: str
    ready: bool = False
    orders: list[tuple[int, int]] = field(default_factory=list)
    started: tuple[int, int] | None = None
    rendered: dict[tuple[int, int], bool] = field(default_factory=dict)
    dead: bool = False
    leaving: bool = False
    unread: list[Event] = field(default_factory=list)


class World:
    """Carries out decisions when asked to, one step at a time, in an order drawn by `chance`."""

    def __init__(self, chance: Random, spoiled: frozenset[int] = frozenset()) -> None:
        self.chance = chance
        self.spoiled = spoiled
        self.scheduler = Scheduler()
        self.now = 1000.0
        self.blenders: dict[str, Blender] = {}
        self.contact: dict[str, bool] = {}
        self.share: dict[tuple[str, int], int] = {}
        self.reports: set[str] = set()
        self.pending: list[do.Decision] = []
        self.forgone: set[str] = set()

    def tell(self, event: Event) -> None:
        """Give the scheduler an event, keep its changes as a store would, hold its invariants."""
        step = self.scheduler.handle(event, self.now)
        self.scheduler.check()
        self.pending.extend(step.decisions)

    def reach(self, device: str) -> None:
        self.contact[device] = True
        self.tell(ev.DeviceReached(device))

    def lose(self, device: str) -> None:
        """Cut a device off; what the engine was doing with it fails."""
        self.contact[device] = False
        cut = [d for d in self.pending if not isinstance(d, do.FinishJob)]
        cut = [decision for decision in cut if decision.run.split(".")[0] == device]
        self.pending = [decision for decision in self.pending if decision not in cut]
        for decision in cut:
            self.tell(decision.failed(Fault.of(FaultKind.LINK_LOST)))
        self.tell(ev.DeviceLost(device, Fault.of(FaultKind.LINK_LOST)))

    def kill(self, run: str) -> None:
        """Kill a Blender; the log says so."""
        blender = self.blenders[run]
        if not blender.dead:
            blender.dead = True
            blender.unread.append(ev.RunEnded(run, Fault.of(FaultKind.BLENDER_KILLED)))

    def perform(self) -> None:
        """Carry out one decision, of the first few."""
        if not self.pending:
            return
        decision = self.pending.pop(self.chance.randrange(min(3, len(self.pending))))
        answer = self._perform(decision)
        if answer is not None:
            self.tell(answer)

    def _perform(self, decision: do.Decision) -> Event | None:
        if isinstance(decision, do.FinishJob):
            self.reports.add(decision.job)
            return ev.JobReported(decision.job)
        device = decision.run.split(".")[0]
        if not self.contact.get(device):
            return decision.failed(Fault.of(FaultKind.LINK_LOST))
        if isinstance(decision, do.StartRun):
            if decision.run in self.forgone:
                return ev.RunEnded(decision.run)
            if decision.run not in self.blenders:
                self.blenders[decision.run] = Blender(decision.run, decision.job, device)
            return None
        return self._serve(self.blenders.get(decision.run), decision)

    def _serve(self, blender: Blender | None, decision: do.Decision) -> Event | None:
        if isinstance(decision, do.CloseRun):
            self.blenders.pop(decision.run, None)
            return ev.RunClosed(decision.run)
        if blender is None:
            if isinstance(decision, do.StopRun):
                self.forgone.add(decision.run)
            return None
        if isinstance(decision, do.CollectFrame):
            key = (decision.job, decision.frame)
            self.share[key] = self.share.get(key, 0) + 1
            return ev.FrameDone(decision.run, decision.frame, decision.number)
        if isinstance(decision, do.OrderFrame):
            self._order(blender, (decision.frame, decision.number))
        elif isinstance(decision, do.DropFrame):
            if (decision.frame, decision.number) in blender.orders:
                blender.orders.remove((decision.frame, decision.number))
                blender.unread.append(ev.FrameDropped(blender.run, decision.frame, decision.number))
        elif isinstance(decision, do.DiscardFrame):
            blender.rendered.pop((decision.frame, decision.number), None)
        elif isinstance(decision, do.StopRun):
            blender.leaving = True
        return None

    def _order(self, blender: Blender, key: tuple[int, int]) -> None:
        if key not in blender.orders and key not in blender.rendered and key != blender.started:
            blender.orders.append(key)

    def work(self, run: str) -> None:
        """Let a Blender do one thing: come up, begin a frame, finish one, or leave."""
        blender = self.blenders[run]
        if blender.dead:
            return
        if not blender.ready:
            blender.ready = True
            blender.unread.append(ev.RunReady(run, "3.4.1"))
        elif blender.started is not None:
            self._finish(blender, *blender.started)
        elif blender.leaving:
            blender.dead = True
            blender.unread.append(ev.RunEnded(run))
        elif blender.orders:
            blender.started = blender.orders.pop(0)
            blender.unread.append(ev.FrameStarted(run, *blender.started))

    def _finish(self, blender: Blender, frame: int, number: int) -> None:
        blender.started = None
        if frame in self.spoiled:
            fault = Fault.of(FaultKind.RENDER_ERROR, detail=f"frame {frame} is bad")
            blender.unread.append(ev.FrameFailed(blender.run, frame, number, fault))
            return
        blender.rendered[(frame, number)] = True
        files = (OutputFile(f"{frame:04d}.png", 10, "0" * 64),)
        blender.unread.append(ev.FrameRendered(blender.run, frame, number, 1.0, files))

    def read(self, run: str) -> None:
        """Let the workstation read one line of a run's log, if it has contact."""
        blender = self.blenders[run]
        known = self.scheduler.farm.runs.get(run)
        if blender.unread and self.contact.get(blender.device) and known and known.attached:
            self.tell(blender.unread.pop(0))

    def settle(self, turns: int = 20_000) -> None:
        """Let everything go on without further faults until all jobs are over."""
        for _ in range(turns):
            if self.is_over():
                return
            self.now += 1.0
            self.perform()
            for run in list(self.blenders):
                self.work(run)
                if run in self.blenders:
                    self.read(run)
            self.tell(ev.Tick())
        raise AssertionError(f"the farm never came to rest: {self.scheduler.farm.jobs}")

    def is_over(self) -> bool:
        farm = self.scheduler.farm
        return not self.pending and all(
            not job.is_open and job.reported for job in farm.jobs.values()
        )
