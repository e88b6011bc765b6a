"""Parts of a frame in a real Blender: merged, they are the frame that is rendered whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.devices import driver_project
from blendtui.devices.orders import RenderOrder
from blendtui.devices.protocol import Failed, Opened, Rendered
from blendtui.devices.slot import RunSettings
from blendtui.farm.parts import part_number
from tests.support.runs import DriverRun
from tests.support.scenes import blender, needs_blender, scenes

pytestmark = needs_blender

SAMPLES = 16
CUTS = (0, 4, 6, SAMPLES)

# In 4.2 parts can't have blue noise, so that what they are compared with has none either.
SOBOL = """
import bpy
cycles = bpy.context.scene.cycles
if cycles.sampling_pattern == "AUTOMATIC" and not hasattr(cycles, "use_sample_subset"):
    cycles.sampling_pattern = "TABULATED_SOBOL"
"""
RICH = f"""{SOBOL}
scene = bpy.context.scene
scene.cycles.samples = 16
scene.render.image_settings.file_format = "PNG"
scene.render.image_settings.color_depth = "16"
layer = scene.view_layers[0]
layer.use_pass_position = layer.use_pass_diffuse_direct = layer.use_pass_z = True
scene.view_layers.new("Second").use_pass_normal = True
if hasattr(scene, "node_tree"):
    scene.use_nodes = True
    tree = scene.node_tree
    layers = next(node for node in tree.nodes if node.type == "R_LAYERS")
    second = tree.nodes.new("CompositorNodeRLayers")
    second.layer = "Second"
    invert = tree.nodes.new("CompositorNodeInvert")
    output = next(node for node in tree.nodes if node.type == "COMPOSITE")
    tree.links.new(layers.outputs["DiffDir"], invert.inputs["Color"])
    tree.links.new(invert.outputs["Color"], output.inputs["Image"])
    file = tree.nodes.new("CompositorNodeOutputFile")
    tree.links.new(second.outputs["Normal"], file.inputs[0])
bpy.ops.wm.save_as_mainfile(filepath={{path!r}})
"""


def rendered(driver: DriverRun, order: RenderOrder) -> Rendered:
    driver.order(order)
    (line,) = driver.wait(
        Rendered, check=lambda one: (one.frame, one.number) == (order.frame, order.number)
    )
    return line


def merged(driver: DriverRun, cuts: tuple[int, ...] = CUTS) -> Rendered:
    """Render frame 1 in parts and merge them, as try 2."""
    there = driver.path / "parts" / "1"
    there.mkdir(parents=True)
    pieces = []
    for index, (begin, end) in enumerate(pairwise(cuts), start=1):
        number = part_number(1, index)
        part = rendered(driver, RenderOrder(number, 1, part=(1, begin, end)))
        (file,) = part.files
        shutil.copy(driver.output(number, file.path), there / f"{number}.exr")
        pieces.append((f"{number}.exr", end - begin))
    return rendered(driver, RenderOrder(1, 2, pieces=tuple(pieces)))


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture).astype(float)


def save(folder: Path, name: str, script: str) -> Path:
    path = folder / f"{name}.blend"
    save = f"\nbpy.ops.wm.save_as_mainfile(filepath={str(path)!r})"
    words = script.format(path=str(path)) if "{path" in script else "import bpy\n" + script + save
    blender(str(scenes() / "cycles.blend"), "--python-expr", words)
    return path


def test_merged_parts_are_the_whole_frame_compositing_and_file_output_nodes_too(
    tmp_path: Path,
) -> None:
    blend = save(tmp_path, "rich", RICH)
    with DriverRun(tmp_path / "w", blend, RunSettings(split=True)) as driver:
        facts = driver.wait(Opened)[0].facts
        assert (facts.samples, facts.whole) == (SAMPLES, "")
        whole = rendered(driver, RenderOrder(1, 1))
        again = merged(driver)
        assert [file.path for file in again.files] == [file.path for file in whole.files]
        for file in whole.files:
            first = pixels(driver.output(1, file.path, 1))
            second = pixels(driver.output(1, file.path, 2))
            assert np.abs(first - second).max() <= 2, file.path
        assert not (driver.path / "parts" / "1").exists()
        third = rendered(driver, RenderOrder(1, 3))
        assert [file.sha256 for file in third.files if "shot" in file.path] == [
            file.sha256 for file in whole.files if "shot" in file.path
        ] or np.array_equal(
            pixels(driver.output(1, whole.files[0].path, 1)),
            pixels(driver.output(1, third.files[0].path, 3)),
        )


def test_adaptive_sampling_keeps_mean_and_noise(tmp_path: Path) -> None:
    change = f"""{SOBOL}
