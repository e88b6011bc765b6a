"""One still on two equal devices against one of them: how near to half of the time.

Both devices are on this machine, so `cpulimit` holds each one's Blender to a part of a core: two of
them then are twice as fast as one, also where the machine has other things to do. Turns alternate,
and medians are compared.
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

SAMPLES, TURNS, PATIENCE = 4800, 3, 900
AT_MOST = 0.6
HELD = "cpulimit -q -f -l 40 --"


def took(farm: Farm, blend: Path, job: dict[str, object]) -> float:
    """Time a still from the drop to the frame on the share, with the watcher running already."""
    begun = time.monotonic()
    farm.drop(f"{blend.stem}.zip", blend, job=job)
    farm.until(lambda views: (row := views.job(blend.stem)) and row.done, PATIENCE)
    seconds = time.monotonic() - begun
    farm.until(lambda views: not views.runs())
    return seconds


def main() -> int:
    """Render a still by one device and by both, in turns; 1 if the bound is missed."""
    if BLENDER is None or shutil.which("cpulimit") is None:
        print("This benchmark needs Blender and cpulimit.")
        return 1
    one, two = [], []
    with Farm(settle=0.2, threads=1, launch=HELD) as farm, tempfile.TemporaryDirectory() as scratch:
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
