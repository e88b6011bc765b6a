"""Learns what a job's frames cost and how fast its slots are, from the frames that are finished.

A frame's cost is the seconds that a slot of speed 1 would need for it; a slot renders it in cost
/ speed seconds. Both are kept as logarithms: what is learned are ratios. Only products are ever
seen, so the job's first guesses (`performance`) fix the unit, and being wrong by a common factor
changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

FIRST_COST = 30.0
"""The cost that is supposed of a frame before any is known, in seconds."""

SHORTEST = 1e-3
"""Rendering times are taken as at least this many seconds."""

GUESS_DOUBT = 1.5
"""Variance of a first guess's logarithm: weights may be absent or upside down."""

MATE_DOUBT = 0.25
"""The same where another slot of the device is known."""

DRIFT = 0.001
"""How much variance a slot's speed gains with each frame: devices heat up and get company."""

NORMAL = 1.57
"""A normal distribution's variance over its squared mean distance."""

MOVED = 2000
"""Finished frames that are still known when a job's frames change."""

REFITS = frozenset(2**power for power in range(2, 11))
"""Numbers of finished frames after which everything is fitted anew."""


@dataclass(slots=True)
class Pace:
    """How fast a slot is (a logarithm), and how doubtful that is (a variance)."""

    value: float
    doubt: float
    seen: int = 0
    astray: int = 0

    @property
    def speed(self) -> float:
        """Frames of cost 1 per second."""
        return exp(self.value)

    def learn(self, sample: float, noise: float) -> None:
        """Move towards what a frame says; one that is far off counts fully when it's confirmed.

        `noise` is the variance of what a frame's time says.
        """
        total = self.doubt + noise
        gain, off = self.doubt / total, sample - self.value
        limit = 3.0 * sqrt(total)
        if abs(off) <= limit:
            self.astray = 0
        else:
            side = 1 if off > 0 else -1
            self.astray = self.astray + side if self.astray * side > 0 else side
            if abs(self.astray) >= 2:
                self.doubt += off * off
                gain = self.doubt / (self.doubt + noise)
            else:
                off = limit * side
        self.value += gain * off
        self.doubt = (1.0 - gain) * self.doubt + DRIFT
        self.seen += 1


