"""Small pictures as devices send them: judged by their beginning, and never decoded here."""

from __future__ import annotations

import io
import struct
import zlib

AT_MOST = 4096
"""Pixels of the longer side of what is taken for a small picture from a device."""

_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError),
    *(struct.error, zlib.error),
)
"""What Pillow raises for files that are not what they say."""


def is_small(data: bytes) -> bool:
    """Whether bytes are a JPEG or PNG, by its beginning, of a size that harms nobody."""
    if not data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return False
    from PIL import Image  # noqa: PLC0415 - when it's first needed

    Image.MAX_IMAGE_PIXELS = None  # the bound here is in place of Pillow's own
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            return bool(max(image.size) <= AT_MOST)
    except _BROKEN:
        return False
