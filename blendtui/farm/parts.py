"""Parts of a frame: some of its samples, rendered by themselves and merged in the end.

A part is a `Frame` of its job with a number of its own, far beyond Blender's frames, and the
samples that it has. The frame that it belongs to is SPLIT meanwhile; when all its parts are done
it waits again, and who gets it merges them. So orders, tries, failures, copies and the store are
the same for parts and frames. Parts are cut when a slot asks, by what is known of its speed then.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from blendtui.farm.frames import LAST_FRAME
from blendtui.farm.model import Frame, FrameState

LEAST_SAMPLES = 4
"""Samples of the smallest part: each costs a file with all passes, and the way of it."""

LEAST_WHOLE = 2 * LEAST_SAMPLES
"""Samples that a frame must have to be split."""

_GAP = 1 << 22


@dataclass(frozen=True, slots=True)
class Part:
    """Which of a frame's samples: from `begin` up to `end`, that one excluded."""

    frame: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A finished part to merge: its own number, and how many samples it has."""

    number: int
    samples: int


def part_number(frame: int, index: int) -> int:
    """Number a frame's part; `index` counts from 1."""
    return frame + index * _GAP


def is_part(number: int) -> bool:
    """Whether a number is a part's."""
    return number > LAST_FRAME


def frame_of(number: int) -> int:
    """Give the frame that a part belongs to; a frame is its own."""
    return number - index_of(number) * _GAP


def index_of(number: int) -> int:
    """Give a part's index among its frame's, 0 for a frame."""
    return (number + _GAP // 2) // _GAP


def name_of(number: int) -> str:
    """Name a frame or a part for people."""
    index = index_of(number)
    return f"frame {frame_of(number)}" + (f", part {index}" if index else "")


def parts_of(frames: dict[int, Frame], frame: int) -> list[Frame]:
    """Give a frame's parts that count, in the order of their samples."""
    every = (one for one in frames.values() if is_part(one.number))
    own = [one for one in every if frame_of(one.number) == frame]
    wanted = [one for one in own if one.state is not FrameState.UNWANTED]
    return sorted(wanted, key=lambda part: part.samples or (0, 0))


def next_number(frames: dict[int, Frame], frame: int) -> int:
    """Give a number for another part of a frame; none is used twice."""
    used = [index_of(one) for one in frames if is_part(one) and frame_of(one) == frame]
    return part_number(frame, max(used, default=0) + 1)


def pieces(frames: dict[int, Frame], frame: int) -> tuple[Piece, ...]:
    """Give what a frame is merged of; nothing for one that was not split."""
    if frames[frame].samples is None:
        return ()
    return tuple(Piece(one.number, count(one)) for one in parts_of(frames, frame))


def most_pieces(waiting: Frame) -> int:
    """Into how many parts one that waits can be cut; a frame to merge can't be."""
    return max(1, count(waiting) // LEAST_SAMPLES) if is_part(waiting.number) else 1


def count(part: Frame) -> int:
    """Give how many samples a part has."""
    begin, end = part.samples or (0, 0)
    return end - begin


def share_of(frames: dict[int, Frame], number: int) -> float | None:
    """Give which part of its frame's work something is, from 0 to 1; None for what isn't split.

    To merge is next to nothing beside rendering.
    """
    whole = frames[frame_of(number)]
    if whole.samples is None:
        return None
    if number == whole.number:
        return MERGING
    return count(frames[number]) / max(1, count(whole))


MERGING = 0.02
"""What merging is thought to cost of a frame's whole work."""


def length(wanted: float, part: Frame) -> int:
    """Give how many samples are cut off a part: the whole of it where little would be left."""
    samples = max(LEAST_SAMPLES, ceil(wanted))
    return count(part) if count(part) - samples < LEAST_SAMPLES else samples
