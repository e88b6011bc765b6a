"""Parts of a frame in a real Blender: merged, they are the frame that is rendered whole."""

from __future__ import annotations

import functools
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
from tests.support.pictures import read
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
if hasattr(scene, "compositing_node_group"):  # 5.0 and later
    tree = scene.compositing_node_group = bpy.data.node_groups.new("C", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    output = tree.nodes.new("NodeGroupOutput")
    file = tree.nodes.new("CompositorNodeOutputFile")
    file.format.media_type = "IMAGE"
    file.file_output_items.new("VECTOR", "Normal")
else:
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    output = tree.nodes.new("CompositorNodeComposite")
    file = tree.nodes.new("CompositorNodeOutputFile")
file.format.file_format = "PNG"
layers = tree.nodes.new("CompositorNodeRLayers")
layers.scene = scene
layers.layer = layer.name
second = tree.nodes.new("CompositorNodeRLayers")
second.scene = scene
second.layer = "Second"
invert = tree.nodes.new("CompositorNodeInvert")
lit = "DiffDir" if "DiffDir" in layers.outputs else "Diffuse Direct"
tree.links.new(layers.outputs[lit], invert.inputs["Color"])
tree.links.new(invert.outputs["Color"], output.inputs["Image"])
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
        shown = [file for file in whole.files if "shot" in file.path]
        assert len(shown) == len(whole.files) - 1 == 1, "and what the File Output node writes"
        picture = pixels(driver.output(1, shown[0].path, 1))
        assert picture[0, 0, :3].min() > 150, "it is inverted"
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


DENOISED_CUTS = (0, 4, 8)
DENOISED = f"""{SOBOL}
scene = bpy.context.scene
scene.cycles.samples = 8
scene.cycles.use_denoising = True
scene.cycles.denoiser = "OPENIMAGEDENOISE"
bpy.data.lights[0].shadow_soft_size = 5
scene.render.image_settings.color_depth = "16"
"""
LAYER_OFF = "scene.view_layers[0].cycles.use_denoising = False\n"
ALL_LAYERS = """
scene.view_layers.new("Second")
if hasattr(scene.render.image_settings, "media_type"):
    scene.render.image_settings.media_type = "MULTI_LAYER_IMAGE"
    scene.render.image_settings.use_exr_interleave = True
scene.render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
scene.render.image_settings.color_depth = "32"
scene.render.use_compositing = False
"""


@functools.cache
def can_denoise() -> bool:
    """Whether this Blender has OpenImageDenoise, which Debian's was built without."""
    words = "import _cycles; print('denoises', _cycles.with_openimagedenoise)"
    return "denoises True" in blender("--python-expr", words)


@pytest.fixture
def denoises() -> None:
    if not can_denoise():
        pytest.skip("this Blender is built without OpenImageDenoise")


def rms(one: np.ndarray, other: np.ndarray) -> float:
    """Give what is between two pictures of 16 bits."""
    return float(np.sqrt(((one - other) ** 2).mean()))


def layer(path: Path, name: str) -> np.ndarray:
    """Give a view layer's picture out of a file of all layers, of 255 levels."""
    (file,) = read(path)
    wanted = [file.channels.index(f"{name}.Combined.{color}") for color in "RGB"]
    return file.pixels[:, :, wanted].astype(float) * 255


def whole_one(folder: Path, blend: Path) -> np.ndarray:
    """Render frame 1 as a whole."""
    with DriverRun(folder, blend, RunSettings()) as driver:
        return pixels(driver.output(1, rendered(driver, RenderOrder(1, 1)).files[0].path, 1))


@pytest.mark.usefixtures("denoises")
def test_the_whole_is_denoised_once_when_its_parts_are_merged(tmp_path: Path) -> None:
    """What is left between the two is far less than what another seed or no denoising makes."""
    blend = save(tmp_path, "denoised", DENOISED)
    other = save(tmp_path, "other", DENOISED + "scene.cycles.seed = 1\n")
    noisy = save(tmp_path, "noisy", DENOISED + "scene.cycles.use_denoising = False\n")
    with DriverRun(tmp_path / "w", blend, RunSettings(split=True)) as driver:
        assert driver.wait(Opened)[0].facts.whole == ""
        whole = pixels(driver.output(1, rendered(driver, RenderOrder(1, 1)).files[0].path, 1))
        ours = pixels(driver.output(1, merged(driver, DENOISED_CUTS).files[0].path, 2))
    left = rms(ours, whole)
    assert left <= 1.0
    assert left <= rms(whole_one(tmp_path / "o", other), whole) / 2
    assert left <= rms(whole_one(tmp_path / "n", noisy), ours) / 2


@pytest.mark.usefixtures("denoises")
def test_a_view_layer_that_is_not_denoised_stays_so_when_its_parts_are_merged(
    tmp_path: Path,
) -> None:
    blend = save(tmp_path, "off", DENOISED + LAYER_OFF)
    with DriverRun(tmp_path / "w", blend, RunSettings(split=True)) as driver:
        whole = pixels(driver.output(1, rendered(driver, RenderOrder(1, 1)).files[0].path, 1))
        ours = pixels(driver.output(1, merged(driver, DENOISED_CUTS).files[0].path, 2))
    assert np.abs(ours - whole).max() <= 2


@pytest.mark.usefixtures("denoises")
def test_of_two_view_layers_the_one_that_is_to_be_is_denoised(tmp_path: Path) -> None:
    """Both show the same, and their difference is what denoising took away."""
    blend = save(tmp_path, "two", DENOISED + ALL_LAYERS + LAYER_OFF)
    with DriverRun(tmp_path / "w", blend, RunSettings(split=True)) as driver:
        whole = driver.output(1, rendered(driver, RenderOrder(1, 1)).files[0].path, 1)
        ours = driver.output(1, merged(driver, DENOISED_CUTS).files[0].path, 2)
    assert rms(layer(ours, "ViewLayer"), layer(whole, "ViewLayer")) <= 0.01
    left = rms(layer(ours, "Second"), layer(whole, "Second"))
    assert left <= rms(layer(ours, "Second"), layer(ours, "ViewLayer")) * 0.7


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
    "subset": (
        "scene.cycles.sample_offset = 8;"
        " setattr(scene.cycles, 'use_sample_subset', True)"
        " if hasattr(scene.cycles, 'use_sample_subset') else None",
        "only some of its samples",
    ),
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
