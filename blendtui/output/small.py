"""A frame's picture made small. Frames come from devices and are not trusted.

Only a few formats are opened, within bounds, and never in the engine's own process.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

from PIL import Image

from blendtui.output.tasks import Broken, Small, SmallMade

LONGEST = 512
"""Pixels of a small picture's longer side."""

PIXELS_AT_MOST = 150_000_000
"""Pixels of a frame that is made small."""

BYTES_AT_MOST = 1 << 30
"""Bytes of its file."""

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "TGA")
QUALITY = 80
_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, MemoryError),
    *(struct.error, zlib.error),
)
"""What Pillow raises for files that are not what they say, or take more memory than there is."""


def shrink(task: Small) -> SmallMade | Broken:
    """Make a JPEG of the first of some files that can be read."""
    made = (shrunk(Path(path)) for path in task.paths)
    data = next((data for data in made if data is not None), None)
    return Broken("none of its files can be shown") if data is None else SmallMade(data)


def shrunk(path: Path) -> bytes | None:
    """Make a small JPEG of a frame's file; None where that can't be read here."""
    small = reduced(path, LONGEST)
    if small is None:
        return None
    packed = io.BytesIO()
    small.save(packed, "JPEG", quality=QUALITY)
    return packed.getvalue()


def reduced(path: Path, longest: int) -> Image.Image | None:
    """Read a picture, with its longer side at most so many pixels; None where it can't be read.

    It has 8 bits a channel, and is on black where it is transparent.
    """
    Image.MAX_IMAGE_PIXELS = None  # the bound here is in place of Pillow's own
    try:
        if path.stat().st_size > BYTES_AT_MOST:
            return None
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > PIXELS_AT_MOST:
                return None
            image.draft("RGB", (longest, longest))
            small = _plain(image)
            small.thumbnail((longest, longest))
            return _on_black(small)
    except _BROKEN:
        return None


def _plain(image: Image.Image) -> Image.Image:
    """Give a picture with 8 bits a channel."""
    if image.mode.startswith("I"):  # 16 bits of gray
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if "A" in image.mode or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def _on_black(image: Image.Image) -> Image.Image:
    """Give a picture that hides nothing."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    flat = Image.new("RGB", image.size)
    flat.paste(image, mask=image.getchannel("A"))
    return flat
