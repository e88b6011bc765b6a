"""The table: each scenario's worst seed, ours and the others'; 1 if a bound is missed."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.simulator.peers import PEERS
from benchmarks.simulator.scenarios import LARGE, SCENARIOS, Scenario
from benchmarks.simulator.world import Simulation

BETTER = 0.99
"""A peer that takes less than this of our time is better by more than 1%."""

FORETOLD = 0.10
"""How far a finishing time may be off from a fifth of a steady job on, as a part of its time."""

SLOWEST_DECISION, MOST_MEMORY = 1.0, 400.0
"""Milliseconds (99th percentile) and MB for the largest farm."""


@dataclass(slots=True)
class Row:
    """A scenario's worst ratios to its bound; `beaten` if a peer won by more than 1% anywhere.

    `foretold` is how far the worst forecast was off.
    """

    scenario: Scenario
    ours: float
    peers: dict[str, float]
    beaten: bool
    foretold: float

    @property
    def is_kept(self) -> bool:
        """Whether all that the scenario must show was shown."""
        fine = self.ours <= self.scenario.at_most and not self.beaten
        return fine and (not self.scenario.is_steady or self.foretold <= FORETOLD)


def play(scenario: Scenario) -> Row:
    """Play all seeds of a scenario."""
    row = Row(scenario, 0.0, dict.fromkeys(PEERS, 0.0), beaten=False, foretold=0.0)
    for seed in range(scenario.seeds):
        machines, costs = scenario.make(Random(seed))
        least = scenario.bound(machines, costs)
        simulation = Simulation(machines, costs)
        took = simulation.run()
        row.ours = max(row.ours, took / least)
        row.foretold = max(row.foretold, simulation.worst_forecast(since=0.2))
        for name, peer in PEERS.items():
            other = peer(machines, costs)
            row.peers[name] = max(row.peers[name], other / least)
            row.beaten = row.beaten or other < BETTER * took
    return row


def play_large() -> bool:
    """Play the largest farm, measuring each decision and the process's memory."""
    machines, costs = LARGE.make(Random(0))
    begun = time.perf_counter()
    simulation = Simulation(machines, costs, timed=True)
    ratio = simulation.run() / LARGE.bound(machines, costs)
    times = sorted(simulation.times)
    slow = times[int(len(times) * 0.99)] * 1000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kept = ratio <= LARGE.at_most and slow < SLOWEST_DECISION and memory < MOST_MEMORY
    print(
        f"{LARGE.name:34} {ratio:6.3f} <= {LARGE.at_most:.2f}   p99 of {len(times):,} decisions"
        f" {slow:.2f} ms (bound {SLOWEST_DECISION:.0f}), memory {memory:.0f} MB (bound"
        f" {MOST_MEMORY:.0f}), {time.perf_counter() - begun:.0f} s  {'kept' if kept else 'MISSED'}",
        flush=True,
    )
    return kept


def _print(row: Row) -> None:
    others = " ".join(f"{ratio:10.2f}" for ratio in row.peers.values())
    verdict = "kept" if row.is_kept else "BEATEN" if row.beaten else "MISSED"
    foretold = f"{row.foretold:8.1%}" if row.scenario.is_steady else " " * 8
    at_most = row.scenario.at_most
    print(
        f"{row.scenario.name:34} {row.ours:6.3f} <= {at_most:.2f} {others} {foretold}  {verdict}",
        flush=True,
    )


def main(words: Sequence[str] = (), plot: Path | None = None) -> int:
    """Play all scenarios, or those whose names hold one of the words."""
    title = "time over the bound, worst of 20 seeds"
    print(f"{title:38} ours {'':7}", *(f"{name:>9}" for name in PEERS), " foretold")
    rows = []
    for scenario in SCENARIOS:
        if not words or any(word in scenario.name for word in words):
            rows.append(play(scenario))
            _print(rows[-1])
    kept = all(row.is_kept for row in rows)
    if not words or any(word in LARGE.name for word in words):
        kept = play_large() and kept
    if plot is not None:
        from benchmarks.simulator.plot import draw  # noqa: PLC0415 - heavy, and seldom wanted

        draw(rows, plot)
    return int(not kept)