class Line:
    """Known values along the timeline, and what they say of the places between."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.values: dict[int, float] = {}

    def put(self, place: int, value: float) -> None:
        """Add a value, or correct it."""
        if place not in self.values:
            insort(self.places, place)
        self.values[place] = value

    def guess(self, place: int) -> float | None:
        """Draw a line between the two nearest on either side; beyond the ends it goes flat."""
        at = bisect_left(self.places, place)
        after = at + (at < len(self.places) and self.places[at] == place)
        left, right = self._center(max(0, at - 2), at), self._center(after, after + 2)
        if left is None or right is None:
            one = left or right
            return one[1] if one else None
        share = (place - left[0]) / (right[0] - left[0])
        return left[1] + share * (right[1] - left[1])

    def guesses(self, places: Sequence[int]) -> list[float] | None:
        """Do so for places in a row that no known place divides; None where nothing is known."""
        at = bisect_left(self.places, places[0])
        left, right = self._center(max(0, at - 2), at), self._center(at, at + 2)
        if left is None or right is None:
            one = left or right
            return [one[1]] * len(places) if one else None
        slope = (right[1] - left[1]) / (right[0] - left[0])
        return [left[1] + (place - left[0]) * slope for place in places]

    def _center(self, begin: int, end: int) -> tuple[float, float] | None:
        places = self.places[begin:end]
        if not places:
            return None
        values = self.values
        return sum(places) / len(places), sum(values[one] for one in places) / len(places)

    def between(self, place: int, reach: int) -> tuple[int, int]:
        """Give the open interval around a place that no other known place divides."""
        at = bisect_left(self.places, place)
        after = at + (at < len(self.places) and self.places[at] == place)
        left = self.places[at - 1] if at else place - reach
        right = self.places[after] if after < len(self.places) else place + reach
        return max(left, place - reach), min(right, place + reach)


class Costs:
    """What frames cost, by their places in the job (0 for its first).

    Three ways to guess are held against each other: neighbors cost alike; every second one does
    (a job that renders two things in turn); or nothing is like anything, and the mean is best.
    """

    def __init__(self) -> None:
        self.near = Line()
        self._turns = (Line(), Line())
        self._sum = 0.0
        self._plain = 0.0
        self._errors = [0.4, 0.41, 0.42]

    def __len__(self) -> int:
        return len(self.near.places)

    @property
    def noise(self) -> float:
        """Variance of a guess's logarithm, by the guesses so far.

        It comes of their mean distance from the truth, so that one jump doesn't count for much.
        """
        return max(NORMAL * min(self._errors) ** 2, 1e-4)

    @property
    def mean(self) -> float:
        """Mean cost of the known frames, in seconds at speed 1."""
        return self._plain / len(self) if len(self) else FIRST_COST

    def is_known(self, place: int) -> bool:
        """Whether the frame has been rendered."""
        return place in self.near.values

    def _guesses(self, place: int) -> tuple[float, float, float]:
        lines = self._lines(place)
        return self._guess_by(lines[0], place), self._guess_by(lines[1], place), self._middle

    def _lines(self, place: int) -> tuple[Line, Line]:
        return self.near, self._turns[place % 2]

    def _guess_by(self, line: Line, place: int) -> float:
        found = line.guess(place)
        return self._middle if found is None else found

    @property
    def _middle(self) -> float:
        return self._sum / len(self) if len(self) else log(FIRST_COST)

    def guess(self, place: int) -> float:
        """Guess the logarithm of a frame's cost by the others, in the best way so far."""
        errors, lines = self._errors, self._lines(place)
        best = errors.index(min(errors))
        return self._guess_by(lines[best], place) if best < len(lines) else self._middle

    def guesses(self, places: Sequence[int]) -> list[float]:
        """Guess so for places in a row, none of which is known nor divided by one that is."""
        if self._errors.index(min(self._errors)) > 0:
            return [self.guess(place) for place in places]
        found = self.near.guesses(places)
        return [self._middle] * len(places) if found is None else found

    def expected(self, place: int) -> float:
        """Give a frame's expected cost in seconds at speed 1; heavy tails make it larger."""
        known = self.near.values.get(place)
        return exp(known) if known is not None else exp(self.guess(place)) * self.lift

    @property
    def lift(self) -> float:
        """Mean over median of what is guessed: with a heavy tail the mean is what counts."""
        return exp(min(self.noise, 1.5) / 2) if len(self) > 3 else 1.0

    def learn(self, place: int, value: float) -> None:
        """Take a frame's cost (a logarithm) in."""
        if len(self):
            rate = max(0.03, 1.0 / (len(self) + 3))
            for way, guess in enumerate(self._guesses(place)):
                error = min(abs(guess - value), 3.0)
                self._errors[way] += rate * (error - self._errors[way])
        old = self.near.values.get(place)
        if old is not None:
            self._sum -= old
            self._plain -= exp(old)
        self._sum += value
        self._plain += exp(value)
        self.near.put(place, value)
        self._turns[place % 2].put(place, value)

    def replace(self, values: Iterable[tuple[int, float]]) -> None:
        """Correct known costs after a fit."""
        for place, value in values:
            old = self.near.values[place]
            self._sum += value - old
            self._plain += exp(value) - exp(old)
            self.near.put(place, value)
            self._turns[place % 2].put(place, value)
        errors = [0.0, 0.0, 0.0]
        for place in self.near.places:
            for way, guess in enumerate(self._guesses_without(place)):
                errors[way] += min(abs(guess - self.near.values[place]), 3.0)
        self._errors = [error / len(self) for error in errors]

    def _guesses_without(self, place: int) -> tuple[float, float, float]:
        near, turn, mean = self._guesses(place)
        if len(self) > 1:
            mean = (self._sum - self.near.values[place]) / (len(self) - 1)
        return near, turn, mean


@dataclass(slots=True)
class Sample:
    """A finished frame: its place, who rendered it, and the logarithm of the seconds."""

    place: int
    who: tuple[str, int]
    seconds: float


