"""Small pictures of what lies on a share, in whatever format; what is no picture gives none."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blendtui.engine.thumbnails import is_small, shrunk

RED = (200, 30, 10)


def jpeg(size: tuple[int, int] = (64, 36)) -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", size, RED).save(packed, "JPEG")
    return packed.getvalue()


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "bmp", "webp", "tga"])
def test_a_picture_is_made_of_each_format_that_can_be_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"frame.{ending}"
    Image.new("RGB", (1920, 1080), RED).save(path)
    data = shrunk(path)
    assert data is not None
    assert is_small(data)
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
    assert not is_small(content)


def bomb(width: int, height: int) -> bytes:
    """A tiny PNG that says that it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    chunks = [(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.mark.parametrize("size", [(60_000, 60_000), (14_000, 14_000), (5000, 10)])
def test_a_picture_that_would_take_all_memory_is_left_alone(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    assert not is_small(bomb(*size))
    if size[0] > 10_000:
        path = tmp_path / "frame.png"
        path.write_bytes(bomb(*size))
        assert shrunk(path) is None


def test_a_small_picture_is_a_jpeg_or_png_and_small() -> None:
    assert is_small(jpeg())
    assert not is_small(jpeg((4097, 2)))
    assert not is_small(b"#!/bin/sh\n" + jpeg())


@given(st.binary(max_size=200), st.integers(0, 600))
def test_whatever_a_device_sends_is_judged(junk: bytes, cut: int) -> None:
    data = jpeg()
    is_small(junk)
    is_small(data[:cut] + junk)
    is_small(b"\x89PNG\r\n\x1a\n" + junk)
