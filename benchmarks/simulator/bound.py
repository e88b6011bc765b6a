"""The least time possible: nobody can be faster, however frames are handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """A simulated device: `speed` of each slot, `weight` as devices.toml says it.

    `start` is the seconds until a Blender of it has the project open; `gaps` are the times in
    which it is dead, as (from, to), where `to` may be infinite.
    """

    name: str
    speed: float = 1.0
    weight: float = 1.0
    slots: int = 1
    start: float = 5.0
    gaps: tuple[tuple[float, float], ...] = ()

    def work_until(self, at: float) -> float:
        """How much work it can have done by then, at most: start-up counted once per device."""
        alive = max(at - self.start, 0.0)
        for begin, end in self.gaps:
            alive -= max(min(end, at) - max(begin, self.start), 0.0)
        return max(alive, 0.0) * self.speed * self.slots


def least_time(machines: Sequence[Machine], costs: Sequence[float]) -> float:
    """Give the lower bound: all work over all speed there is, and the dearest frame's own time."""
    work = sum(costs)
    low, high = 0.0, 1.0
    while sum(machine.work_until(high) for machine in machines) < work:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if sum(machine.work_until(middle) for machine in machines) < work:
            low = middle
        else:
            high = middle
    dearest = max(costs)
    alone = min(machine.start + dearest / machine.speed for machine in machines)
    return max(high, alone)


def best_subset(machines: Sequence[Machine], costs: Sequence[float]) -> float:
    """Give the least time that any subset of devices reaches with whole frames of equal cost.

    A device that can finish no frame in time adds nothing, so this counts whole frames: the
    least T in which the devices together finish them all.
    """
    cost, count = costs[0], len(costs)
    ends = sorted(
        machine.start + cost / machine.speed * frame
        for machine in machines
        for _ in range(machine.slots)
        for frame in range(1, count + 1)
    )
    return ends[count - 1]
