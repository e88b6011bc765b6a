"""Small pictures of frames on a share, in whatever format; what is no picture gives none."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.engine import makers
from blendtui.output.small import shrunk
from blendtui.output.tasks import Broken, Small, SmallMade
from tests.support.pictures import bomb

RED = (200, 30, 10)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "bmp", "webp", "tga"])
def test_a_picture_is_made_of_each_format_that_can_be_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"frame.{ending}"
    Image.new("RGB", (1920, 1080), RED).save(path)
    data = shrunk(path)
    assert data is not None
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (512, 288))
        found = np.asarray(image).reshape(-1, 3).mean(axis=0)
        assert np.abs(found - RED).max() < 4


def test_what_shines_through_is_shown_on_black(tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (255, 255, 255, 0)).save(tmp_path / "a.png")
    data = shrunk(tmp_path / "a.png")
    assert data is not None
    with Image.open(io.BytesIO(data)) as image:
        assert np.asarray(image).max() < 4


def test_sixteen_bits_of_gray_are_shown_as_eight(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 20), 32768, dtype=np.uint16)).save(tmp_path / "a.png")
    data = shrunk(tmp_path / "a.png")
    assert data is not None
    with Image.open(io.BytesIO(data)) as image:
        assert abs(int(np.asarray(image).mean()) - 128) < 3


def test_a_palette_is_shown_in_its_colors(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), RED).quantize(4).save(tmp_path / "a.png")
    data = shrunk(tmp_path / "a.png")
    assert data is not None
    with Image.open(io.BytesIO(data)) as image:
        assert np.abs(np.asarray(image).reshape(-1, 3).mean(axis=0) - RED).max() < 6


@pytest.mark.parametrize(
    "content", [b"", b"\x76\x2f\x31\x01" + b"x" * 99, b"\x89PNG\r\n\x1a\n", b"GIF89a"]
)
def test_of_what_cannot_be_read_there_is_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "frame.png"
    path.write_bytes(content)
    assert shrunk(path) is None
    assert shrunk(tmp_path / "gone.png") is None


@pytest.mark.parametrize("size", [(60_000, 60_000), (14_000, 14_000)])
def test_a_picture_that_would_take_all_memory_is_left_alone(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "frame.png"
    path.write_bytes(bomb(*size))
    assert shrunk(path) is None


async def test_the_process_gives_a_picture_of_the_first_file_that_can_be_read(
    tmp_path: Path,
) -> None:
    broken, whole = tmp_path / "data.exr", tmp_path / "frame.png"
    broken.write_bytes(b"\x76\x2f\x31\x01")
    Image.new("RGB", (1920, 1080), RED).save(whole)
    said = await makers.make(Small([str(broken), str(whole)]))
    assert isinstance(said, SmallMade)
    assert said.data == shrunk(whole)
    assert isinstance(await makers.make(Small([str(broken)])), Broken)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not held")
@pytest.mark.parametrize("task", ["small=Small([])", "sheet=Sheet('sheet', [])"])
def test_what_decodes_pictures_gets_no_more_memory_than_that(task: str) -> None:
    text = (
        "from blendtui.output.worker import MEMORY, Sheet, Small, _Order, _result\n"
        f"_result(_Order({task}))\n"
        "bytearray(MEMORY // 8)\n"
        "try:\n"
        "    bytearray(MEMORY)\n"
        "except MemoryError:\n"
        "    raise SystemExit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", text], check=False, timeout=60)
    assert done.returncode == 7
