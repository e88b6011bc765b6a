"""A cluster is one device: its login node, whose `launch` gives each Blender to Slurm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.farm import Farm, render_alone, same_pixels
from tests.support.scenes import BLENDER, needs_blender, scenes
from tests.support.slurm import Slurm, needs_slurm
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd, needs_slurm, pytest.mark.timeout(300)]

SLOTS = 4
FRAMES = 12
PATIENCE = 200
"""Seconds; four Blenders that share two busy cores take long."""


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    with Slurm() as cluster:
        yield cluster


@pytest.fixture
def farm(slurm: Slurm) -> Iterator[Farm]:
    """A farm whose one device is the login node, when it can be reached."""
    settings: dict[str, Any] = {
        "blender": [BLENDER],
        "threads": 1,
        "launch": "srun -n1",
        "env": slurm.environment,
    }
    with Farm(devices=1, slots=SLOTS, **settings) as made:
        made.watch()
        made.until(lambda views: [one for one in views.devices() if one.contact], PATIENCE)
        yield made


def _drop(farm: Farm, frames: int = FRAMES) -> None:
    farm.drop("shot.zip", scenes() / "many.blend", job={"frames": f"1-{frames}"})


def _done(farm: Farm, frames: int) -> None:
    """Wait until the job is done, with all its frames on the share."""
    farm.until(lambda views: (row := views.job("shot")) and row.done >= frames, PATIENCE)
    assert len(farm.frames("shot")) == frames


def _all_at_once(farm: Farm, slurm: Slurm) -> list[str]:
    """Wait until each slot has a job step that runs, and a Blender in it; gives the steps."""
    running = farm.until(lambda _: steps if len(steps := slurm.steps()) >= SLOTS else None)
    farm.until(lambda _: len(farm.blenders()) == SLOTS, PATIENCE)
    return running


def _nothing_is_left(farm: Farm, slurm: Slurm) -> None:
    farm.until(lambda _: not slurm.jobs())
    farm.until(lambda _: not farm.blenders())


def test_four_slots_are_four_sruns(farm: Farm, slurm: Slurm, tmp_path: Path) -> None:
    _drop(farm)
    assert len(set(_all_at_once(farm, slurm))) == SLOTS
    _done(farm, FRAMES)
    alone = render_alone(scenes() / "many.blend", tmp_path)
    frames = farm.frames("shot")
    one_by_one = zip(frames.values(), list(alone.values())[:FRAMES], strict=True)
    assert all(same_pixels(frame, same) for frame, same in one_by_one)
    _nothing_is_left(farm, slurm)


def test_a_cancelled_job_gives_its_nodes_back(farm: Farm, slurm: Slurm) -> None:
    _drop(farm)
    _all_at_once(farm, slurm)
    assert farm.run("cancel", "shot").returncode == 0
    _nothing_is_left(farm, slurm)


def test_what_slurm_takes_away_is_rendered_again(farm: Farm, slurm: Slurm) -> None:
    _drop(farm)
    taken = _all_at_once(farm, slurm)[0]
    slurm.run("scancel", taken.partition(".")[0])
    farm.until(lambda _: "ended Blender (exit status 143)" in farm.printed())
    _done(farm, FRAMES)
    _nothing_is_left(farm, slurm)


def test_a_frame_waits_until_slurm_has_a_node_for_it(farm: Farm, slurm: Slurm) -> None:
    slurm.set_node("State=DRAIN", "Reason=maintenance")
    _drop(farm, 4)
    farm.until(lambda _: "PENDING" in slurm.jobs().values())
    slurm.set_node("State=RESUME")
    _done(farm, 4)
    _nothing_is_left(farm, slurm)
