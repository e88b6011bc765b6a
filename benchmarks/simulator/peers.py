"""The other ways: a static split, a Blender per frame, and chunks fixed at submission."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from benchmarks.simulator.bound import Machine

IDLE = 5.0
"""Seconds between two tasks of a Flamenco worker: 2 s after one, 3 s before the next."""


def static_split(machines: Sequence[Machine], costs: Sequence[float]) -> float:
    """Split the timeline once by weights; each slot renders its part in one Blender.

    A slot that dies takes its part up again where it was when its device is back; one that never
    comes back leaves its part to nobody, which counts as rendered by the fastest one afterwards.
    """
    slots = [machine for machine in machines for _ in range(machine.slots)]
    whole = sum(machine.weight for machine in slots)
    end, begun, share, orphaned = 0.0, 0, 0.0, 0.0
    for machine in slots:
        share += machine.weight
        until = round(len(costs) * share / whole)
        work = sum(costs[begun:until])
        begun = until
        done = _finish(machine, machine.start if work else 0.0, work / machine.speed, restart=True)
        if done == float("inf"):
            orphaned += work
        else:
            end = max(end, done)
    fastest = max((one for one in slots if not one.gaps), key=lambda one: one.speed, default=None)
    return end + (orphaned / fastest.speed if orphaned and fastest else 0.0)


def blender_per_frame(machines: Sequence[Machine], costs: Sequence[float]) -> float:
    """Pull one frame at a time, each in a new Blender, as GNU parallel does."""
    return _pull(machines, [[cost] for cost in costs], idle=0.0)


def fixed_chunks(machines: Sequence[Machine], costs: Sequence[float]) -> float:
    """Pull chunks fixed at submission, each in a new Blender, Flamenco's idle time between.

    The chunk is the best of 1, 2, 5, 10 and 20 frames, which nobody knows beforehand.
    """
    sizes = (1, 2, 5, 10, 20)
    return min(_pull(machines, _chunks(costs, size), idle=IDLE) for size in sizes)


PEERS: dict[str, Callable[[Sequence[Machine], Sequence[float]], float]] = {
    "split": static_split,
    "per frame": blender_per_frame,
    "chunks": fixed_chunks,
}


def _chunks(costs: Sequence[float], size: int) -> list[Sequence[float]]:
    return [costs[first : first + size] for first in range(0, len(costs), size)]


def _pull(machines: Sequence[Machine], tasks: Sequence[Sequence[float]], idle: float) -> float:
    """Give each task to the slot that is free first; what a dying device has is begun anew."""
    free = [
        (0.0, index, machine)
        for index, machine in enumerate(one for one in machines for _ in range(one.slots))
    ]
    heapq.heapify(free)
    end = 0.0
    for task in tasks:
        while True:
            at, index, machine = heapq.heappop(free)
            seconds = machine.start + sum(task) / machine.speed
            done = at + seconds
            gap = next((gap for gap in machine.gaps if gap[0] < done and gap[1] > at), None)
            if gap is None:
                break
            if gap[1] != float("inf"):
                heapq.heappush(free, (gap[1], index, machine))
        end = max(end, done)
        heapq.heappush(free, (done + idle, index, machine))
    return end


def _finish(machine: Machine, at: float, seconds: float, restart: bool) -> float:
    """When work that begins `at` is done, gaps passed over; `restart`: a new start after each."""
    for begin, end in machine.gaps:
        if at + seconds <= begin:
            break
        seconds -= max(begin - at, 0.0)
        at = end + (machine.start if restart else 0.0)
    return at + seconds
