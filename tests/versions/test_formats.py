"""Whatever a scene writes, the driver's files are those that the same Blender writes by itself.

All cases are scenes of one .blend, of which Blender and the driver render a frame each; so each
of them is also one of several scenes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui.engine.ownership import Ownership
from blendtui.farm.project import IMAGE_FORMATS, Project, ProjectFile
from blendtui.intake.jobfile import JobFile
from blendtui.intake.scene import read_facts
from blendtui.intake.several import scenes_of
from blendtui.share.names import flaw_of
from tests.support.format_cases import CASES, IMAGES, NAMES, NODES, VIEWS
from tests.support.format_runs import FRAME, Driven, FormatRuns
from tests.support.pictures import are_same, read
from tests.support.scenes import BLENDER, needs_blender

pytestmark = [needs_blender, pytest.mark.timeout(600)]

PICTURES = [case["name"] for case in [*IMAGES, *VIEWS]]
OUTPUTS = {str(case["name"]): str(case["output"]) for case in NAMES}
NODE_SLOTS: list[str] = NODES[0]["nodes"][0]["slots"]
BELOW = -4


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> FormatRuns:
    return FormatRuns(str(BLENDER), tmp_path_factory.mktemp("formats"))


@pytest.fixture(scope="module")
def plain(runs: FormatRuns) -> dict[str, dict[str, bytes]]:
    """What Blender writes of each scene."""
    return runs.plain(runs.has([*IMAGES, *VIEWS]))


@pytest.fixture(scope="module")
def driven(runs: FormatRuns) -> dict[tuple[str, int], Driven]:
    """What the driver makes of each scene, and of those that are about names also below 0."""
    wanted = [(name, FRAME) for name in runs.has([*IMAGES, *VIEWS, *NAMES, *NODES])]
    wanted += [(name, BELOW) for name in runs.has([*NAMES, *NODES])]
    before = runs.everything()
    found = runs.driven({"scene": name, "frame": frame} for name, frame in wanted)
    assert runs.everything() == before, "it wrote beside the frames' own folders"
    return dict(zip(wanted, found, strict=True))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_the_one_that_blender_writes(
    runs: FormatRuns,
    plain: dict[str, dict[str, bytes]],
    driven: dict[tuple[str, int], Driven],
    name: str,
) -> None:
    if name in runs.without:
        pytest.skip(f"this Blender has it not: {runs.without[name][:80]}")
    frame = driven[name, FRAME]
    assert frame.flaw == ""
    assert sorted(frame.files) == sorted(plain[name])
    for file in frame.files:
        assert are_same(frame.folder / file, plain[name][file]), file
    assert frame.picture, "and there is a small picture of it"


def test_only_what_blender_has_not_is_left_out(runs: FormatRuns) -> None:
    newer = {name for name in PICTURES if name.startswith(("avif", "exr-htj2k"))}
    assert set(runs.without) == (newer if runs.version < (5, 1) else set())


def test_all_its_scenes_and_their_formats_are_known_without_blender(runs: FormatRuns) -> None:
    blend = runs.blend.relative_to(runs.folder / "project").as_posix()
    listed = ProjectFile(blend, "0" * 64, runs.blend.stat().st_size)
    facts = read_facts(runs.folder / "project", Project(blend, (listed,)))
    found = {scene.name: scene for scene in facts.scenes if scene.name != "Scene"}
    assert {name: scene.file_format for name, scene in found.items()} == {
        case["name"]: case["image"]["file_format"]
        for case in CASES
        if case["name"] not in runs.without
    }
    assert {name: found[name].output for name in OUTPUTS} == OUTPUTS
    asked = scenes_of(JobFile(scenes="all"), facts)
    assert set(asked) == {*found, "Scene"}, "each can be rendered"


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("frame", [FRAME, BELOW])
def test_file_names_are_blenders_and_the_frames_own(
    runs: FormatRuns, driven: dict[tuple[str, int], Driven], name: str, frame: int
) -> None:
    found = driven[name, frame]
    assert found.flaw == ""
    (file,) = found.files
    scene = "braces" if runs.version >= (5, 0) else "{scene_name}"
    whole, short = ("0003", "003") if frame == FRAME else ("-0004", "-004")
    names = {
        "middle": f"a_{whole}_b.png",
        "none": f"plain{whole}.png",
        "folder": f"{whole}.png",
        "groups": f"a##_b{short}.png",
        "dotted": f"x.v2{whole}.png",
        "movie-like": f"film.mp4{whole}.png",
        "digit": f"e_{whole}5.png",
        "ended": f"shot_{whole}.png",
        "unicode": f"Größe é_影_{whole}.png",
        "bare": f"bare_{whole}",
        "lying": f"lie_{whole}.exr",
        "careful": f"careful_{whole}.png",
        "braces": f"{scene}_{whole}.png",
    }
    assert file == names[name]
    assert found.bytes_of(file).startswith(b"\x89PNG")
    assert Ownership(OUTPUTS[name], {}).flaw(frame, [file]) is None
    assert Ownership(OUTPUTS[name], {}).flaw(frame + 1, [file]) is not None


def test_a_file_that_is_there_already_is_rendered_anew_and_no_placeholder_is_written(
    runs: FormatRuns,
) -> None:
    """Whatever the scene says of overwriting: what an ended try left behind is no frame."""
    case = {"scene": "careful", "frame": FRAME}
    name = "careful_0003.png"
    fresh, again = runs.driven([case, {**case, "left": name}])
    assert (fresh.flaw, fresh.files, fresh.early) == ("", [name], [])
    assert (again.flaw, again.files, again.early) == ("", [name], [name])
    assert are_same(again.folder / name, fresh.bytes_of(name))


def nodes_of(version: tuple[int, int], number: str, short: str) -> dict[str, set[str]]:
    """Say which files the nodes' scenes have besides their own picture."""
    up = "_con/esc" if version < (5, 0) else "_con/_.._esc" if version < (5, 1) else "_con/_/_/esc"
    return {
        "node": {f"Passes/{slot}{number}.png" for slot in NODE_SLOTS},
        "node-exr": {f"Beauty_ half/Image{number}.exr", f"Layers/all_{number}.exr"},
        "node-twice": {f"Same/Image{number}.png", f"same-2/Image{number}.png"},
        "node-out": {f"_up_x/a_{short}_x.png", f"{up}{number}.png"},
        "node-stereo": {f"Eyes/Image{number}_L.png", f"Eyes/Image{number}_R.png"},
    }


