"""A frame's files are looked at before they are called done, by what is in them."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from blendtui.devices import driver_project

HERE = str(Path(driver_project.__file__).parent)


def outputs(folder: Path) -> tuple[list[dict[str, Any]], str]:
    """Have a frame's folder looked at, as the driver does: its files find one another there."""
    sys.path.insert(0, HERE)
    try:
        found: tuple[list[dict[str, Any]], str] = import_module("driver_output").outputs(folder)
    finally:
        sys.path.remove(HERE)
    return found


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 9), (9, 99, 200)).save(file, kind)
    return file.getvalue()


def flaw(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    return outputs(folder)[1]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.exr", "a", "a.tga"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP", "TGA", "JPEG2000", "SGI"])
def test_a_scene_may_call_its_files_as_it_likes(tmp_path: Path, name: str, kind: str) -> None:
    assert flaw(tmp_path, name, picture(kind)) == ""


@pytest.mark.parametrize("name", ["a.png", "a.exr", "a"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_is_cut_short_is_found_whatever_it_is_called(
    tmp_path: Path, name: str, kind: str
) -> None:
    assert flaw(tmp_path, name, picture(kind)[:-3]) == f"{name} is cut short"


@pytest.mark.parametrize("data", [bytes(100), b"words of no picture", b"\x89PN"])
def test_what_no_blender_writes_is_no_picture(tmp_path: Path, data: bytes) -> None:
    assert flaw(tmp_path, "a.png", data) == "a.png is no png file"


def test_nothing_at_all_is_said(tmp_path: Path) -> None:
    assert outputs(tmp_path)[1] == "Blender wrote no file"
    assert flaw(tmp_path, "a.hdr", b"") == "a.hdr is empty"
