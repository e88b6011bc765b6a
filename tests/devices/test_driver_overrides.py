"""What job.toml changes of a scene, in a real Blender; the .blend stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from blendtui.devices.protocol import Bye, Ended, Failed, Opened, Rendered, RunFault, Started
from blendtui.devices.slot import RunSettings
from blendtui.farm.faults import FaultKind
from tests.support.runs import DriverRun
from tests.support.scenes import blender, needs_blender, scenes

pytestmark = needs_blender

RICH = """
import bpy
scene = bpy.context.scene
camera = bpy.data.objects["Camera"].copy()
camera.name = "Above"
camera.location = (0, 0, 20)
camera.rotation_euler = (0, 0, 0)
scene.collection.objects.link(camera)
marker = scene.timeline_markers.new("first", frame=1)
marker.camera = bpy.data.objects["Camera"]
layer = scene.view_layers.new("Second")
layer.samples = 3
scene.render.image_settings.file_format = "PNG"
scene.render.filepath = "//out/shot_####.png"
bpy.ops.wm.save_as_mainfile(filepath={path!r})
"""


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .blend with two cameras, a marker that binds one of them, and two view layers."""
    path = tmp_path_factory.mktemp("rich") / "rich.blend"
    blender(str(scenes() / "cycles.blend"), "--python-expr", RICH.format(path=str(path)))
    return path


def run(tmp_path: Path, blend: Path, **overrides: Any) -> DriverRun:
    return DriverRun(tmp_path / "w", blend, RunSettings(overrides=overrides))


def holds(driver: DriverRun, words: str) -> bool:
    """Whether Blender said something of a frame; 5.0 and later say nothing by themselves."""
    text = (driver.path / "log").read_text(errors="replace")
    return words in text or "Fra:" not in text


def test_resolution_samples_format_and_name(tmp_path: Path, rich: Path) -> None:
    wanted = {"percentage": 50, "samples": 7, "format": "JPEG", "output": "take_##"}
    with run(tmp_path, rich, **wanted) as driver:
        driver.render(3)
        files = driver.wait(Rendered)[0].files
        assert [file.path for file in files] == ["take_03.jpg"]
        with Image.open(driver.output(3, "take_03.jpg")) as picture:
            assert (picture.format, picture.size) == ("JPEG", (48, 27))
        assert holds(driver, "Sample 7/7")
        opened = driver.all(Opened)[0].facts
        assert (opened.percentage, opened.file_format) == (100, "PNG"), "as the file has it"


def test_an_ending_in_the_scenes_own_name_gives_way_to_the_other_format(
    tmp_path: Path, rich: Path
) -> None:
    with run(tmp_path, rich, format="OPEN_EXR") as driver:
        driver.render(1)
        assert [file.path for file in driver.wait(Rendered)[0].files] == ["shot_0001.exr"]


def test_one_view_layer_of_several(tmp_path: Path, rich: Path) -> None:
    with run(tmp_path, rich, view_layers=["Second"], samples=5) as driver:
        driver.render(1)
        driver.wait(Rendered)
        assert holds(driver, "Scene, Second")
        assert "Scene, ViewLayer" not in (driver.path / "log").read_text(errors="replace")
        assert holds(driver, "Sample 5/5"), "a layer's own samples give way too"


def test_another_camera_also_where_a_marker_binds_one(tmp_path: Path, rich: Path) -> None:
    pixels = []
    for number, wanted in enumerate(({}, {"camera": "Above"})):
        with run(tmp_path / str(number), rich, **wanted) as driver:
            driver.render(1)
            driver.wait(Rendered)
            with Image.open(driver.output(1, "shot_0001.png")) as picture:
                pixels.append(picture.tobytes())
    assert pixels[0] != pixels[1]


@pytest.mark.parametrize(("engine", "mark"), [("WORKBENCH", ""), ("EEVEE", "Rendering ")])
def test_another_engine(tmp_path: Path, rich: Path, engine: str, mark: str) -> None:
    with run(tmp_path, rich, engine=engine, samples=1) as driver:
        driver.render(1)
        driver.wait(Rendered)
        assert holds(driver, mark)
        assert "| Sample " not in (driver.path / "log").read_text(errors="replace")


def test_a_camera_makes_up_for_one_that_the_scene_lacks(tmp_path: Path) -> None:
    blend = tmp_path / "lost.blend"
    text = "import bpy; bpy.context.scene.camera = None; "
    text += f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})"
    blender(str(scenes() / "cycles.blend"), "--python-expr", text)
    with run(tmp_path, blend, camera="Camera") as driver:
        driver.render(1)
        driver.wait(Rendered)


@pytest.mark.parametrize(
    ("wanted", "kind", "detail"),
    [
        ({"camera": "Nope"}, FaultKind.OVERRIDE_REFUSED, "its cameras are: Above, Camera"),
        ({"camera": "Cube"}, FaultKind.OVERRIDE_REFUSED, "its cameras are: Above, Camera"),
        ({"view_layers": ["X"]}, FaultKind.OVERRIDE_REFUSED, "layers are: ViewLayer, Second"),
        ({"format": "NOPE"}, FaultKind.OVERRIDE_REFUSED, "does not write it"),
        ({"engine": "LUXCORE"}, FaultKind.ENGINE_MISSING, ""),
    ],
)
def test_what_the_file_or_this_blender_does_not_have_ends_the_run(
    tmp_path: Path, rich: Path, wanted: dict[str, Any], kind: FaultKind, detail: str
) -> None:
    with run(tmp_path, rich, **wanted) as driver:
        fault = driver.wait(RunFault)[0]
        assert fault.kind is kind
        assert detail in fault.facts.get("detail", "")


def test_a_frame_that_takes_too_long_fails_and_the_others_are_given_back(tmp_path: Path) -> None:
    with run(tmp_path, scenes() / "slow.blend", time_limit=0.3, samples=100_000) as driver:
        driver.render(1, 2)
        failed = driver.wait(Failed)[0]
        assert (failed.frame, failed.kind, failed.detail) == (1, FaultKind.TIME_LIMIT, "0.3 s")
        assert driver.leave() == "quit"
        assert len(driver.all(Started)) == 1
        assert not list((driver.path / "out").iterdir())
        assert driver.all(Bye)
        assert not driver.all(Ended)


def test_a_frame_within_its_time_is_as_any_other(tmp_path: Path, rich: Path) -> None:
    with run(tmp_path, rich, time_limit=60) as driver:
        driver.render(1, 2)
        driver.wait(Rendered, 2)
