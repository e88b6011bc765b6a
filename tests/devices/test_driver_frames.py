"""Frames below 0 and beyond 9999 in a real Blender, whose own ranges know only some of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.devices.orders import DropOrder
from blendtui.devices.protocol import Dropped, Rendered
from tests.support.runs import DriverRun
from tests.support.scenes import blender, needs_blender, scenes

pytestmark = needs_blender

MOVING = """
import bpy
cube = bpy.data.objects["Cube"]
cube.animation_data_clear()
for frame, x in ((-20, -3), (20, 3)):
    cube.location.x = x
    cube.keyframe_insert("location", frame=frame)
bpy.context.scene.render.filepath = "//render/{pattern}"
bpy.ops.wm.save_as_mainfile(filepath={path!r})
"""

STILL = """
import bpy
for frame in (-12, -3):
    bpy.context.scene.frame_set(frame)
    bpy.context.scene.render.filepath = {folder!r} + "/%d" % frame
    bpy.ops.render.render(write_still=True)
"""


def moving(tmp_path: Path, pattern: str) -> Path:
    """Make a .blend whose cube moves from frame -20 to 20."""
    path = tmp_path / "moving.blend"
    text = MOVING.format(pattern=pattern, path=str(path))
    blender(str(scenes() / "cycles.blend"), "--python-expr", text)
    return path


def test_frames_below_zero_are_those_of_blender_itself(tmp_path: Path) -> None:
    blend = moving(tmp_path, "shot_####")
    blender(str(blend), "--python-expr", STILL.format(folder=str(tmp_path)))
    with DriverRun(tmp_path / "w {x}", blend) as run:
        run.render(-12, -3, 0, 3)
        found = {one.frame: one.files[0].path for one in run.wait(Rendered, 4)}
        assert found == {
            -12: "shot_-0012.png",
            -3: "shot_-0003.png",
            0: "shot_0000.png",
            3: "shot_0003.png",
        }
        pictures = {}
        for frame, name in found.items():
            with Image.open(run.output(frame, name)) as picture:
                pictures[frame] = np.asarray(picture)
        for frame in (-12, -3):
            with Image.open(tmp_path / f"{frame}.png") as picture:
                assert np.array_equal(np.asarray(picture), pictures[frame])
        assert not np.array_equal(pictures[-12], pictures[-3])


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("", ["-0005.png", "123456.png"]),
        ("shot", ["shot-0005.png", "shot123456.png"]),
        ("a##b", ["a-05b.png", "a123456b.png"]),
    ],
)
def test_they_are_named_as_an_animations_frames_are(
    tmp_path: Path, pattern: str, names: list[str]
) -> None:
    with DriverRun(tmp_path / "w", moving(tmp_path, pattern)) as run:
        run.render(-5, 123456)
        assert [one.files[0].path for one in run.wait(Rendered, 2)] == names


def test_such_a_frame_is_dropped_and_rendered_again_like_any_other(tmp_path: Path) -> None:
    with DriverRun(tmp_path / "w", scenes() / "slow.blend") as run:
        run.render(-7, -8)
        run.order(DropOrder(-8, 1))
        assert run.wait(Dropped)[0].frame == -8