scene = bpy.context.scene
scene.cycles.samples = 64
scene.cycles.use_adaptive_sampling = True
scene.cycles.adaptive_threshold = 0.1
scene.render.image_settings.color_depth = "16"
"""
    blend = save(tmp_path, "adaptive", change)
    other = save(tmp_path, "other", change + "scene.cycles.seed = 1\n")
    with DriverRun(tmp_path / "w", blend, RunSettings(split=True)) as driver:
        whole = pixels(driver.output(1, rendered(driver, RenderOrder(1, 1)).files[0].path, 1))
        ours = pixels(driver.output(1, merged(driver, (0, 16, 40, 64)).files[0].path, 2))
    with DriverRun(tmp_path / "o", other, RunSettings()) as driver:
        theirs = pixels(driver.output(1, rendered(driver, RenderOrder(1, 1)).files[0].path, 1))
    assert (ours - whole).var() <= (theirs - whole).var()
    assert abs((ours - whole).mean()) <= 0.002 * whole.mean()


def test_a_part_that_is_none_fails_the_merge_and_blender_goes_on(tmp_path: Path) -> None:
    with DriverRun(tmp_path / "w", scenes() / "cycles.blend", RunSettings(split=True)) as driver:
        driver.wait(Opened)
        there = driver.path / "parts" / "1"
        there.mkdir(parents=True)
        (there / "x.exr").write_bytes(b"no EXR")
        driver.order(RenderOrder(1, 1, pieces=(("x.exr", 4),)))
        (failed,) = driver.wait(Failed)
        assert "merged" in failed.detail
        driver.render(2)
        driver.wait(Rendered)


WHOLE = {
    "engine": ("scene.render.engine = 'BLENDER_WORKBENCH'", "only Cycles"),
    "region": ("scene.render.use_border = True", "region"),
    "stereo": ("scene.render.use_multiview = True", "views"),
    "freestyle": ("scene.render.use_freestyle = True", "Freestyle"),
    "guiding": ("scene.cycles.use_guiding = True", "path guiding"),
    "time": ("scene.cycles.time_limit = 9", "limits the time"),
    "layers": ("layer.samples = 3", "samples of its own"),
    "cryptomatte": ("layer.use_pass_cryptomatte_object = True", "Cryptomatte"),
    "catcher": ("bpy.data.objects['Cube'].is_shadow_catcher = True", "shadow catcher Cube"),
    "strips": (
        "scene.sequence_editor_create(); e = scene.sequence_editor;"
        " s = e.strips if hasattr(e, 'strips') else e.sequences;"
        " s.new_effect(name='x', type='COLOR', channel=1, frame_start=1, **"
        " ({'length': 9} if bpy.app.version >= (5, 0, 0) else {'frame_end': 10}))",
        "sequencer",
    ),
    "nothing": ("pass", ""),
}


@pytest.fixture(scope="module")
def reasons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the driver says of each of the scenes, all in one Blender."""
    folder = tmp_path_factory.mktemp("whole")
    script, said = folder / "ask.py", folder / "said.json"
    script.write_text(f"""
import json, sys, bpy
sys.path.insert(0, {str(Path(driver_project.__file__).parent)!r})
from driver_whole import why_whole
found = {{}}
for name, change in {[(name, change) for name, (change, _) in WHOLE.items()]!r}:
    bpy.ops.wm.open_mainfile(filepath={str(scenes() / "cycles.blend")!r}, load_ui=False)
    scene = bpy.context.scene
    layer = scene.view_layers[0]
    exec(change)
    found[name] = why_whole(scene)
json.dump(found, open({str(said)!r}, "w"))
""")
    blender("-P", str(script))
    yield json.loads(said.read_text())


@pytest.mark.parametrize("name", WHOLE)
def test_what_cannot_be_split_is_known_with_its_reason(name: str, reasons: dict[str, str]) -> None:
    wanted = WHOLE[name][1]
    assert wanted in reasons[name]
    assert bool(wanted) is bool(reasons[name])
