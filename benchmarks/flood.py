"""What a device that floods its log costs its neighbour and the watcher.

An honest device renders alone, then beside one that writes lines as fast as it can. Both are the
tests' stand-in for Blender behind OpenSSH's sshd; the watcher is a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from benchmarks.sessions import cpu
from tests.support import standin
from tests.support.farm import Farm
from tests.support.scenes import BLENDER, scenes

SECONDS_A_FRAME = "0.25"
MEASURED = 20.0
AT_LEAST, CORE = 0.9, 0.25
"""What the honest one must still render, and what part of a core the flood may take."""


def measure(blender: str, *misdeeds: str) -> tuple[float, float]:
    """Give the honest device's frames a second and the watcher's cores, beside these devices."""
    hostile = {
        number: {"env": {"MISDEED": misdeed, "SECONDS_A_FRAME": "0.01"}}
        for number, misdeed in enumerate(misdeeds, start=1)
    }
    honest = {"SECONDS_A_FRAME": SECONDS_A_FRAME}
    with Farm(1 + len(misdeeds), own=hostile, blender=blender, env=honest) as farm:
        farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-10000"})
        farm.watch()
        farm.done("shot", 5)
        assert farm.engine is not None
        before, first, begun = cpu(farm.engine), _done(farm), time.monotonic()
        time.sleep(MEASURED)
        spent = time.monotonic() - begun
        return (_done(farm) - first) / spent, (cpu(farm.engine) - before) / spent


def _done(farm: Farm) -> int:
    job = farm.until(lambda views: views.job("shot"))
    return job.done


def main() -> int:
    """Print both; 1 if a bound is missed."""
    if BLENDER is None:
        print("This benchmark needs Blender, to make its project.")
        return 1
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        blender = str(standin.make(Path(folder) / "blender"))
        for misdeed in ("lines", "records", "endless"):
            alone, quiet = measure(blender)
            beside, busy = measure(blender, misdeed)
            missed = beside < AT_LEAST * alone or busy - quiet > CORE
            worst |= missed
            print(
                f"beside a flood of {misdeed}: {beside:.2f} frames/s, alone {alone:.2f}"
                f" ({beside / alone:.0%}, bound {AT_LEAST:.0%}); watcher {busy:.2f} cores,"
                f" {busy - quiet:+.2f} (bound {CORE:+.2f}): {'MISSED' if missed else 'kept'}",
                flush=True,
            )
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
