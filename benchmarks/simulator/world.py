"""The virtual farm around the real scheduler: devices, Blenders and the time that all takes.

It stands in for engine, SSH and Blender. Events come as the real engine gives them, with the
latencies of a local network.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from benchmarks.simulator.bound import Machine
from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, JobSpec, OutputFile
from blendtui.farm.scheduler import Scheduler

ORDER, LINE, COLLECT, CLOSE = 0.005, 0.002, 0.02, 0.02
"""Seconds: an order to a device, a line of its log back, a frame to the share, a folder away."""

NOTICED = 15.0
"""Seconds until keep-alives notice a dead device."""

FILES = (OutputFile("f.png", 1, "0" * 64),)


@dataclass(slots=True)
class SimRun:
    """A Blender on a simulated device."""

    name: str
    machine: Machine
    is_ready: bool = False
    is_dead: bool = False
    is_leaving: bool = False
    current: tuple[int, int] | None = None
    queue: list[tuple[int, int]] = field(default_factory=list)


class Simulation:
    """Runs one job to its last frame; `makespan` is when that reached the share."""

    def __init__(
        self, machines: Sequence[Machine], costs: Sequence[float], *, timed: bool = False
    ) -> None:
        self._machines = {machine.name: machine for machine in machines}
        self._costs = costs
        self._now = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = itertools.count()
        self._runs: dict[str, SimRun] = {}
        self._dead: set[str] = set()
        self._scheduler = Scheduler()
        self._left = len(costs)
        self._timed = timed
        self.times: list[float] = []
        self.forecasts: list[tuple[float, float]] = []
        self.makespan = 0.0

    def run(self) -> float:
        """Play until the job is done; gives the makespan in virtual seconds."""
        specs = tuple(
            DeviceSpec(one.name, slots=one.slots, performance=one.weight)
            for one in self._machines.values()
        )
        self._tell(ev.DevicesSet(specs))
        for name, machine in self._machines.items():
            self._tell(ev.DeviceReached(name))
            for begin, end in machine.gaps:
                self._at(begin, partial(self._die, name))
                if end != float("inf"):
                    self._at(end, partial(self._return, name))
        frames = tuple(range(1, len(self._costs) + 1))
        self._tell(ev.JobAdded(JobSpec("shot", "shot.blend", frames)))
        self._at(1.0, self._tick)
        while self._left:
            self._now, _, action = heapq.heappop(self._agenda)
            action()
        return self.makespan

    def worst_forecast(self, since: float) -> float:
        """Give how far the worst forecast was off that was made after that part of the time."""
        whole = self.makespan
        offs = [abs(said - whole) / whole for at, said in self.forecasts if at >= since * whole]
        return max(offs, default=0.0)

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._serial), action))

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._at(self._now + seconds, action)

    def _tick(self) -> None:
        self._tell(ev.Tick())
        if not self._timed:
            found = self._scheduler.forecast(self._now).jobs.get("shot")
            if found is not None:
                self.forecasts.append((self._now, found.expected))
        self._after(1.0, self._tick)

    def _tell(self, event: Event) -> None:
        begun = time.perf_counter() if self._timed else 0.0
        step = self._scheduler.handle(event, self._now)
        if self._timed:
            self.times.append(time.perf_counter() - begun)
        for decision in step.decisions:
            self._perform(decision)

    def _hear(self, run: SimRun, event: Event) -> None:
        """Let a line of a run's log arrive, if its device is there by then."""

        def arrive() -> None:
            if run.machine.name not in self._dead:
                self._tell(event)

        self._after(LINE, arrive)

    # decisions

    def _perform(self, decision: do.Decision) -> None:
        match decision:
            case do.FinishJob():
                self._after(LINE, lambda: self._tell(ev.JobReported(decision.job)))
            case do.StartRun():
                self._start(decision)
            case _:
                run = self._runs.get(decision.run)
                if run is not None and run.machine.name not in self._dead:
                    self._after(ORDER, lambda: self._obey(run, decision))

    def _start(self, decision: do.StartRun) -> None:
        machine = self._machines[decision.slot.device]
        if machine.name in self._dead:
            return
        known = self._runs.get(decision.run)
        if known is not None:
            if known.is_dead:
                killed = Fault.of(FaultKind.BLENDER_KILLED)
                self._hear(known, ev.RunEnded(known.name, killed))
            return
        run = self._runs[decision.run] = SimRun(decision.run, machine)
        self._after(machine.start, lambda: self._ready(run))

    def _ready(self, run: SimRun) -> None:
        if not run.is_dead:
            run.is_ready = True
            self._hear(run, ev.RunReady(run.name, "3.4.1"))
            self._go_on(run)

    def _obey(self, run: SimRun, decision: do.Decision) -> None:
        match decision:
            case do.OrderFrame():
                if not run.is_dead:
                    run.queue.append((decision.frame, decision.number))
                    self._go_on(run)
            case do.DropFrame():
                key = (decision.frame, decision.number)
                if key in run.queue:
                    run.queue.remove(key)
                    self._hear(run, ev.FrameDropped(run.name, *key))
            case do.CollectFrame():
                self._after(COLLECT, lambda: self._collected(run, decision))
            case do.StopRun():
                run.is_leaving = True
                if decision.at_once:
                    run.is_dead = True
                    self._hear(run, ev.RunEnded(run.name))
                self._go_on(run)
            case do.CloseRun():
                self._after(CLOSE, lambda: self._closed(run))

    def _collected(self, run: SimRun, decision: do.CollectFrame) -> None:
        if run.machine.name in self._dead:
            return
        frames = self._scheduler.farm.frames["shot"]
        was_done = frames[decision.frame].state == "done"
        self._tell(ev.FrameDone(run.name, decision.frame, decision.number))
        if not was_done and frames[decision.frame].state == "done":
            self._left -= 1
            self.makespan = self._now

    def _closed(self, run: SimRun) -> None:
        if run.machine.name not in self._dead:
            self._runs.pop(run.name, None)
            self._tell(ev.RunClosed(run.name))

    # Blenders

    def _go_on(self, run: SimRun) -> None:
        if run.is_dead or not run.is_ready or run.current is not None:
            return
        if run.is_leaving:
            run.is_dead = True
            self._hear(run, ev.RunEnded(run.name))
        elif run.queue:
            run.current = run.queue.pop(0)
            frame, number = run.current
            self._hear(run, ev.FrameStarted(run.name, frame, number))
            seconds = self._costs[frame - 1] / run.machine.speed
            self._after(seconds, lambda: self._rendered(run, frame, number, seconds))

    def _rendered(self, run: SimRun, frame: int, number: int, seconds: float) -> None:
        if run.is_dead:
            return
        run.current = None
        self._hear(run, ev.FrameRendered(run.name, frame, number, seconds, FILES))
        self._go_on(run)

    # deaths

    def _die(self, name: str) -> None:
        self._dead.add(name)
        for run in self._runs.values():
            if run.machine.name == name:
                run.is_dead = True
        lost = Fault.of(FaultKind.LINK_LOST, device=name)
        self._after(NOTICED, lambda: self._tell(ev.DeviceLost(name, lost)))

    def _return(self, name: str) -> None:
        self._dead.discard(name)
        self._after(1.0, lambda: self._tell(ev.DeviceReached(name)))
