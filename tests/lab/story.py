"""One random run: a seed gives a job and its faults over time; then all must be as without."""

from __future__ import annotations

import contextlib
import heapq
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from blendtui.store.views import Views
from tests.lab.kinds import FOR_GOOD, KINDS, Fault, InTheWayError
from tests.lab.lab import Lab
from tests.lab.truth import remains, violations

JOB = "shot"
FRAMES = 60
"""Frames of the scene that jobs are drawn from."""

LIMIT = 420.0
"""Seconds after the last fault within which a job must get on: with a frame, or to its end."""

PATIENCE = 40
"""Times that the end of a fault is tried, a second apart."""

TIDY = 100.0
"""Seconds after a job's end within which nothing of it may be left on the devices."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed stands for."""

    seed: int
    hosts: int
    slots: int
    frames: tuple[int, ...]
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        count = f"{len(self.frames)} frames, {self.hosts} hosts with {self.slots} slots"
        return f"seed {self.seed}: {count}\n{lines}"


@dataclass(slots=True)
class Outcome:
    """How a run ended: faults that really happened, by kind, and all that was wrong."""

    plan: Plan
    injected: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    healing: float = 0.0


def draw(seed: int, quick: bool = False) -> Plan:
    """Make the plan of a seed: the same one for ever."""
    random_ = random.Random(f"{seed} quick" if quick else seed)
    hosts = 2 if quick else random_.choice((2, 2, 3))
    slots = 1 if quick else random_.choice((1, 1, 2))
    count = random_.randint(20, 35) if quick else random_.randint(30, FRAMES)
    frames = tuple(sorted(random_.sample(range(1, FRAMES + 1), count)))
    span = 8.0 if quick else random_.choice((10.0, 20.0, 30.0))
    number = random_.randint(5, 8) if quick else random_.randint(5, 20)
    faults: list[Fault] = []
    busy: dict[str, list[tuple[float, float]]] = {}
    for _ in range(number):
        fault = _fault(random_, hosts, span, quick, busy)
        if fault is not None:
            faults.append(fault)
    return Plan(seed, hosts, slots, frames, tuple(sorted(faults, key=lambda one: one.at)))


def _fault(
    random_: random.Random,
    hosts: int,
    span: float,
    quick: bool,
    busy: dict[str, list[tuple[float, float]]],
) -> Fault | None:
    """Draw a fault for something that has no other one at that time."""
    for _ in range(50):
        name = random_.choice(sorted(KINDS))
        kind = KINDS[name]
        host, choice = random_.randrange(hosts), random_.randrange(8)
        at = round(random_.uniform(0.0, span), 1)
        lasts = random_.choice(kind.quick if quick else kind.lasts)
        if lasts == FOR_GOOD and host == 0:
            continue  # somebody must be left to finish the job
        target = f"host{host}" if kind.target == "host" else kind.target
        taken = busy.setdefault(target, [])
        if all(at > end + 0.5 or at + lasts + 0.5 < begin for begin, end in taken):
            taken.append((at, at + lasts))
            return Fault(name, at, lasts, host, choice)
    return None


