"""Small pictures of frames, made by a real Blender from whatever the scene writes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.devices.protocol import Pictured, Rendered, Started
from tests.support.runs import DriverRun
from tests.support.scenes import blender, needs_blender, scenes

pytestmark = needs_blender


def pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float64)


def file_of(run: DriverRun, line: Pictured) -> Path:
    return Path(run.folder.picture(line.file))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first frame as Blender writes it to a PNG."""
    folder = tmp_path_factory.mktemp("plain")
    with DriverRun(folder, scenes() / "cycles.blend") as run:
        run.render(1)
        run.wait(Rendered)
        kept = folder / "frame.png"
        kept.write_bytes(run.output(1, "shot_0001.png").read_bytes())
    return kept


@pytest.mark.parametrize("name", ["cycles", "deep", "exr", "layers", "movie"])
def test_a_picture_shows_the_frame_as_a_display_does(
    tmp_path: Path, plain: Path, name: str
) -> None:
    with DriverRun(tmp_path / "{x} %d '\"", scenes() / f"{name}.blend") as run:
        run.render(1)
        (line,) = run.wait(Pictured)
        path = file_of(run, line)
        assert (line.frame, line.number, line.size) == (1, 1, path.stat().st_size)
        with Image.open(path) as image:
            assert (image.format, image.size) == ("JPEG", (96, 54))
        assert np.abs(pixels(path) - pixels(plain)).mean() < 3.0


@pytest.mark.parametrize("name", ["exr", "layers"])
def test_a_picture_changes_nothing_of_the_frames_that_follow(tmp_path: Path, name: str) -> None:
    # The files name their own place, so both are as long.
    with DriverRun(tmp_path / "one", scenes() / f"{name}.blend") as run:
        run.render(1)
        run.wait(Pictured)
        run.render(2)
        pictured = run.wait(Rendered, 2)[1]
    with DriverRun(tmp_path / "two", scenes() / f"{name}.blend") as run:
        run.render(2)
        (alone,) = run.wait(Rendered)
    assert [file.path for file in pictured.files] == [file.path for file in alone.files]
    assert [file.size for file in pictured.files] == [file.size for file in alone.files]


def test_a_large_frame_is_shrunk(tmp_path: Path) -> None:
    script = tmp_path / "large.py"
    blend = tmp_path / "large.blend"
    script.write_text(
        "import bpy\n"
        "render = bpy.context.scene.render\n"
        "render.resolution_x, render.resolution_y = 600, 1200\n"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r}, copy=True)\n"
    )
    blender(str(scenes() / "exr.blend"), "-P", str(script))
    with DriverRun(tmp_path / "work", blend) as run:
        run.render(1)
        (line,) = run.wait(Pictured)
        with Image.open(file_of(run, line)) as image:
            assert image.size == (256, 512)


def test_quick_frames_are_not_all_pictured_and_the_last_one_is(tmp_path: Path) -> None:
    with DriverRun(tmp_path, scenes() / "cycles.blend") as run:
        begun = time.monotonic()
        run.render(*range(1, 41))
        run.wait(Pictured, check=lambda line: line.frame == 40)
        seconds = time.monotonic() - begun
        assert len(run.all(Pictured)) <= seconds + 1
        assert len(run.all(Rendered)) == 40
        kinds = [type(line) for line in run.lines]
        first = kinds.index(Pictured)
        assert kinds[:first].count(Rendered) == 1  # said first, pictured then
        assert kinds[:first].count(Started) == 1


def test_a_frame_whose_picture_cannot_be_made_is_a_frame_all_the_same(tmp_path: Path) -> None:
    with DriverRun(tmp_path, scenes() / "cycles.blend") as run:
        (run.path / "pictures").write_text("a file is in the way")
        run.render(1, 2, 3)
        run.wait(Rendered, 3)
        run.render(4)
        run.wait(Rendered, 4)
        assert run.all(Pictured) == []
