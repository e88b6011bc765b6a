"""The driver in a real Blender: what it is ordered, what it says, what it leaves."""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.devices import driver_project
from blendtui.devices.orders import AliveOrder, CollectedOrder, DropOrder, QuitOrder, RenderOrder
from blendtui.devices.protocol import (
    Beat,
    BlenderLine,
    Dropped,
    Failed,
    Hello,
    Opened,
    Progress,
    Rendered,
    RunFault,
    Started,
    progress_of,
)
from blendtui.devices.slot import DRIVER_FILES, RunSettings
from blendtui.farm.faults import FaultKind
from tests.support.runs import DriverRun, lay_job
from tests.support.scenes import blender, needs_blender, scenes

pytestmark = needs_blender
FRAMES = range(1, 13)


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriverRun]:
    """A driver that has rendered the whole of cycles.blend."""
    work_dir = tmp_path_factory.mktemp("twelve {x} %d '\"")
    with DriverRun(work_dir, scenes() / "cycles.blend", RunSettings(beat=0.1)) as run:
        run.render(*FRAMES)
        run.wait(Rendered, len(FRAMES))
        yield run


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DriverRun]:
    """A driver that has slow.blend open."""
    work_dir = tmp_path_factory.mktemp("slow")
    with DriverRun(work_dir, scenes() / "slow.blend", RunSettings(beat=0.05)) as run:
        run.wait(Opened)
        yield run


