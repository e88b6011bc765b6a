"""Frame numbers as people write them: `1-100,150,200-300x2`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

MOST_FRAMES = 200_000
"""Frames of one job: more than two hours of film; nothing else goes on while they are written."""

# Blender's own bounds of a frame number (MINAFRAME and MAXFRAME in its DNA_scene_types.h).
FIRST_FRAME = -1_048_574
LAST_FRAME = 1_048_574

_PART = re.compile(
    r"\s*(?P<first>-?[0-9]+)\s*(?:-\s*(?P<last>-?[0-9]+)\s*(?:[xX]\s*(?P<step>[0-9]+)\s*)?)?"
)
_LONGEST_NUMBER = 9
_FORMS = "a frame such as 12, a range such as 1-100, or a range with a step such as 1-100x2"


def parse_frames(text: str) -> tuple[int, ...]:
    """Read frame numbers, sorted, each once.

    Parts are separated by commas; a part is a frame, a range, or a range with a step; numbers may
    be negative ("-10--5"). Raises ValueError with "PROBLEM; expected: WHAT", which says the part
    that is wrong; also where the parts name more than 200,000 frames together.
    """
    if not text.strip():
        raise ValueError(f"no frames are named; expected: {_FORMS}")
    ranges: list[range] = []
    count = 0
    for number, part in enumerate(text.split(","), start=1):
        frames = _part(part, number)
        # Counted as written, so that a short text cannot ask for endless work.
        count += len(frames)
        if count > MOST_FRAMES:
            raise ValueError(
                f"up to “{_shown(part)}” these are more than {MOST_FRAMES:,} frames; "
                "expected: at most that many"
            )
        ranges.append(frames)
    return tuple(sorted({frame for frames in ranges for frame in frames}))


def _part(part: str, number: int) -> range:
    if not part.strip():
        raise ValueError(f"part {number} is empty; expected: {_FORMS}")
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(f"“{_shown(part)}” is not understood; expected: {_FORMS}")
    first = _frame(found["first"])
    last = first if found["last"] is None else _frame(found["last"])
    if last < first:
        raise ValueError(
            f"“{_shown(part)}” runs backwards; expected: the lower frame first, {last}-{first}"
        )
    return range(first, last + 1, _step(found["step"], part))


def _frame(digits: str) -> int:
    # Python refuses to convert thousands of digits, in words that are not for users.
    frame = int(digits) if len(digits) <= _LONGEST_NUMBER else LAST_FRAME + 1
    if not FIRST_FRAME <= frame <= LAST_FRAME:
        raise ValueError(
            f"{_shown(digits)} is no frame of Blender; "
            f"expected: a number from {FIRST_FRAME} to {LAST_FRAME}"
        )
    return frame


def _step(digits: str | None, part: str) -> int:
    if digits is None:
        return 1
    if not digits.strip("0") or len(digits) > _LONGEST_NUMBER:
        raise ValueError(
            f"the step of “{_shown(part)}” is wrong; expected: a whole number from 1, as in 1-9x2"
        )
    return int(digits)


def _shown(part: str) -> str:
    trimmed = part.strip()
    return trimmed if len(trimmed) <= 40 else trimmed[:39] + "…"


def format_frames(numbers: Iterable[int]) -> str:
    """Write frame numbers so that `parse_frames` gives them back, sorted and each once.

    The spelling is the shortest one among those whose parts follow each other and begin and end
    with a frame of theirs; no numbers give an empty text.
    """
    frames = sorted(set(numbers))
    if not frames:
        return ""
    return ",".join(_spelled(frames, begin, after) for begin, after in pairwise(_cuts(frames)))


def _run_ends(frames: list[int]) -> list[int]:
    """For each index, the index at which the even steps that begin there end."""
    ends = list(range(len(frames)))
    for index in range(len(frames) - 2, -1, -1):
        ends[index] = index + 1
        if index + 2 < len(frames):
            same = frames[index + 2] - frames[index + 1] == frames[index + 1] - frames[index]
            ends[index] = ends[index + 1] if same else index + 1
    return ends


def _cuts(frames: list[int]) -> list[int]:
    """Find the index at which the shortest spelling's part that ends before an index begins.

    A run's last frame can also be the first of the next run, so a part ends with its run or one
    frame before: no other cut makes a text shorter. That leaves few indices to look at.
    """
    total = len(frames)
    ends = _run_ends(frames)
    best: dict[int, tuple[int, int]] = {0: (0, 0)}
    for index in range(total):
        if index not in best:
            continue
        length = best[index][0]
        for after in {ends[index], ends[index] + 1} - {index}:
            cost = length + len(_spelled(frames, index, after)) + 1
            if after not in best or cost <= best[after][0]:
                best[after] = (cost, index)
    cuts = [total]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return cuts[::-1]


def _spelled(frames: list[int], begin: int, after: int) -> str:
    """Write evenly spaced frames as one part, or one by one where that is not longer."""
    if after - begin == 1:
        return str(frames[begin])
    step = frames[begin + 1] - frames[begin]
    whole = f"{frames[begin]}-{frames[after - 1]}" + (f"x{step}" if step > 1 else "")
    if after - begin > 4:
        return whole
    singles = ",".join(map(str, frames[begin:after]))
    return singles if len(singles) <= len(whole) else whole
