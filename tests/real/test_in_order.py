"""A project with simulations that are not baked, from the drop to the frames, on two devices."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from tests.support.farm import Farm
from tests.support.scenes import needs_blender
from tests.support.simulations import baked_frames, simulations
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm() as made:
        yield made


def differing(farm: Farm, job: str) -> list[str]:
    """Name the frames that are not those of the baked file, as Blender itself renders it."""
    return [
        name
        for name, path in farm.frames(job).items()
        if not np.array_equal(
            np.asarray(Image.open(path)), np.asarray(Image.open(baked_frames() / name))
        )
    ]


def test_one_device_renders_all_frames_and_they_are_those_of_the_baked_file(farm: Farm) -> None:
    farm.drop("shot.zip", simulations() / "moving.blend", job={"threads": 1})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == 12
    assert differing(farm, "shot") == []
    report = farm.report("shot")
    assert len(report["devices"]) == 1
    (warning,) = report["warnings"]
    assert "not baked: rigid bodies, cloth of “Flag”" in warning
    assert "One device simulates them first, then renders all frames in order." in warning


def test_job_toml_can_refuse_it_and_inspect_says_so_before(farm: Farm) -> None:
    farm.drop("shot.zip", simulations() / "moving.blend", job={"unbaked": "refuse"})
    drop = str(farm.share / "shot.zip")
    told = json.loads(farm.run("inspect", drop, "--json").stdout)
    assert told["problem"]["kind"] == "unbaked-refused"
    farm.watch("--once")
    assert farm.end() == 1
    assert "Its job.toml refuses that" in farm.report("shot")["reason"]
    assert not (farm.share / "shot" / "frames").exists()
