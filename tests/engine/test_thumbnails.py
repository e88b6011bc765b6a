"""Small pictures as devices send them: what is none is not taken for one."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blendtui.engine.thumbnails import is_small
from tests.support.pictures import bomb

RED = (200, 30, 10)


def jpeg(size: tuple[int, int] = (64, 36)) -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", size, RED).save(packed, "JPEG")
    return packed.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"\x76\x2f\x31\x01" + b"x" * 99, b"\x89PNG\r\n\x1a\n", b"GIF89a"]
)
def test_what_is_no_picture_is_not_taken_for_one(content: bytes) -> None:
    assert not is_small(content)


@pytest.mark.parametrize("size", [(60_000, 60_000), (14_000, 14_000), (5000, 10)])
def test_a_picture_that_would_take_all_memory_is_left_alone(size: tuple[int, int]) -> None:
    assert not is_small(bomb(*size))


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
