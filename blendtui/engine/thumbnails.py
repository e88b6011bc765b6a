"""Small pictures of frames: made here from what lies on the share, and looked at before kept.

Pictures come from devices, and are not trusted: only a few formats are opened, within bounds.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST = 512
"""Pixels of a small picture's longer side."""

SMALL_AT_MOST = 4096
"""Pixels of the longer side of what is taken for a small picture from a device."""

PIXELS_AT_MOST = 150_000_000
"""Pixels of a frame that a small picture is made of."""

BYTES_AT_MOST = 1 << 30
"""Bytes of its file."""

_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError),
    *(struct.error, zlib.error),
)
"""What Pillow raises for files that are not what they say."""

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "TGA")
QUALITY = 80


def is_small(data: bytes) -> bool:
    """Whether bytes are a JPEG or PNG, by its beginning, of a size that harms nobody."""
    if not data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return False
    try:
        with _pillow().open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            return bool(max(image.size) <= SMALL_AT_MOST)
    except _BROKEN:
        return False


def shrunk(path: Path) -> bytes | None:
    """Make a small picture (JPEG) of a frame's file; None where that can't be read here."""
    try:
        if path.stat().st_size > BYTES_AT_MOST:
            return None
        with _pillow().open(path, formats=FORMATS) as image:
            if image.width * image.height > PIXELS_AT_MOST:
                return None
            image.draft("RGB", (LONGEST, LONGEST))
            small = _plain(image)
            small.thumbnail((LONGEST, LONGEST))
            packed = io.BytesIO()
            _on_black(small).save(packed, "JPEG", quality=QUALITY)
    except _BROKEN:
        return None
    return packed.getvalue()


def _pillow() -> ModuleType:
    """Give Pillow, loaded when it's first needed; the bounds here are in place of its own."""
    from PIL import Image  # noqa: PLC0415

    Image.MAX_IMAGE_PIXELS = None
    return Image


def _plain(image: Image) -> Image:
    """Give a picture with 8 bits a channel."""
    if image.mode.startswith("I"):  # 16 bits of gray
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if "A" in image.mode or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def _on_black(image: Image) -> Image:
    """Give a picture that hides nothing."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    flat: Image = _pillow().new("RGB", image.size)
    flat.paste(image, mask=image.getchannel("A"))
    return flat
