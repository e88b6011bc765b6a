"""A contact sheet: a job's frames side by side in one picture, each with its number."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from blendtui.output.tasks import Broken, Picture, Sheet, SheetMade

COLUMNS = 6
WIDE, HIGH = 320, 320
"""Pixels of a frame on the sheet at most."""

GAP, LABEL = 8, 20
"""Pixels around a frame, and below it for its number."""

QUALITY = 88
PIXELS_AT_MOST = 150_000_000
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "TGA")
_DARK, _LIGHT = (24, 24, 24), (220, 220, 220)
_BROKEN = (
    *(OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError),
    *(struct.error, zlib.error),
)
"""What Pillow raises for files that are not what they say."""


def draw(task: Sheet) -> SheetMade | Broken:
    """Draw the sheet in its place, with the pictures that can be read."""
    Image.MAX_IMAGE_PIXELS = None  # the bound here is in place of Pillow's own
    read = [(one.frame, small) for one in task.pictures if (small := _small(one)) is not None]
    if not read:
        return Broken("no frame can be shown")
    sheet = _laid_out(read)
    try:
        with Path(task.target).open("wb") as file:
            sheet.save(file, "JPEG", quality=QUALITY)
    except OSError as error:
        return Broken(error.strerror or str(error), writing=True)
    return SheetMade(len(read))


def _small(one: Picture) -> Image.Image | None:
    """Read a picture at the size that it has on the sheet; None where that can't be done."""
    try:
        with Image.open(one.path, formats=FORMATS) as image:
            if image.width * image.height > PIXELS_AT_MOST:
                return None
            image.draft("RGB", (WIDE, HIGH))
            plain = _plain(image)
            plain.thumbnail((WIDE, HIGH))
            return plain
    except _BROKEN:
        return None


def _plain(image: Image.Image) -> Image.Image:
    """Give a picture with 8 bits a channel, on black where it is transparent."""
    if image.mode.startswith("I"):  # 16 bits of gray
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if "A" not in image.mode and "transparency" not in image.info:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    flat = Image.new("RGB", clear.size)
    flat.paste(clear, mask=clear.getchannel("A"))
    return flat


def _laid_out(read: Sequence[tuple[int, Image.Image]]) -> Image.Image:
    columns = min(COLUMNS, len(read))
    rows = -(-len(read) // columns)
    wide = max(image.width for _, image in read) + GAP
    high = max(image.height for _, image in read) + LABEL + GAP
    sheet = Image.new("RGB", (columns * wide + GAP, rows * high + GAP), _DARK)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for place, (frame, image) in enumerate(read):
        left, top = GAP + place % columns * wide, GAP + place // columns * high
        sheet.paste(image, (left, top))
        pen.text((left + 2, top + image.height + 2), str(frame), _LIGHT, font)
    return sheet
