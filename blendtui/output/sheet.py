"""A contact sheet: a job's frames side by side in one picture, each with its number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from blendtui.output.small import reduced
from blendtui.output.tasks import Broken, Sheet, SheetMade

COLUMNS = 6
LONGEST = 320
"""Pixels of the longer side of a frame on the sheet."""

GAP, LABEL = 8, 20
"""Pixels around a frame, and below it for its number."""

QUALITY = 88
_DARK, _LIGHT = (24, 24, 24), (220, 220, 220)


def draw(task: Sheet) -> SheetMade | Broken:
    """Draw the sheet in its place, with the pictures that can be read."""
    made = ((one.frame, reduced(Path(one.path), LONGEST)) for one in task.pictures)
    read = [(frame, small) for frame, small in made if small is not None]
    if not read:
        return Broken("no frame can be shown")
    sheet = _laid_out(read)
    try:
        with Path(task.target).open("wb") as file:
            sheet.save(file, "JPEG", quality=QUALITY)
    except OSError as error:
        return Broken(error.strerror or str(error), writing=True)
    return SheetMade(len(read))


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
