"""A contact sheet: frames side by side in one picture, each with its number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blendtui.output.sheet import GAP, draw
from blendtui.output.tasks import Broken, Picture, Sheet, SheetMade

COLORS = {1: (200, 30, 30), 2: (30, 200, 30), 3: (30, 30, 200)}


def drawn(tmp_path: Path, ending: str = ".png", mode: str = "RGB") -> Sheet:
    made = []
    for number, color in COLORS.items():
        path = tmp_path / f"{number}{ending}"
        Image.new("RGB", (640, 360), color).convert(mode).save(path)
        made.append(Picture(number, str(path)))
    return Sheet(str(tmp_path / "sheet.part"), made)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".tif", ".bmp", ".tga", ".webp"])
def test_frames_stand_side_by_side_in_their_order(tmp_path: Path, ending: str) -> None:
    task = drawn(tmp_path, ending)
    assert draw(task) == SheetMade(3)
    with Image.open(task.target) as sheet:
        assert sheet.format == "JPEG"
        assert sheet.size == (3 * (320 + GAP) + GAP, 180 + 20 + GAP + GAP)
        for place, color in enumerate(COLORS.values()):
            shown = np.asarray(sheet)[90, GAP + place * (320 + GAP) + 160]
            assert np.abs(shown.astype(int) - color).max() < 12
        below = np.asarray(sheet.convert("L"))[GAP + 180 : GAP + 200, GAP : GAP + 40]
        assert below.max() > 150, "there is no number below a frame"


def test_a_frame_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    task = drawn(tmp_path)
    Path(task.pictures[1].path).write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    assert draw(task) == SheetMade(2)


def test_without_any_frame_there_is_no_sheet(tmp_path: Path) -> None:
    task = Sheet(str(tmp_path / "sheet.part"), [Picture(1, str(tmp_path / "none.png"))])
    assert isinstance(draw(task), Broken)
    assert not Path(task.target).exists()


def test_16_bits_of_gray_are_shown_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((36, 64), 32768, dtype=np.uint16)).save(path)
    task = Sheet(str(tmp_path / "sheet.part"), [Picture(1, str(path))] * 2)
    assert draw(task) == SheetMade(2)
    with Image.open(task.target) as sheet:
        assert sheet.convert("L").getpixel((GAP + 30, GAP + 15)) == pytest.approx(128, abs=4)
