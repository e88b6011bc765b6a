"""The shortest time in which slots can finish what waits: what every choice is held against."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from math import ceil

Slot = tuple[float, float]
"""When a slot is free, and the seconds that it needs for a frame."""

ALMOST = 1e-9


def horizon(slots: Sequence[Slot], frames: float) -> float:
    """Give the earliest time by which the slots can have rendered so many equal frames.

    Whole frames are counted: a slot that would only finish half of one brings nothing.
    """
    count = ceil(frames - ALMOST)
    if count <= 0 or not slots:
        return max((free for free, _ in slots), default=0.0)
    end = _fluid(slots, count)
    taken = [max(0, int((end - free) / each + ALMOST)) for free, each in slots]
    left = count - sum(taken)
    if left <= 0:
        return end
    ends = [(free + (own + 1) * each, each) for (free, each), own in zip(slots, taken, strict=True)]
    heapq.heapify(ends)
    while left > 1:
        first, each = ends[0]
        heapq.heapreplace(ends, (first + each, each))
        left -= 1
    return ends[0][0]


def _fluid(slots: Sequence[Slot], frames: float) -> float:
    """Give the time at which the slots would be done if frames could be cut anywhere."""
    ready = sorted(slots)
    rate = done = 0.0
    end = ready[0][0]
    for index, (free, each) in enumerate(ready):
        rate += 1.0 / each
        done += free / each
        end = (frames + done) / rate
        if index + 1 == len(ready) or end <= ready[index + 1][0]:
            break
    return end
