"""How far a frame is, read from Blender's own words.

This file is copied to the device beside `driver.py` and runs there as well: Python 3.7, standard
library only, nothing else of ours.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# 3.x to 5.x Cycles "Sample 3/8"; up to 2.9x "Path Tracing Tile 1/135, Sample 0/200"; EEVEE.
_SAMPLE = re.compile(
    r"(?:Tile (\d{1,9})/(\d{1,9}), )?Sample (\d{1,9})/(\d{1,9})\b"
    r"|Rendering +(\d{1,9}) / (\d{1,9}) samples",
    re.ASCII,
)
_REMAINING = re.compile(r"Remaining: ?((?:\d{1,9}:){1,2}\d{1,2}(?:\.\d{1,3})?)", re.ASCII)


class SampleProgress(NamedTuple):
    """`sample` of `samples` are done; `remaining` is Blender's own guess in seconds, or None.

    Where an old Blender renders tile after tile, all tiles' samples are counted together.
    """

    sample: int
    samples: int
    remaining: float | None


def progress_of(text: str) -> SampleProgress | None:
    """Read one line of Blender's, or what it hands to a `render_stats` handler."""
    found = _SAMPLE.search(text)
    if found is None:
        return None
    tile, tiles, sample, samples = (int(part or 1) for part in found.group(1, 2, 3, 4))
    if found.group(5):
        sample, samples = int(found.group(5)), int(found.group(6))
    done, whole = (max(tile, 1) - 1) * samples + sample, tiles * samples
    if not 0 <= done <= whole or whole == 0:
        return None
    return SampleProgress(done, whole, _remaining(text))


def _remaining(text: str) -> float | None:
    found = _REMAINING.search(text)
    if found is None:
        return None
    seconds = 0.0
    for part in found.group(1).split(":"):
        seconds = seconds * 60 + float(part)
    return seconds
