"""A still on two devices: in parts, merged, and just what one of them would have rendered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.farm import Farm
from tests.support.scenes import blender, needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(threads=1) as made:
        yield made


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture).astype(float)


def alone(folder: Path, seed: int) -> np.ndarray:
    """Render the still in one piece."""
    change = f"import bpy; bpy.context.scene.cycles.seed = {seed}"
    output = folder / f"{seed}_####"
    words = (str(scenes() / "still.blend"), "--python-expr", change, "-o", str(output), "-f", "1")
    blender(*words)
    return pixels(folder / f"{seed}_0001.png")


def left_over(farm: Farm) -> list[str]:
    """Name what is in the job's folder besides what belongs there."""
    known = {"frames", "frames/shot_0001.png", "report.toml", "still.zip", "logs"}
    folder = farm.share / "still"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return sorted(name for name in found - known if not name.startswith("logs/"))


def test_a_still_is_rendered_in_parts_and_is_as_close_to_a_whole_one_as_another_seed(
    farm: Farm, tmp_path: Path
) -> None:
    farm.drop("still.zip", scenes() / "still.blend")
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert list(farm.frames("still")) == ["shot_0001.png"]
    assert left_over(farm) == []
    report = farm.report("still")
    assert sum(device.get("parts", 0) for device in report["devices"]) > 1, report
    assert report["frames"]["done"] == "1"
    one, other = alone(tmp_path, 0), alone(tmp_path, 1)
    merged = pixels(farm.frames("still")["shot_0001.png"])
    assert merged.shape == one.shape
    ours, theirs = merged - one, other - one
    assert abs(ours.mean()) <= abs(theirs.mean()) + theirs.std() / np.sqrt(theirs.size)
    assert ours.var() <= theirs.var()


def test_a_device_that_dies_in_the_middle_costs_only_its_part(farm: Farm, tmp_path: Path) -> None:
    farm.drop("still.zip", scenes() / "still.blend", job={"samples": 256})
    farm.watch("--once")
    farm.until(lambda views: any(row.done for row in views.parts("still")) or None)
    farm.servers[0].kill()
    assert farm.end(200) == 0, farm.printed()
    assert left_over(farm) == []
    assert farm.report("still")["frames"]["done"] == "1"
    merged, one = pixels(farm.frames("still")["shot_0001.png"]), alone(tmp_path, 0)
    # Four times the samples: what is between them is the noise of the fewer.
    assert abs((merged - one).mean()) <= 3.0


def test_a_killed_watcher_goes_on_with_the_parts_that_are_there(farm: Farm) -> None:
    farm.drop("still.zip", scenes() / "still.blend", job={"samples": 256})
    farm.watch()
    done = farm.until(lambda views: sum(row.done for row in views.parts("still")) or None)
    farm.kill()
    farm.watch("--once")
    assert farm.end(200) == 0, farm.printed()
    assert left_over(farm) == []
    assert sum(one.get("parts", 0) for one in farm.report("still")["devices"]) >= done


def test_whoever_does_not_want_it_gets_it_whole(farm: Farm) -> None:
    farm.drop("still.zip", scenes() / "still.blend", job={"split": False, "samples": 16})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    report = farm.report("still")
    assert [device.get("parts") for device in report["devices"]] == [None]


def test_a_scene_of_another_engine_is_rendered_whole_and_it_is_said(farm: Farm) -> None:
    job = {"engine": "workbench"}
    farm.drop("still.zip", scenes() / "still.blend", job=job)
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    (warning,) = [one for one in farm.report("still")["warnings"] if "rendered whole" in one]
    assert "only Cycles renders some of a frame's samples" in warning
