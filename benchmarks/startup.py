"""How soon `blendtui --help` answers, against a Python that imports argparse and nothing else."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

AT_MOST = 6.0
RUNS = 15


def seconds(*words: str) -> float:
    """Time a run of Python."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> int:
    """Print the ratio of medians, the two taken in turn; 1 if the bound is missed."""
    pairs = [
        (seconds("-m", "blendtui", "--help"), seconds("-c", "import argparse")) for _ in range(RUNS)
    ]
    ours, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = ours / plain
    print(f"blendtui --help {ours * 1000:.0f} ms, python with argparse {plain * 1000:.0f} ms")
    print(f"ratio {ratio:.2f}, bound {AT_MOST}: {'kept' if ratio <= AT_MOST else 'MISSED'}")
    return int(ratio > AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
