"""A frame that is rendered in parts: merged when all are done, given up, begun anew."""

from __future__ import annotations

from blendtui.farm.decisions import DropFrame
from blendtui.farm.model import Frame, FrameState, Job
from blendtui.farm.parts import frame_of, is_part, parts_of
from blendtui.farm.state import Farm


def part_done(farm: Farm, part: Frame) -> None:
    """Let a frame wait to be merged when all its parts are there."""
    whole = farm.frames[part.job][frame_of(part.number)]
    parts = parts_of(farm.frames[part.job], whole.number)
    if whole.state is FrameState.SPLIT and all(one.state is FrameState.DONE for one in parts):
        farm.set_frame(whole, FrameState.WAITING)


def part_failed(farm: Farm, part: Frame) -> None:
    """Give a frame up of which a part failed on every try."""
    whole = farm.frames[part.job][frame_of(part.number)]
    whole.failures = part.failures
    drop_parts(farm, whole)
    farm.set_frame(whole, FrameState.FAILED)


def part_missing(farm: Farm, whole: Frame, number: int) -> None:
    """Have a part rendered again that was done and is gone from the share."""
    part = farm.frames[whole.job].get(number)
    if part is not None and part.state is FrameState.DONE and not whole.live:
        farm.set_frame(whole, FrameState.SPLIT)
        farm.set_frame(part, FrameState.WAITING)


def begin_anew(farm: Farm, job: Job) -> None:
    """Forget the parts of a job's frames that aren't done: their files went when it ended."""
    for frame in list(farm.frames[job.name].values()):
        is_split = frame.samples is not None and not is_part(frame.number)
        if is_split and frame.state in (FrameState.SPLIT, FrameState.WAITING):
            drop_parts(farm, frame)
            farm.set_frame(frame, FrameState.WAITING)


def drop_parts(farm: Farm, whole: Frame) -> None:
    """Take all of a frame's parts out of the job; if it waits, it waits whole then."""
    waited = whole.samples is not None and whole.state is FrameState.WAITING
    if waited:
        farm.set_frame(whole, FrameState.SPLIT)
    for part in parts_of(farm.frames[whole.job], whole.number):
        farm.set_frame(part, FrameState.UNWANTED)
        for number in list(part.live):
            attempt = farm.attempts[(part.job, part.number, number)]
            farm.give_up(attempt)
            farm.decide(DropFrame(attempt.run, attempt.frame, attempt.number))
    whole.samples = None
    if whole.job in farm.desks:
        farm.desks[whole.job].resize(whole.number, None)
    if waited:
        farm.set_frame(whole, FrameState.WAITING)
    farm.touch(whole)
