"""When a frame is rendered in parts: cut where slots ask, put together when all are done."""

from __future__ import annotations

from blendtui.farm import gpu_memory
from blendtui.farm.decisions import OrderFrame
from blendtui.farm.desk import GRAINS, Desk
from blendtui.farm.elsewhere import is_refused
from blendtui.farm.model import Attempt, Frame, FrameState, Job, JobState, Run
from blendtui.farm.parts import (
    LEAST_WHOLE,
    MERGING,
    Part,
    count,
    frame_of,
    is_part,
    length,
    next_number,
    pieces,
    share_of,
)
from blendtui.farm.plan import horizon
from blendtui.farm.state import Farm

PORTION = 0.5
"""How much of what a slot could do until the end it gets at once: the rest waits for better
knowledge of all speeds."""

FIRST_PORTION = 0.25
"""The same for a slot of which nothing is known but what devices.toml says."""

LEAST_SECONDS = 2.0
"""Seconds that a part takes at least, as far as that is known."""


def divides(farm: Farm, job: Job) -> bool:
    """Whether the job's frames are rendered in parts: fewer frames than slots, and it can be."""
    if job.samples == 0 or not job.spec.may_be_cycles:
        return False
    return is_wanted(farm, job)


def is_wanted(farm: Farm, job: Job) -> bool:
    """Whether the job's frames are to be rendered in parts if that can be done at all."""
    if not job.spec.split or job.spec.in_order or job.state is not JobState.ACTIVE:
        return False
    slots = sum(one.spec.slots for one in farm.devices.values() if one.fits(job))
    return len(job.spec.frames) < slots


def split(farm: Farm, desk: Desk) -> None:
    """Let frames that wait become ones that wait for their parts, once it's known that they can."""
    job = desk.job
    if not job.samples or job.samples < LEAST_WHOLE or not desk.pool.count:
        return
    if not divides(farm, job):
        return
    frames = farm.frames[job.name]
    for frame in [frames[number] for number in desk.numbers]:
        if frame.state is FrameState.WAITING and frame.samples is None and _is_new(farm, frame):
            farm.set_frame(frame, FrameState.SPLIT)
            frame.samples = (0, job.samples)
            desk.resize(frame.number, MERGING)
            _add(farm, frame, 0, job.samples)


def _is_new(farm: Farm, frame: Frame) -> bool:
    """Whether nothing can come any more of tries to render the frame whole."""
    tries = range(1, frame.tries + 1)
    return not any((frame.job, frame.number, number) in farm.attempts for number in tries)


def _add(farm: Farm, frame: Frame, begin: int, end: int) -> Frame:
    number = next_number(farm.frames[frame.job], frame.number)
    part = Frame(frame.job, number, samples=(begin, end))
    farm.add_part(part)
    return part


def take(farm: Farm, desk: Desk, run: Run, now: float) -> Frame | None:
    """Give a run a part, cut to what it can do well until all is done; None if none waits."""
    device = farm.devices[run.slot.device]
    for part in sorted(desk.parts.values(), key=_urgency):
        if run.in_hand and desk.was_taken(part.number, run):
            continue
        if not (part.failures and is_refused(farm, desk, part, device, now)):
            if not is_part(part.number):
                return part
            return _cut(farm, desk, part, _wanted(farm, desk, part, run, now))
        desk.shunned[part.number] = part
    return None


def _urgency(one: Frame) -> tuple[bool, bool, int]:
    """Sorts what waits: frames to merge, then what failed before."""
    return (is_part(one.number), not one.failures, one.number)


def _wanted(farm: Farm, desk: Desk, part: Frame, run: Run, now: float) -> float:
    """Give how many samples of a part suit a run."""
    device = farm.devices[run.slot.device]
    unit = desk.unit(1)
    end = horizon(desk.slots(farm.devices, now, unit), GRAINS)
    speed = desk.speed(device, run.slot.number) / desk.lag(run, device, now)
    pace = desk.learner.pace((device.name, run.slot.number), device.spec.performance)
    seconds = (end - max(now, run.free_at)) * (PORTION if pace.seen else FIRST_PORTION)
    if pace.seen:
        seconds = max(seconds, LEAST_SECONDS)
    each = desk.cost(part.number) / max(1, count(part))
    return seconds * speed / max(each, 1e-12)


def _cut(farm: Farm, desk: Desk, part: Frame, wanted: float) -> Frame:
    """Cut so many samples off a part that waits.

    What was ordered once may still come as it was, so that part is then replaced by new ones.
    """
    samples = length(wanted, part)
    begin, end = part.samples or (0, 0)
    if samples >= end - begin:
        return part
    whole = farm.frames[part.job][frame_of(part.number)]
    rest = _add(farm, whole, begin + samples, end)
    rest.failures = part.failures
    if part.tries:
        farm.set_frame(part, FrameState.UNWANTED)
        first = _add(farm, whole, begin, begin + samples)
        first.failures = part.failures
        return first
    part.samples = (begin, begin + samples)
    desk.resize(part.number, share_of(farm.frames[part.job], part.number))
    farm.touch(part)
    return part


def order_of(farm: Farm, attempt: Attempt) -> OrderFrame:
    """Say what a run is to do for an attempt: render a frame, or a part of one, or merge one."""
    frames = farm.frames[attempt.job]
    frame, part = frames[attempt.frame], None
    if is_part(frame.number) and frame.samples is not None:
        part = Part(frame_of(frame.number), *frame.samples)
    merged = () if part else pieces(frames, frame.number)
    device = farm.devices[attempt.slot.device]
    on_cpu = bool(frame.failures) and gpu_memory.on_cpu(farm, frame, device)
    return OrderFrame(attempt.run, frame.number, attempt.number, on_cpu, part, merged)
