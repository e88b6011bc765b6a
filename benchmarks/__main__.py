"""`make bench`: runs every benchmark after the other; 1 if one of them missed a bound."""

from __future__ import annotations

import sys

from benchmarks import (
    busy,
    centre,
    farm,
    flood,
    past,
    sessions,
    simulator,
    soak,
    startup,
    still,
    transfer,
    uneven,
)

RUN = (startup, past, transfer, simulator, farm, still, uneven, centre, busy, flood, sessions, soak)

if __name__ == "__main__":
    missed = []
    for benchmark in RUN:
        name = benchmark.__name__.rpartition(".")[2]
        print(f"== {name}", flush=True)
        if benchmark.main():
            missed.append(name)
        print()
    print("All bounds were kept." if not missed else f"Bounds were missed: {', '.join(missed)}")
    sys.exit(bool(missed))