def picture(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read a picture's pixels."""
    with Image.open(path) as image:
        return np.asarray(image)


def fault_of(tmp_path: Path, blend: Path, settings: RunSettings | None = None) -> RunFault:
    """Start a driver that cannot go on; gives its fault."""
    with DriverRun(tmp_path, blend, settings) as run:
        assert run.leave() == "fault"
        return run.wait(RunFault)[0]


def test_its_frames_are_pixel_for_pixel_those_of_blender_itself(
    twelve: DriverRun, tmp_path: Path
) -> None:
    blender(str(scenes() / "cycles.blend"), "-o", str(tmp_path / "shot_####"), "-a")
    for frame in FRAMES:
        name = f"shot_{frame:04d}.png"
        assert np.array_equal(picture(twelve.output(frame, name)), picture(tmp_path / name))


def test_it_says_what_it_found_and_what_it_did(twelve: DriverRun) -> None:
    (hello,), (opened,) = twelve.all(Hello), twelve.all(Opened)
    assert hello.pid == twelve.process.pid
    facts = opened.facts
    assert (facts.name, facts.frame_start, facts.frame_end) == ("Scene", 1, 12)
    assert (facts.engine, facts.width, facts.height) == ("CYCLES", 96, 54)
    assert (facts.file_format, facts.camera, facts.missing) == ("PNG", "Camera", ())
    assert [line.frame for line in twelve.all(Started)] == list(FRAMES)
    for line in twelve.all(Rendered)[:12]:
        (file,) = line.files
        path = twelve.output(line.frame, file.path)
        assert (file.path, file.size) == (f"shot_{line.frame:04d}.png", path.stat().st_size)
        assert file.sha256 == driver_project.hash_file(path)


def test_each_frame_but_the_first_says_what_it_took_to_begin_it(twelve: DriverRun) -> None:
    gaps = [line.gap for line in twelve.all(Rendered)[:12]]
    assert gaps[0] is None
    assert all(gap is not None and gap > 0 for gap in gaps[1:])


def test_a_repeated_order_is_answered_again_and_not_rendered_again(twelve: DriverRun) -> None:
    before = twelve.all(Rendered)
    first = next(line for line in before if line.frame == 3)
    twelve.render(3)
    again = twelve.wait(Rendered, len(before) + 1)[-1]
    assert again == first
    assert sum(line.frame == 3 for line in twelve.all(Started)) == 1


def test_what_is_no_order_is_passed_over(twelve: DriverRun) -> None:
    started = len(twelve.all(Started))
    for junk in (b"\n\n{\xff", b"[]", b'{"do":"frame"}', b'{"do":"frame","frame":3,"try":-1}'):
        twelve.order_raw(junk + b"\n")
    for junk in (b'{"do":"frame","frame":true,"try":1}', b'{"do":"rm","frame":1,"try":1}', b"7"):
        twelve.order_raw(junk + b"\n")
    twelve.order_raw(b'{"do":"frame","frame":5,"tr\n')
    twelve.render(4, number=2)
    twelve.wait(Rendered, check=lambda line: line.number == 2)
    assert len(twelve.all(Started)) == started + 1


def test_a_frame_that_blender_does_not_have_fails_and_the_next_one_goes_on(
    twelve: DriverRun,
) -> None:
    twelve.render(2_000_000_000, number=3)
    twelve.render(5, number=3)
    failed = twelve.wait(Failed, check=lambda line: line.number == 3)[0]
    assert failed.kind is FaultKind.RENDER_ERROR
    twelve.wait(Rendered, check=lambda line: line.number == 3)


def test_collected_files_are_deleted_and_others_kept(twelve: DriverRun) -> None:
    twelve.render(6, 7, number=4)
    twelve.wait(Rendered, 2, check=lambda line: line.number == 4)
    twelve.order(CollectedOrder(6, 4), RenderOrder(8, 4))
    twelve.wait(Rendered, check=lambda line: (line.frame, line.number) == (8, 4))
    assert not twelve.output(6, "", 4).exists()
    assert twelve.output(7, "shot_0007.png", 4).exists()


def test_it_shows_that_it_lives_while_it_renders(slow: DriverRun) -> None:
    slow.render(1)
    slow.wait(Rendered, check=lambda line: line.frame == 1)
    kinds = [type(line) for line in slow.lines]
    during = kinds[kinds.index(Started) : kinds.index(Rendered)]
    assert during.count(Beat) >= 3
    assert all((beat.memory or 0) > 10_000_000 for beat in slow.all(Beat))


def test_a_waiting_frame_can_be_dropped_and_one_in_hand_cannot(slow: DriverRun) -> None:
    slow.render(2, 3)
    slow.wait(Started, check=lambda line: line.frame == 2)
    slow.order(DropOrder(3, 1), DropOrder(2, 1))
    slow.wait(Rendered, check=lambda line: line.frame == 2)
    assert [line.frame for line in slow.wait(Dropped)] == [3]
    slow.render(3)
    assert [line.frame for line in slow.wait(Dropped, 2)] == [3, 3]


def test_a_gpu_error_since_the_frame_began_poisons_it(slow: DriverRun) -> None:
    slow.render(4)
    slow.wait(Started, check=lambda line: line.frame == 4)
    with (slow.path / "log").open("ab") as log:
        log.write(b"\nCUDA error: Out of memory in cuMemAlloc(&device_pointer, size)\n")
    failed = slow.wait(Failed, check=lambda line: line.frame == 4)[0]
    assert failed.kind is FaultKind.GPU_ERROR
    assert failed.detail == "CUDA error: Out of memory in cuMemAlloc(&device_pointer, size)"


def test_told_to_quit_it_finishes_the_frame_in_hand_and_gives_the_others_back(
    tmp_path: Path,
) -> None:
    with DriverRun(tmp_path, scenes() / "slow.blend") as run:
        run.render(1, 2, 3)
        run.wait(Started)
        run.order(QuitOrder())
        assert run.leave() == "quit"
        assert [line.frame for line in run.all(Rendered)] == [1]
        assert [line.frame for line in run.all(Dropped)] == [2, 3]


def test_forgotten_it_finishes_its_orders_and_leaves(tmp_path: Path) -> None:
    settings = RunSettings(patience=0.5)
    with DriverRun(tmp_path, scenes() / "cycles.blend", settings) as run:
        run.render(1, 2, 3)
        run.order(AliveOrder())
        assert run.leave() == "idle"
        assert len(run.all(Rendered)) == 3


@pytest.mark.parametrize("allowed", [False, True])
def test_scripts_in_a_blend_run_only_where_they_are_allowed(tmp_path: Path, allowed: bool) -> None:
    settings = RunSettings(allow_scripts=allowed)
    with DriverRun(tmp_path, scenes() / "scripted.blend", settings) as run:
        run.render(1)
        run.wait(Rendered)
        assert (run.project / "shots" / "RAN").exists() == allowed


def test_a_named_scene_is_rendered_with_its_own_settings(tmp_path: Path) -> None:
    with DriverRun(tmp_path, scenes() / "second.blend", RunSettings(scene="Scene")) as run:
        facts = run.wait(Opened)[0].facts
        run.render(1)
        run.wait(Rendered)
        assert (facts.active, facts.name, facts.width) == ("Second", "Scene", 96)
        assert picture(run.output(1, "shot_0001.png")).shape[:2] == (54, 96)


def test_without_a_name_the_active_scene_is_rendered(tmp_path: Path) -> None:
    with DriverRun(tmp_path, scenes() / "second.blend") as run:
        run.render(1)
        run.wait(Rendered)
        assert picture(run.output(1, "shot_0001.png")).shape[:2] == (54, 48)


def test_a_scene_that_writes_a_movie_gives_single_frames(tmp_path: Path) -> None:
    with DriverRun(tmp_path, scenes() / "movie.blend") as run:
        run.render(1, 2)
        rendered = run.wait(Rendered, 2)
        assert run.wait(Opened)[0].facts.movie
        assert [line.files[0].path for line in rendered] == ["film_0001.png", "film_0002.png"]


def test_missing_files_are_named(tmp_path: Path) -> None:
    with DriverRun(tmp_path, scenes() / "missing.blend") as run:
        assert run.wait(Opened)[0].facts.missing == ("textures/gone.png",)


def test_a_scene_without_a_camera_ends_the_run(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, scenes() / "nocamera.blend")
    assert (fault.kind, fault.facts) == (FaultKind.NO_CAMERA, {"scene": "Scene"})


def test_an_unknown_scene_ends_the_run(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, scenes() / "second.blend", RunSettings(scene="Third"))
    assert fault.kind is FaultKind.SCENE_UNKNOWN
    assert fault.facts == {"scene": "Third", "scenes": "Scene, Second"}


def test_what_is_no_blend_ends_the_run(tmp_path: Path) -> None:
    blend = tmp_path / "a.blend"
    blend.write_bytes(b"BLENDER-v304 and nothing else")
    fault = fault_of(tmp_path / "work", blend)
    assert (fault.kind, fault.facts["file"]) == (FaultKind.BLEND_NOT_OPENED, "a.blend")


def test_a_device_that_sees_the_share_takes_the_project_from_there(tmp_path: Path) -> None:
    blend, drop = scenes() / "cycles.blend", tmp_path / "drop.zip"
    with zipfile.ZipFile(drop, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(blend, "shots\\a.blend")
    lay_job(tmp_path, "job {1}", {"shots/a.blend": blend.read_bytes()}, "shots/a.blend")
    for blob in (tmp_path / "blobs").iterdir():
        blob.unlink()
    with DriverRun(tmp_path, blend, RunSettings(share_file=str(drop))) as run:
        run.render(1)
        run.wait(Rendered)


def test_progress_is_told_by_newer_blenders_and_logged_by_older_ones(slow: DriverRun) -> None:
    told = [(line.sample, line.samples) for line in slow.all(Progress)]
    logged = [progress_of(line.text) for line in slow.all(BlenderLine)]
    samples = {samples for _, samples in told} | {found.samples for found in logged if found}
    assert samples == {1000}


@pytest.mark.parametrize("name", DRIVER_FILES)
def test_the_driver_is_written_for_the_oldest_python(name: str) -> None:
    path = Path(driver_project.__file__).with_name(name)
    tree = ast.parse(path.read_text(), feature_version=(3, 7))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {module for module in imported if module and module.startswith("asyncssh")}