@pytest.mark.parametrize("name", [case["name"] for case in NODES])
@pytest.mark.parametrize("frame", [FRAME, BELOW])
def test_file_output_nodes_write_below_the_frame_in_folders_of_their_names(
    runs: FormatRuns, driven: dict[tuple[str, int], Driven], name: str, frame: int
) -> None:
    number, short = ("0003", "03") if frame == FRAME else ("-0004", "-04")
    found = driven[name, frame]
    assert found.flaw == ""
    wanted = nodes_of(runs.version, number, short)[name]
    assert set(found.files) == {f"{name}_{number}.png", *wanted}
    for path in found.files:
        assert flaw_of(path) == "", path
    owned = Ownership(f"//render/{name}_####", {})
    assert owned.flaw(frame, found.files) is None
    owned.claim(frame, found.files)
    assert owned.flaw(frame + 1, found.files) is not None


def test_a_nodes_files_are_those_of_blender_itself(
    runs: FormatRuns, driven: dict[tuple[str, int], Driven]
) -> None:
    runs.plain(["node", "node-exr"])
    nodes = runs.blend.parent / "nodes"
    for scene, path, own in (
        ("node", "plain/Image0003.png", "Passes/Image0003.png"),
        ("node", "plain/Depth_0003.png", "Passes/Depth_0003.png"),
        ("node-exr", "exr/Image0003.exr", "Beauty_ half/Image0003.exr"),
        ("node-exr", "layers/all_0003.exr", "Layers/all_0003.exr"),
    ):
        assert are_same(driven[scene, FRAME].folder / own, (nodes / path).read_bytes()), path


def test_each_format_of_job_toml_is_written_whatever_the_scene_writes(runs: FormatRuns) -> None:
    """Also from several views in one file, which most formats do not have."""
    known = [name for name in IMAGE_FORMATS if name != "AVIF" or runs.version >= (5, 1)]
    cases = [
        {"scene": scene, "frame": FRAME, "overrides": {"format": name, "output": "take_##"}}
        for scene in ("exr-float", "views-exr")
        for name in known
    ]
    found = runs.driven(cases)
    for case, frame in zip(cases, found, strict=True):
        assert frame.flaw == "", case
        views = [Path(name).stem for name in frame.files]
        if case["scene"] == "exr-float" or "EXR" in str(case["overrides"]):
            assert views == ["take_03"], case
        else:
            assert views == ["take_03_L", "take_03_R", "take_03_mid"], case
        for name in frame.files:
            assert read(frame.folder / name)[0].pixels.shape[:2] == (36, 64)


STILL = """
import bpy
scene = bpy.data.scenes["node"]
bpy.context.window.scene = scene
scene.frame_set({frame})
scene.render.filepath = {path!r}
bpy.ops.render.render(write_still=True)
"""


def test_a_frame_below_zero_shows_its_own_moment_also_of_a_scene_that_is_not_the_active_one(
    runs: FormatRuns, driven: dict[tuple[str, int], Driven], tmp_path: Path
) -> None:
    path = tmp_path / "still.png"
    text = STILL.format(frame=BELOW, path=str(path))
    runs.run(str(runs.blend), "--python-expr", text)
    frame = driven["node", BELOW]
    assert are_same(path, frame.bytes_of("node_-0004.png"))
    assert not are_same(path, driven["node", FRAME].bytes_of("node_0003.png"))


def test_frames_far_beyond_the_range_keep_their_number(runs: FormatRuns) -> None:
    (found,) = runs.driven([{"scene": "node", "frame": 123456}])
    assert set(found.files) == {
        "node_123456.png",
        *(f"Passes/{slot}123456.png" for slot in NODE_SLOTS),
    }
    assert Ownership("//render/node_####", {}).flaw(123456, found.files) is None
