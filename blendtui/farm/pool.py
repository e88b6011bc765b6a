"""A job's waiting frames, sorted by what they are expected to cost.

First some frames all along the timeline are given out, to learn what frames cost; then the dear
ones, so that cheap ones are left to fill the gaps at the end; among equals the order is the
timeline's. What a frame is expected to cost is looked at anew when one near it is finished.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable
from math import exp, gcd

from blendtui.farm.estimate import Costs

GRADE = 0.25
"""Costs are sorted into grades: a step of one is this much of the cost's logarithm."""

PROBE_STEP = 7
"""One of so many frames is a probe. Odd, so that jobs that render two things in turn show both."""

PROBED = 28
"""Jobs of fewer frames are rendered in the timeline's order until costs are known."""

GOLDEN = 0.618034
"""Steps of this part of a line, round and round, stay far from each other."""

REACH = 16
"""How many frames to either side a finished frame tells about."""

LEAST = 1e-6
"""The least that a frame is expected to cost, in seconds: sums that were taken from drift."""

ABSENT = -128
WORST_GRADE = 100


class Pool:
    """Which frames wait, by place in the job, and what they are expected to cost."""

    def __init__(self, size: int, costs: Costs) -> None:
        self.count = 0
        self._costs = costs
        self._grades = array("b", [ABSENT]) * size
        self._guesses = array("d", [0.0]) * size
        self._guessed = bytearray(size)
        self._heaps: dict[int, list[int]] = {}
        self._order: list[int] = []
        self._counts: dict[int, int] = {}
        self._sums: dict[int, float] = {}
        self._fresh = 0
        self._center: float | None = None
        self._probes = scattered(size, 0) if size >= PROBED else []
        self._scouts = scattered(size, PROBE_STEP // 2) if size >= PROBED else []

    def begin(self) -> None:
        """Use what is known of costs already, before anything waits."""
        self._center = next(iter(self._costs.near.values.values()), None)

    def add(self, place: int) -> None:
        """Let a frame wait."""
        if self._grades[place] == ABSENT:
            self.count += 1
            self._enter(place)

    def remove(self, place: int) -> None:
        """Let a frame wait no longer."""
        if self._grades[place] != ABSENT:
            self.count -= 1
            self._leave(place)

    def _enter(self, place: int) -> None:
        if self._center is None:
            self._fresh += 1
            self._stand(place, 0)
        else:
            self._enter_guessed(place, self._costs.guess(place), self._center)

    def _enter_guessed(self, place: int, guess: float, center: float) -> None:
        self._guessed[place] = 1
        self._guesses[place] = exp(guess)
        grade = _grade(guess, center)
        self._sums[grade] = self._sums.get(grade, 0.0) + self._guesses[place]
        self._stand(place, grade)

    def _stand(self, place: int, grade: int) -> None:
        if grade not in self._heaps:
            self._heaps[grade] = []
            insort(self._order, grade)
        self._grades[place] = grade
        self._counts[grade] = self._counts.get(grade, 0) + 1
        heapq.heappush(self._heaps[grade], place)

    def _leave(self, place: int) -> None:
        grade = self._grades[place]
        self._grades[place] = ABSENT
        self._counts[grade] -= 1
        if self._guessed[place]:
            self._guessed[place] = 0
            self._sums[grade] -= self._guesses[place]
        else:
            self._fresh -= 1

    def learned(self, place: int) -> None:
        """Look anew at the waiting frames that a finished one tells about."""
        if self._center is None:
            self._center = self._costs.near.values[place]
        left, right = self._costs.near.between(place, REACH)
        self._look_anew(max(0, left + 1), place, self._center)
        if self._grades[place] != ABSENT:
            self._leave(place)
            self._enter(place)
        self._look_anew(place + 1, min(len(self._grades), right), self._center)

    def _look_anew(self, begin: int, end: int, center: float) -> None:
        """Guess anew what waits from one place to another; none between them is known."""
        places = [place for place in range(begin, end) if self._grades[place] != ABSENT]
        guesses = self._costs.guesses(places) if places else []
        for place, guess in zip(places, guesses, strict=True):
            grade = self._grades[place]
            if self._guessed[place] and _grade(guess, center) == grade:
                cost = exp(guess)
                self._sums[grade] += cost - self._guesses[place]
                self._guesses[place] = cost
            else:
                self._leave(place)
                self._enter_guessed(place, guess, center)

    def refresh(self, most: int = 2000) -> None:
        """Look anew at all waiting frames, or at the first `most`, after costs were fitted anew."""
        seen = 0
        for place, grade in enumerate(self._grades):
            if grade != ABSENT and self._guessed[place]:
                self._leave(place)
                self._enter(place)
                seen += 1
                if seen >= most:
                    return

    def cost(self, place: int) -> float:
        """Give a frame's expected cost, in seconds at speed 1."""
        if self._grades[place] == ABSENT:
            return self._costs.expected(place)
        if self._guessed[place]:
            return self._guesses[place] * self._costs.lift
        return self._costs.mean

    @property
    def work(self) -> float:
        """All waiting frames' expected cost."""
        known = sum(self._sums.values())
        return max(0.0, known) * self._costs.lift + self._fresh * self._costs.mean

    def lightest(self, most: int) -> float:
        """Mean expected cost of the cheapest `most` frames: those that are given out last."""
        count, work = 0, 0.0
        for grade in self._order:
            own = self._counts[grade]
            if own:
                count += own
                work += self._sums.get(grade, 0.0) * self._costs.lift
                if grade == 0:
                    work += self._fresh * self._costs.mean
                if count >= most:
                    break
        return max(work / count, LEAST) if count else self._costs.mean

    def heaviest(self) -> float:
        """Expected cost of the frames in the dearest grade."""
        for grade in reversed(self._order):
            own = self._counts[grade]
            if own:
                work = self._sums.get(grade, 0.0) * self._costs.lift
                work += self._fresh * self._costs.mean if grade == 0 else 0.0
                return work / own
        return 0.0

    def pick(self, limit: float, may: Callable[[int], bool]) -> int | None:
        """Choose a frame that costs at most `limit` and that `may` allows; it goes on waiting."""
        found = self._pick_probe(limit, may)
        if found is None and self._fresh:
            found = self._pick_scout(limit, may)
        if found is not None:
            return found
        for grade in reversed(self._order):
            if self._counts[grade]:
                found = self._pick(grade, limit, may)
                if found is not None:
                    return found
        return None

    def _pick_probe(self, limit: float, may: Callable[[int], bool]) -> int | None:
        while self._probes and self._grades[self._probes[-1]] == ABSENT:
            self._probes.pop()
        if not self._probes:
            return None
        place = self._probes[-1]
        return place if self.cost(place) <= limit and may(place) else None

    def _pick_scout(self, limit: float, may: Callable[[int], bool]) -> int | None:
        """Choose a frame of which nothing is known yet, as long as the probes have no answer."""
        scouts = self._scouts
        while scouts and (self._grades[scouts[-1]] == ABSENT or self._guessed[scouts[-1]]):
            scouts.pop()
        if not scouts:
            return None
        return scouts[-1] if self.cost(scouts[-1]) <= limit and may(scouts[-1]) else None

    def _pick(self, grade: int, limit: float, may: Callable[[int], bool]) -> int | None:
        heap = self._heaps[grade]
        passed: list[int] = []
        found: int | None = None
        while heap and found is None:
            place = heap[0]
            own = self._grades[place]
            if own != grade:
                heapq.heappop(heap)
            elif self.cost(place) > limit:
                break
            elif may(place):
                found = place
            else:
                passed.append(heapq.heappop(heap))
        for place in passed:
            heapq.heappush(heap, place)
        return found


def _grade(guess: float, center: float) -> int:
    return max(-WORST_GRADE, min(WORST_GRADE, round((guess - center) / GRADE)))


def scattered(size: int, offset: int) -> list[int]:
    """Give the probes' places, the last one first: each far from those before it.

    Were they given out along the timeline, slow slots could not be told from dear stretches.
    """
    count = -(-(size - offset) // PROBE_STEP)
    step = max(1, round(count * GOLDEN))
    while gcd(step, count) > 1:
        step += 1
    places = [order * step % count * PROBE_STEP + offset for order in range(count)]
    return places[::-1]


def place_of(numbers: tuple[int, ...], frame: int) -> int:
    """Give a frame's place in its job; `numbers` are in ascending order."""
    return bisect_left(numbers, frame)
