"""`python -m benchmarks.simulator`: the table; 1 if a bound is missed or a peer is better."""

from __future__ import annotations

import resource
import sys
import time
from random import Random

from benchmarks.simulator.peers import PEERS
from benchmarks.simulator.scenarios import LARGE, SCENARIOS, Scenario
from benchmarks.simulator.world import Simulation

BETTER = 0.99
"""A peer that takes less than this of our time is better by more than 1%."""


def play(scenario: Scenario) -> tuple[float, dict[str, float], bool]:
    """Give our worst ratio over all seeds, each peer's worst, and whether a peer won anywhere."""
    ours, peers, beaten = 0.0, dict.fromkeys(PEERS, 0.0), False
    for seed in range(scenario.seeds):
        machines, costs = scenario.make(Random(seed))
        least = scenario.bound(machines, costs)
        took = Simulation(machines, costs).run()
        ours = max(ours, took / least)
        for name, peer in PEERS.items():
            other = peer(machines, costs)
            peers[name] = max(peers[name], other / least)
            beaten = beaten or other < BETTER * took
    return ours, peers, beaten


def play_large() -> bool:
    """Play the largest farm, measuring each decision and the process's memory."""
    machines, costs = LARGE.make(Random(0))
    begun = time.perf_counter()
    simulation = Simulation(machines, costs, timed=True)
    ratio = simulation.run() / LARGE.bound(machines, costs)
    times = sorted(simulation.times)
    slow = times[int(len(times) * 0.99)] * 1000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kept = ratio <= LARGE.at_most and slow < 1.0 and memory < 400
    print(
        f"{LARGE.name:34} {ratio:6.3f} <= {LARGE.at_most:.2f}   p99 of {len(times):,} decisions"
        f" {slow:.2f} ms, memory {memory:.0f} MB, {time.perf_counter() - begun:.0f} s"
        f"  {'kept' if kept else 'MISSED'}",
        flush=True,
    )
    return kept


def main(arguments: list[str] | None = None) -> int:
    """Play all scenarios, or those whose names hold a word that is given."""
    words = sys.argv[1:] if arguments is None else arguments
    print(
        f"{'worst of 20 seeds, over the bound':34} {'ours':>6} {'':7}", *(f"{n:>10}" for n in PEERS)
    )
    kept = True
    for scenario in SCENARIOS:
        if words and not any(word in scenario.name for word in words):
            continue
        ours, peers, beaten = play(scenario)
        fine = ours <= scenario.at_most and not beaten
        kept = kept and fine
        others = " ".join(f"{ratio:10.2f}" for ratio in peers.values())
        verdict = "kept" if fine else "BEATEN" if beaten else "MISSED"
        print(
            f"{scenario.name:34} {ours:6.3f} <= {scenario.at_most:.2f} {others}  {verdict}",
            flush=True,
        )
    if not words or "large" in words:
        kept = play_large() and kept
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