class Story:
    """Plays a plan in a lab."""

    def __init__(self, plan: Plan, lab: Lab, expected: Path, tell: Callable[[str], None]) -> None:
        self.plan, self.lab = plan, lab
        self.outcome = Outcome(plan)
        self._expected = expected
        self._tell = tell
        self._begun = time.monotonic()
        self._lasting: list[Fault] = []
        self._late: list[Fault] = []
        self._in_the_way: Counter[Fault] = Counter()

    def play(self, blend: Path, rendering: bool = False) -> Outcome:
        """Drop the job, let the faults happen, and look at what came of it.

        The first of them waits for the first frame if `rendering`: before that there is no Blender
        to strike, and no file.
        """
        started = time.monotonic()
        station = self.lab.workstation
        self.lab.start(slots=self.plan.slots)
        station.watch()
        station.drop(f"{JOB}.zip", blend, {"frames": ",".join(map(str, self.plan.frames))})
        if rendering and not self._wait(partial(self._has_got_on, 0), LIMIT):
            self.outcome.wrong.append("no frame came before the first fault")
        self._begun = time.monotonic()
        self._faults()
        over = time.monotonic()
        if not self._goes_on_to_its_end():
            self.outcome.wrong.append(f"nothing came for {LIMIT:g} s: {self._state()}")
        self.outcome.healing = time.monotonic() - over
        self._say(f"done {self.outcome.healing:.1f} s after the last fault")
        self._bring_back()
        if not self._wait(self._is_tidy, TIDY):
            self._say("the devices are not tidy")
        if station.is_watching and station.stop() != 0:
            self.outcome.wrong.append("the watcher did not end in order")
        wrong = violations(self.lab, JOB, self.plan.frames, self._expected)
        self.outcome.wrong += list(wrong)
        self.outcome.seconds = time.monotonic() - started
        return self.outcome

    def _say(self, text: str) -> None:
        self._tell(f"{time.monotonic() - self._begun:6.1f} s  {text}")

    def _faults(self) -> None:
        """Begin and end all faults at their time; those that are for good only begin."""
        numbers = range(len(self.plan.faults))
        due = [(self.plan.faults[number].at, number, True) for number in numbers]
        heapq.heapify(due)
        while due:
            at, number, begins = heapq.heappop(due)
            fault = self.plan.faults[number]
            while time.monotonic() - self._begun < at:
                self.lab.workstation.keep()
                time.sleep(0.02)
            if not begins:
                if not self._end(fault):
                    heapq.heappush(due, (at + 1.0, number, False))
                continue
            with self._time_stands():
                happened = KINDS[fault.kind].begin(self.lab, fault)
            self._say(f"{'' if happened else 'NOT '}{fault}")
            self.outcome.injected[fault.kind] += happened
            self._lasting.append(fault)
            if fault.lasts != FOR_GOOD:
                end = time.monotonic() - self._begun + fault.lasts
                heapq.heappush(due, (end, number, False))

    @contextlib.contextmanager
    def _time_stands(self) -> Iterator[None]:
        """Put all others off by what is waited for here: two must not strike the same at once."""
        asked = time.monotonic()
        try:
            yield
        finally:
            self._begun += time.monotonic() - asked

    def _end(self, fault: Fault) -> bool:
        """End a fault, if none of the others is in the way of that."""
        kind = KINDS[fault.kind]
        if any(kind.waits_for(fault, other) for other in self._lasting):
            if self._is_away(fault):
                self._late.append(fault)
                return True
            return False
        try:
            with self._time_stands():
                kind.end(self.lab, fault)
        except InTheWayError as error:
            self._in_the_way[fault] += 1
            if self._in_the_way[fault] < PATIENCE:
                return False
            self.lab.complaints.append(str(error))
        if fault in self._lasting:
            self._lasting.remove(fault)
        self._say(f"over: {fault}")
        return True

    def _bring_back(self) -> None:
        """End what was for good, and what could not be ended before."""
        late, gone = self._late, [one for one in self._lasting if one.lasts == FOR_GOOD]
        self._lasting, self._late = [], []
        for fault in gone:
            KINDS[fault.kind].end(self.lab, fault)
        while late:
            if not self._wait(lambda: self._end(late[0]), PATIENCE):
                self.lab.complaints.append(f"could not be ended: {late[0]}")
            del late[0]

    def _is_away(self, fault: Fault) -> bool:
        """Whether the fault's host is away until the job is done."""
        gone = [one for one in self._lasting if one.lasts == FOR_GOOD]
        target = KINDS[fault.kind].target
        return target == "host" and any(one.host == fault.host for one in gone)

    def _wait(self, check: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not check():
            if time.monotonic() > deadline:
                return False
            self.lab.workstation.keep()
            time.sleep(0.1)
        return True

    def _goes_on_to_its_end(self) -> bool:
        """Wait for the job, however slow this machine is, as long as frames come."""
        before = None
        while not self._is_done():
            row = self.lab.workstation.look(lambda views: views.job(JOB))
            now = row.done if row is not None else before
            if now == before and not self._wait(partial(self._has_got_on, before), LIMIT):
                return False
            before = now
        return True

    def _has_got_on(self, before: int | None) -> bool:
        row = self.lab.workstation.look(lambda views: views.job(JOB))
        return row is not None and (row.reported or row.done != before)

    def _is_done(self) -> bool:
        row = self.lab.workstation.look(lambda views: views.job(JOB))
        return row is not None and row.reported

    def _is_tidy(self) -> bool:
        open_runs = self.lab.workstation.look(_open_runs)
        return open_runs == 0 and not any(told for host in self.lab.hosts for told in remains(host))

    def _state(self) -> str:
        return str(self.lab.workstation.look(lambda views: (views.job(JOB), views.runs())))


def _open_runs(views: Views) -> int:
    return sum(run.state != "closed" for run in views.runs())


def play(
    seed: int,
    blend: Path,
    expected: Path,
    *,
    quick: bool = False,
    rendering: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    keep: Path | None = None,
) -> Outcome:
    """Play a seed's run; `expected` has the pictures without faults.

    What a run that went wrong has left for people to read goes to `keep`.
    """
    plan = draw(seed, quick)
    tell(str(plan))
    with Lab(plan.hosts) as lab:
        story = Story(plan, lab, expected, tell)
        try:
            outcome = story.play(blend, rendering)
        except BaseException:
            _keep(lab, keep)
            raise
        if outcome.wrong:
            _keep(lab, keep)
        return outcome


def _keep(lab: Lab, folder: Path | None) -> None:
    if folder is None:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(lab.workstation.output, folder / "output")
    shutil.copytree(lab.workstation.state.back / "files", folder / "state", dirs_exist_ok=True)
    shutil.copytree(lab.workstation.share.back / "files", folder / "share", dirs_exist_ok=True)
    for host in lab.hosts:
        shutil.copytree(host.disk.back / "files", folder / host.name, dirs_exist_ok=True)
