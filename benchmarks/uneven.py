"""Two real devices, one held to a third of the other's speed, and no weights that say so.

`cpulimit` holds the slow device's Blender. Against blendtui stand static splits of the same frames,
each part in one Blender as `blender -s -e -a`: the equal split, and the best one found by trying.
What the splits would still have to do (copying the project, fetching frames) isn't counted.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.farm import make_scene, ssh
from tests.support.farm import Farm
from tests.support.scenes import BLENDER

FRAMES, SAMPLES, TURNS = 60, 120, 3
AT_MOST_BEST, AT_MOST_EQUAL = 1.12, 0.75
SLOW = "cpulimit -q -f -l 33 --"
EQUAL, TRIED = 30, (42, 43, 44, 45, 46, 47, 48)
"""How many of the frames the fast device gets."""


def by_split(farm: Farm, blend: Path, out: Path, fast: int) -> float:
    """Time one Blender per device: the fast one renders the first `fast` frames."""
    parts = (("", 1, fast), (SLOW, fast + 1, FRAMES))
    begun = time.monotonic()
    running = [
        subprocess.Popen(
            [
                *ssh(server).split(),
                f"{prefix} {BLENDER} -b {blend} -t 1 -o {out}/s{fast}_#### -s {first} -e {end} -a",
            ],
            stdout=subprocess.DEVNULL,
        )
        for server, (prefix, first, end) in zip(farm.servers, parts, strict=True)
    ]
    assert [one.wait() for one in running] == [0, 0]
    seconds = time.monotonic() - begun
    assert len(list(out.glob(f"s{fast}_*"))) == FRAMES
    return seconds


def by_blendtui(farm: Farm, blend: Path) -> float:
    """Time blendtui from the drop to the last frame, with the watcher running already."""
    begun = time.monotonic()
    farm.drop(f"{blend.stem}.zip", blend)
    farm.done(blend.stem, FRAMES)
    seconds = time.monotonic() - begun
    assert len(farm.frames(blend.stem)) == FRAMES
    farm.until(lambda views: not views.runs())
    return seconds


def main() -> int:
    """Try all splits, then blendtui in turns; 1 if a bound is missed."""
    if BLENDER is None or shutil.which("cpulimit") is None:
        print("This benchmark needs Blender and cpulimit.")
        return 1
    own = {1: {"launch": SLOW}}
    with Farm(settle=0.2, threads=1, own=own) as farm, tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        farm.watch()
        farm.until(lambda views: len([one for one in views.devices() if one.contact]) == 2)
        blend = make_scene(out, FRAMES, "shot", samples=SAMPLES)
        equal = by_split(farm, blend, out, EQUAL)
        print(f"{FRAMES} frames; equal split: {equal:.1f} s", flush=True)
        tries = {fast: by_split(farm, blend, out, fast) for fast in TRIED}
        print("  ".join(f"{fast}:{FRAMES - fast} {took:.1f} s" for fast, took in tries.items()))
        best = min(tries.values())
        turns = []
        for turn in range(TURNS):
            again = blend.with_name(f"turn{turn}.blend")
            shutil.copy(blend, again)
            turns.append(by_blendtui(farm, again))
        print("blendtui: " + "  ".join(f"{took:.1f} s" for took in turns))
    ours = statistics.median(turns)
    print(f"median: {ours / best:.2f} of the best split (bound {AT_MOST_BEST}),"
          f" {ours / equal:.2f} of the equal one (bound {AT_MOST_EQUAL})")  # fmt: skip
    return int(ours / best > AT_MOST_BEST or ours / equal > AT_MOST_EQUAL)


if __name__ == "__main__":
    sys.exit(main())