class Learner:
    """One job's costs and its slots' paces, learned together."""

    def __init__(self) -> None:
        self.costs = Costs()
        self.paces: dict[tuple[str, int], Pace] = {}
        self._guesses: dict[tuple[str, int], float] = {}
        self._samples: list[Sample] = []
        self._spread = (0.0, 1.0)
        self._since_compared = 0

    def speed(self, who: tuple[str, int], performance: float) -> float:
        """Give a slot's speed: what it has shown, drawn to the others as far as that's doubtful."""
        pace = self.pace(who, performance)
        if not pace.seen:
            return pace.speed
        middle, spread = self._spread
        own = pace.value - self._guesses[who]
        trust = spread / (spread + pace.doubt)
        return exp(self._guesses[who] + middle + trust * (own - middle))

    def _compare(self) -> None:
        """See how far the slots are from their first guesses, beyond what is mere doubt."""
        seen = [
            (pace.value - self._guesses[who], pace.doubt)
            for who, pace in self.paces.items()
            if pace.seen
        ]
        if len(seen) < 4:
            return
        middle = sum(off for off, _ in seen) / len(seen)
        square = sum((off - middle) ** 2 - doubt for off, doubt in seen) / len(seen)
        self._spread = (middle, max(square, 1e-3))

    def pace(self, who: tuple[str, int], performance: float) -> Pace:
        """Give a slot's pace; an unknown slot is like its device's others, or as it is said."""
        pace = self.paces.get(who)
        if pace is None:
            mates = (
                [one.value for key, one in self.paces.items() if key[0] == who[0] and one.seen]
                if who[1] > 1
                else []
            )
            self._guesses[who] = log(max(performance, 1e-6))
            if mates:
                pace = Pace(sum(mates) / len(mates), MATE_DOUBT)
            else:
                pace = Pace(self._guesses[who], GUESS_DOUBT)
            self.paces[who] = pace
        return pace

    def learn(self, place: int, who: tuple[str, int], performance: float, seconds: float) -> bool:
        """Take a finished frame in; says whether everything was fitted anew."""
        pace = self.pace(who, performance)
        took = log(max(seconds, SHORTEST))
        if len(self.costs):
            pace.learn(self.costs.guess(place) - took, self.costs.noise)
        else:
            pace.seen += 1
        self.costs.learn(place, took + pace.value)
        if len(self.costs) <= max(REFITS):
            self._samples.append(Sample(place, who, took))
        self._since_compared += 1
        if self._since_compared >= len(self.paces):
            self._since_compared = 0
            self._compare()
        if len(self.costs) in REFITS and len(self.paces) > 1:
            self._refit()
            return True
        return False

    def moved(self, places: Sequence[int]) -> Learner:
        """Give a learner that knows the same of a job whose places are now others.

        `places` are the new ones of all old places. Of very many frames the newest count.
        """
        new = Learner()
        for place, value in list(self.costs.near.values.items())[-MOVED:]:
            new.costs.learn(places[place], value)
        new.paces, new._guesses, new._spread = self.paces, self._guesses, self._spread
        new._samples = [
            Sample(places[one.place], one.who, one.seconds)
            for one in self._samples
            if new.costs.is_known(places[one.place])
        ]
        return new

    def _refit(self) -> None:
        """Fit speeds to costs and costs to speeds in turn: the first guesses lose their weight."""
        samples = {sample.place: sample for sample in self._samples}
        by_slot: dict[tuple[str, int], list[Sample]] = {}
        for sample in samples.values():
            by_slot.setdefault(sample.who, []).append(sample)
        for _ in range(4):
            offs = {
                who: [self.costs.guess(one.place) - one.seconds for one in own]
                for who, own in by_slot.items()
            }
            for who, own in offs.items():
                self._settle(who, own)
            self.costs.replace(
                (one.place, one.seconds + self.paces[one.who].value) for one in samples.values()
            )

    def _settle(self, who: tuple[str, int], offs: list[float]) -> None:
        noise = self.costs.noise
        first = self._guesses[who]
        trust = len(offs) / (len(offs) + noise / GUESS_DOUBT)
        offs.sort()
        cut = len(offs) // 4
        kept = offs[cut : len(offs) - cut]
        pace = self.paces[who]
        pace.value = trust * (sum(kept) / len(kept)) + (1.0 - trust) * first
        pace.doubt = max(noise / len(offs), DRIFT)
