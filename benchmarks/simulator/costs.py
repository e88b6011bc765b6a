"""What frames cost: seconds on a device of speed 1, by family."""

from __future__ import annotations

import math
from random import Random

MEAN = 20.0
"""Seconds that a frame costs on average, in every family."""


def equal(_: Random, count: int) -> list[float]:
    """Give frames that all cost the same."""
    return [MEAN] * count


def ramp(_: Random, count: int, last: float = 20.0) -> list[float]:
    """Give frames that grow dearer from 1 to `last` along the timeline."""
    raw = [1 + (last - 1) * number / max(count - 1, 1) for number in range(count)]
    return _scaled(raw)


def jump(chance: Random, count: int) -> list[float]:
    """Give shots: stretches of like frames, each up to ten times as dear as another."""
    raw: list[float] = []
    while len(raw) < count:
        raw += [math.exp(chance.uniform(0, math.log(10)))] * chance.randint(5, max(count // 6, 6))
    return _scaled(raw[:count])


def lognormal(chance: Random, count: int) -> list[float]:
    """Give heavy-tailed frames that say nothing of their neighbors."""
    return _scaled([chance.lognormvariate(0, 1) for _ in range(count)])


def alternating(_: Random, count: int) -> list[float]:
    """Give frames that are cheap and dear by turns."""
    return _scaled([1.0 if number % 2 else 4.0 for number in range(count)])


def _scaled(raw: list[float]) -> list[float]:
    factor = MEAN * len(raw) / sum(raw)
    return [cost * factor for cost in raw]
