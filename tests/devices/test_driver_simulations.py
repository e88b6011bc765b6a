"""Simulations that are not baked: on one device they are, and its frames are those of a baked file.

The frames of `blender -a` are not enough to compare with: it renders what isn't baked as it was at
the start.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.devices.protocol import BlenderLine, Opened, Rendered
from blendtui.devices.slot import RunSettings
from tests.support.runs import DriverRun
from tests.support.scenes import blender, needs_blender, scenes
from tests.support.simulations import baked_frames, simulations

pytestmark = needs_blender
FRAMES = (2, 9, 12)
ALL = {
    "rigid bodies",
    "cloth of “Flag”",
    "soft body of “Jelly”",
    "particles of “Source”",
    "hair dynamics of “Head”",
}


def pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(path) as image:
        return np.asarray(image)


def is_as_baked(path: Path) -> bool:
    return np.array_equal(pixels(path), pixels(baked_frames() / path.name))


def test_one_run_renders_what_it_is_when_baked(tmp_path: Path) -> None:
    settings = RunSettings(simulate_to=12)
    with DriverRun(tmp_path, simulations() / "moving.blend", settings) as run:
        assert set(run.wait(Opened)[0].facts.unbaked) == ALL
        run.render(*FRAMES)
        for line in run.wait(Rendered, len(FRAMES)):
            (file,) = line.files
            assert is_as_baked(run.path / "out" / f"{line.frame}-{line.number}" / file.path)


def test_without_it_neither_a_frame_alone_nor_all_in_order_are_what_they_should_be(
    tmp_path: Path,
) -> None:
    """The reason for all of this; should Blender mend it, this test says so."""
    moving = str(simulations() / "moving.blend")
    blender(moving, "-o", f"{tmp_path}/shot_####", "-t", "1", "-a")
    assert is_as_baked(tmp_path / "shot_0001.png")
    assert not any(is_as_baked(tmp_path / f"shot_{frame:04d}.png") for frame in FRAMES[1:])
    blender(moving, "-o", f"{tmp_path}/alone_####", "-t", "1", "-f", "9")
    assert not np.array_equal(
        pixels(tmp_path / "alone_0009.png"), pixels(baked_frames() / "shot_0009.png")
    )


@pytest.mark.parametrize("name", ["baked", "still"])
def test_what_is_baked_or_off_is_not_reported(name: str, tmp_path: Path) -> None:
    with DriverRun(tmp_path, simulations() / f"{name}.blend") as run:
        assert run.wait(Opened)[0].facts.unbaked == ()


def test_a_fluid_is_played_through_and_writes_into_the_run_s_own_folder(tmp_path: Path) -> None:
    with DriverRun(tmp_path, simulations() / "fluid.blend", RunSettings(simulate_to=4)) as run:
        assert run.wait(Opened)[0].facts.unbaked == ("fluid of “Tank”",)
        if b"has no attribute 'setConst'" in run.path.joinpath("log").read_bytes():
            pytest.skip("the fluids of this bpy package do not work")
        assert list((run.path / "fluid-1").rglob("*_0004.*"))
        assert [one.name for one in run.project.rglob("*") if one.is_file()] == ["a.blend"]


def test_nodes_of_an_add_on_that_is_not_there_are_named(tmp_path: Path) -> None:
    with DriverRun(tmp_path, simulations() / "foreign.blend") as run:
        assert run.wait(Opened)[0].facts.unknown_nodes == ("“Glass” in “Window”",)


@pytest.mark.parametrize("allowed", [False, True])
def test_python_of_the_file_that_is_not_run_is_named(tmp_path: Path, allowed: bool) -> None:
    settings = RunSettings(allow_scripts=allowed)
    with DriverRun(tmp_path, scenes() / "scripted.blend", settings) as run:
        blocked = run.wait(Opened)[0].facts.blocked
    assert blocked == ("" if allowed else "Text 'leave.py'")


def test_how_far_it_is_is_in_the_log(tmp_path: Path) -> None:
    settings = RunSettings(simulate_to=12)
    with DriverRun(tmp_path, simulations() / "moving.blend", settings) as run:
        run.wait(Opened)
        said = [line.text for line in run.lines if isinstance(line, BlenderLine)]
    assert any(text == "Simulated frame 12 of 12" for text in said)
