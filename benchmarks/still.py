"""One still on two equal devices against one of them: how near to half of the time.

Each device has one thread, and both are on this machine. Its other load would count for the time
of one device as much as for that of two only if there are two free cores, so turns alternate and
medians are compared.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.farm import make_scene
from tests.support.farm import Farm
from tests.support.scenes import BLENDER

SAMPLES, TURNS = 6000, 3
AT_MOST = 0.6


def took(farm: Farm, blend: Path, job: dict[str, object]) -> float:
    """Time a still from the drop to the frame on the share, with the watcher running already."""
    begun = time.monotonic()
    farm.drop(f"{blend.stem}.zip", blend, job=job)
    farm.done(blend.stem, 1)
    seconds = time.monotonic() - begun
    farm.until(lambda views: not views.runs())
    return seconds


def main() -> int:
    """Render a still by one device and by both, in turns; 1 if the bound is missed."""
    if BLENDER is None:
        print("This benchmark needs Blender.")
        return 1
    one, two = [], []
    with Farm(settle=0.2, threads=1) as farm, tempfile.TemporaryDirectory() as scratch:
        farm.watch()
        farm.until(lambda views: len([one for one in views.devices() if one.contact]) == 2)
        blend = make_scene(Path(scratch), 1, "still", samples=SAMPLES)
        for turn in range(TURNS):
            again = [blend.with_name(f"{name}{turn}.blend") for name in ("one", "two")]
            for path in again:
                shutil.copy(blend, path)
            one.append(took(farm, again[0], {"devices": ["host0"]}))
            two.append(took(farm, again[1], {}))
            print(f"one device {one[-1]:.1f} s, two {two[-1]:.1f} s", flush=True)
    ratio = statistics.median(two) / statistics.median(one)
    print(f"{SAMPLES} samples; two devices / one: {ratio:.2f} (at most {AT_MOST})")
    return int(ratio > AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
