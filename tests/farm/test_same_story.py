"""The same events at the same times give the same decisions, in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

STORY = """
import hashlib
from random import Random
from blendtui.farm import events as ev
from blendtui.farm.model import DeviceSpec, JobSpec
from tests.support.world import World

world, told = World(Random(7), frozenset({3})), hashlib.sha256()
handle = world.scheduler.handle
def heard(event, now):
    step = handle(event, now)
    told.update(repr((now, step.decisions)).encode())
    return step
world.scheduler.handle = heard
tags = [frozenset({"gpu", "fast"}), frozenset({"gpu"}), frozenset()]
specs = tuple(DeviceSpec(f"d{n}", 2, 1.0 + n, tags[n % 3]) for n in range(5))
world.tell(ev.DevicesSet(specs))
for spec in specs:
    world.reach(spec.name)
for name, need in (("one", frozenset()), ("two", frozenset({"gpu"}))):
    world.tell(ev.JobAdded(JobSpec(name, "a.blend", tuple(range(1, 60)), tags=need)))
world.lose("d1")
world.settle()
world.tell(ev.JobRetried("one"))
world.settle()
print(told.hexdigest())
"""


def test_the_order_of_sets_and_hashes_changes_no_decision() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", STORY],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(told) == 1
