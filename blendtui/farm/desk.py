"""What the rules keep in mind of one open job: its waiting frames, its runs, what was learned."""

from __future__ import annotations

from math import sqrt

from blendtui.farm.device import Device
from blendtui.farm.estimate import Learner
from blendtui.farm.model import Attempt, AttemptState, Frame, Job, Run, RunState
from blendtui.farm.parts import frame_of, is_part
from blendtui.farm.plan import horizon
from blendtui.farm.pool import Pool, place_of

LEAST_DOUBT = 0.05
"""How much longer than thought a frame may always take, as a part of the time it has taken."""

GRAINS = 256
"""Into so many pieces parts are thought to be cut, to see how long slots need for all of them."""

FREE_LOOKS = 16
"""A horizon is good for one look of each so many of the job's slots."""

TRADING = 2e-4
"""Seconds between two trades, for each of the job's slots: many slots are looked through then."""


class Desk:
    """One job's; `numbers` are all frames that it ever had.

    `parts` are those that wait, and frames that wait to be merged, by number; what they are
    expected to cost is a share of their frame's. `fresh` are runs that could take a frame and were
    not yet asked; `resting` were asked, and nothing was worth giving to them. No frame before the
    place `first` waits.
    """

    def __init__(self, job: Job, numbers: tuple[int, ...], learner: Learner | None = None) -> None:
        self.job = job
        self.numbers = numbers
        self.learner = learner or Learner()
        self.pool = Pool(len(self.numbers), self.learner.costs)
        self.parts: dict[int, Frame] = {}
        self._shares: dict[int, float] = {}
        self.first = 0
        self.runs: dict[str, Run] = {}
        self.fresh: dict[str, Run] = {}
        self.resting: dict[str, Run] = {}
        self.rate = 0.0
        self.overdue: dict[tuple[str, int, int], Attempt] = {}
        self.shunned: dict[int, Frame] = {}
        self._taken: dict[int, list[str]] = {}
        self._rested: dict[str, int] = {}
        self._costs: dict[int, tuple[int, float]] = {}
        self._end = 0.0
        self._soonest = (0.0, 0.0)
        self._checked = 0
        self._looks = 0
        self._next_trade = 0.0
        self._owed = False

    def enlarged(self, numbers: tuple[int, ...]) -> Desk:
        """Give a desk for more frames, which knows what was learned; nothing waits in it yet."""
        places = [place_of(numbers, frame) for frame in self.numbers]
        desk = Desk(self.job, numbers, self.learner.moved(places))
        desk.overdue, desk._taken, desk._shares = self.overdue, self._taken, self._shares
        desk.pool.begin()
        return desk

    def place(self, frame: int) -> int:
        """Give the place in the job of a frame, or of that which a part belongs to."""
        return place_of(self.numbers, frame_of(frame))

    def resize(self, number: int, share: float | None) -> None:
        """Note how much of its frame's work a part is, or merging it; None for a whole frame."""
        if share is None:
            self._shares.pop(number, None)
        else:
            self._shares[number] = share

    @property
    def work(self) -> float:
        """What all that waits is expected to cost, in seconds at speed 1."""
        return self.pool.work + sum(self.cost(number) for number in self.parts)

    def unit(self, most: int) -> float:
        """Give the cost of one of the pieces that are given out last, of `most` slots."""
        return self.work / GRAINS if self.parts else self.pool.lightest(most)

    @property
    def waits(self) -> bool:
        """Whether something waits for a slot."""
        return self.pool.count > 0 or bool(self.parts)

    def wake(self) -> None:
        """Have the resting runs asked again."""
        self.fresh.update(self.resting)
        self.resting.clear()

    def note_taken(self, attempt: Attempt) -> None:
        """Remember that a frame was taken back from a run, so that it doesn't go to and fro."""
        self._taken.setdefault(attempt.frame, []).append(attempt.run)

    def was_taken(self, frame: int, run: Run) -> bool:
        """Whether a frame was taken back from the run before."""
        return run.id in self._taken.get(frame, ())

    def note_hunger(self, run: Run, takes: bool) -> None:
        """Note whether a run could take a frame; one that was asked is asked again with less."""
        if takes and run.id in self.resting and run.in_hand >= self._rested.get(run.id, 0):
            return
        self.resting.pop(run.id, None)
        if takes:
            self.fresh[run.id] = run
        else:
            self.fresh.pop(run.id, None)

    def rest(self, run: Run) -> None:
        """Ask the run again only when something changes."""
        self.resting[run.id] = run
        self._rested[run.id] = run.in_hand

    def begins_trade(self, now: float) -> bool:
        """Whether runs may take over from others now; else it's owed to them."""
        # A clock that was set back must not hold it up.
        gap = TRADING * len(self.runs)
        self._owed = 0.0 < self._next_trade - now <= gap
        if not self._owed:
            self._next_trade = now + gap
        return not self._owed

    def owes_trade(self, now: float) -> bool:
        """Whether runs wait for a trade that may be now."""
        return self._owed and not self._next_trade - now > 0.0

    def set_waiting(self, frame: Frame, waits: bool) -> None:
        """Note whether a frame waits."""
        if frame.samples is not None:
            self._set_part(frame, waits)
            return
        place = self.place(frame.number)
        if waits:
            self.first = min(self.first, place)
            self.pool.add(place)
            self.wake()
        else:
            self.pool.remove(place)

    def _set_part(self, part: Frame, waits: bool) -> None:
        if waits:
            self.parts[part.number] = part
            self.wake()
        else:
            self.parts.pop(part.number, None)

    def learn(self, attempt: Attempt, device: Device, seconds: float) -> None:
        """Learn from a finished frame."""
        place = self.place(attempt.frame)
        slot, share = attempt.slot, self._shares.get(attempt.frame)
        if is_part(attempt.frame) is (share is None):
            return  # to merge says nothing about rendering, nor does a part that is forgotten
        again = self.learner.learn(
            place, (slot.device, slot.number), device.spec.performance, seconds / (share or 1.0)
        )
        self.pool.learned(place)
        self._costs.pop(attempt.frame, None)
        self._taken.pop(attempt.frame, None)
        if again:
            self.pool.refresh()

    def speed(self, device: Device, number: int) -> float:
        """Give a slot's speed for this job."""
        return self.learner.speed((device.name, number), device.spec.performance)

    def cost(self, frame: int) -> float:
        """Give the expected cost of a frame in hand; it's kept while little is learned."""
        if frame in self._shares:
            return self.pool.cost(self.place(frame)) * self._shares[frame]
        known = len(self.learner.costs)
        kept = self._costs.get(frame)
        if kept is None or known > kept[0]:
            kept = (known + known // 16, self.pool.cost(self.place(frame)))
            self._costs[frame] = kept
        return kept[1]

    def seconds(self, frame: int, device: Device, number: int) -> float:
        """Give the time that a slot is expected to need for a frame."""
        return self.cost(frame) / self.speed(device, number)

    def left(self, attempt: Attempt, device: Device, now: float) -> float:
        """Give the time until a frame that was begun is expected to be rendered."""
        slot = attempt.slot
        taken = now - (attempt.started if attempt.started is not None else now)
        pace = self.learner.pace((slot.device, slot.number), device.spec.performance)
        doubt = sqrt(self.learner.costs.noise + pace.doubt) / 2
        expected = self.seconds(attempt.frame, device, slot.number)
        # A frame that is over its time by some seconds may well take as many more.
        return max(abs(expected - taken), min(1.0, LEAST_DOUBT + doubt) * taken)

    def look_at(self, run: Run, device: Device, now: float) -> None:
        """Note when a run will be free."""
        run.free_at = self.free_at(run, device, now)

    def free_at(self, run: Run, device: Device, now: float) -> float:
        """Work out when a run will be free."""
        if run.state is RunState.STARTING:
            return now + start_left(run, device, now)
        end = self.current_end(run, device, now)
        lag = self.lag(run, device, now)
        for attempt in run.attempts.values():
            if attempt.state is AttemptState.ORDERED:
                end += lag * self.seconds(attempt.frame, device, run.slot.number)
        return end

    def current_end(self, run: Run, device: Device, now: float) -> float:
        """Give the time at which a run is expected to have rendered the frame that it is at."""
        at = run.rendering
        return now if at is None else now + self.left(at, device, now)

    def lag(self, run: Run, device: Device, now: float) -> float:
        """Give how much slower than thought a slot seems by the frame that it is at.

        A slot that has not finished any frame is only known by the time that its first one takes.
        """
        at = run.rendering
        if at is None or at.started is None:
            return 1.0
        taken = now - at.started
        expected = self.seconds(at.frame, device, run.slot.number)
        if taken <= expected:
            return 1.0
        doubt = self.learner.pace((device.name, run.slot.number), device.spec.performance).doubt
        return float((taken / expected) ** (doubt / (doubt + self.learner.costs.noise)))

    def slots(
        self, devices: dict[str, Device], now: float, unit: float
    ) -> list[tuple[float, float]]:
        """Give the job's slots for a plan: when each is free, and its seconds for a unit."""
        found: list[tuple[float, float]] = []
        for run in self.runs.values():
            device = devices[run.slot.device]
            if run.state is RunState.STOPPING or not device.contact:
                continue
            if run.free_at < now:
                self.look_at(run, device, now)
            lag = self.lag(run, device, now)
            found.append((run.free_at, lag * unit / self.speed(device, run.slot.number)))
        self.rate = sum(unit / each for _, each in found)
        return found

    def some_runs(self, most: int) -> list[Run]:
        """Give some of the job's runs, others with each call."""
        runs = list(self.runs.values())
        begin = self._checked if self._checked < len(runs) else 0
        self._checked = begin + most
        return runs[begin : begin + most]

    def end(self, devices: dict[str, Device], now: float) -> float:
        """Give the time by which the slots can finish all that waits; it's kept for a while."""
        self._looks -= 1
        if self._looks > 0 and self._end > now:
            return self._end
        unit = self.pool.lightest(len(self.runs))
        slots = self.slots(devices, now, unit)
        self._looks = len(slots) // FREE_LOOKS
        work = self.pool.work
        if not slots or work <= 0:
            self._end = plan_end(slots, unit, work, 0.0)
            return self._end
        units = self.pool.heaviest() / unit
        soonest, free, each = min((free + each * units, free, each) for free, each in slots)
        self._soonest = (free, each / unit)
        self._end = max(horizon(slots, work / unit), soonest)
        return self._end

    def end_with(self, cost: float, devices: dict[str, Device], now: float) -> float:
        """Give the time by which the slots can finish all that waits, a frame that costs so much
        among it; it may be dearer than those like it.
        """
        end = self.end(devices, now)
        free, each = self._soonest
        return max(end, free + each * cost)


def plan_end(slots: list[tuple[float, float]], unit: float, work: float, heaviest: float) -> float:
    """Give the time by which slots can finish so much work, the dearest frame included."""
    if not slots or work <= 0:
        return max((free for free, _ in slots), default=0.0)
    soonest = min(free + each * (heaviest / unit) for free, each in slots)
    return max(horizon(slots, work / unit), soonest)


def start_left(run: Run, device: Device, now: float) -> float:
    """Give the time until a run that is starting is expected to be ready."""
    taken = now - run.started
    expected = device.start_times.expected(device.has_project(run.job)) or 0.0
    return max(expected - taken, 0.1 * taken)
