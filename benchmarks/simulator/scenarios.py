"""The farms and jobs that are simulated, with the ratio to the least time that each may take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.simulator import costs
from benchmarks.simulator.bound import Machine, best_subset, least_time

Bound = Callable[[Sequence[Machine], Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row: `make` draws machines and costs; ours may take `at_most` times the `bound`.

    Forecasts are held only where the job `is_steady`.
    """

    name: str
    at_most: float
    make: Callable[[Random], tuple[list[Machine], list[float]]]
    bound: Bound = least_time
    seeds: int = 20
    is_steady: bool = False


def _equal(chance: Random) -> tuple[list[Machine], list[float]]:
    count = chance.randint(4, 16)
    machines = [Machine(f"d{number}") for number in range(count)]
    return machines, costs.equal(chance, chance.randint(50 * count, 80 * count))


def _speeds(
    weight: Callable[[float], float],
) -> Callable[[Random], tuple[list[Machine], list[float]]]:
    def make(chance: Random) -> tuple[list[Machine], list[float]]:
        speeds = [chance.uniform(1, 10) for _ in range(chance.randint(5, 12))]
        machines = [
            Machine(f"d{number}", speed=speed, weight=weight(speed))
            for number, speed in enumerate(speeds)
        ]
        return machines, costs.equal(chance, chance.randint(40, 60) * len(machines))

    return make


def _family(family: Callable[[Random, int], list[float]], frames: int):  # type: ignore[no-untyped-def]
    def make(chance: Random) -> tuple[list[Machine], list[float]]:
        count = chance.randint(5, 12)
        machines = [
            Machine(f"d{number}", speed=chance.uniform(1, 3), weight=1.0) for number in range(count)
        ]
        return machines, family(chance, count * frames)

    return make


def _deaths(chance: Random) -> tuple[list[Machine], list[float]]:
    count = 12
    frames = costs.equal(chance, count * 60)
    middle = sum(frames) / count / 2
    machines = []
    for number in range(count):
        gaps: tuple[tuple[float, float], ...] = ()
        if number < count // 3:
            begin = middle * chance.uniform(0.8, 1.2)
            end = begin + chance.uniform(60, 300) if number % 2 else float("inf")
            gaps = ((begin, end),)
        machines.append(Machine(f"d{number}", gaps=gaps))
    return machines, frames


def _slow_starts(chance: Random) -> tuple[list[Machine], list[float]]:
    speeds = [8.0, 4.0, 2.0, 1.0, 0.5, 0.2, 0.05]
    machines = [
        Machine(f"d{number}", speed=speed * chance.uniform(0.8, 1.25), weight=speed, start=60.0)
        for number, speed in enumerate(speeds)
    ]
    return machines, costs.equal(chance, 40)


def _large(chance: Random) -> tuple[list[Machine], list[float]]:
    machines = [
        Machine(f"d{number}", speed=chance.uniform(0.5, 4), slots=2) for number in range(500)
    ]
    return machines, costs.jump(chance, 100_000)


SCENARIOS = (
    Scenario("equal devices, equal frames", 1.03, _equal, is_steady=True),
    Scenario("speeds 1 to 10, weights right", 1.06, _speeds(lambda speed: speed), is_steady=True),
    Scenario("speeds 1 to 10, no weights", 1.06, _speeds(lambda _: 1.0), is_steady=True),
    Scenario(
        "speeds 1 to 10, weights inverted", 1.06, _speeds(lambda speed: 1 / speed), is_steady=True
    ),
    Scenario("heavy-tailed costs", 1.10, _family(costs.lognormal, 100)),
    Scenario("ramp of 1 to 20", 1.06, _family(costs.ramp, 40)),
    Scenario("shots, up to 10 times as dear", 1.06, _family(costs.jump, 40)),
    Scenario("cheap and dear by turns", 1.06, _family(costs.alternating, 40)),
    Scenario("a third dies, some return", 1.10, _deaths),
    Scenario("60 s start-up, 40 frames", 1.10, _slow_starts, bound=best_subset),
)

LARGE = Scenario("500 devices, 100,000 frames", 1.03, _large, seeds=1)
