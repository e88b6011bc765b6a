"""Who is to blame for a failure: the frame, the device or the whole job."""

from __future__ import annotations

import re

from blendtui.farm import gpu_memory, version_rules
from blendtui.farm.device import Device
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import (
    SETTLED,
    Attempt,
    AttemptState,
    FailedTry,
    Frame,
    FrameState,
    Job,
    JobState,
)
from blendtui.farm.parts import is_part
from blendtui.farm.split_frames import part_failed
from blendtui.farm.state import Farm, NoteKind

FRAME_TRIES = 3
"""Failed tries after which a frame is given up."""

FIRST_TRIES = 5
"""A job whose first tries, this many, all fail alike is stopped."""

DEVICE_TRIES = 3
"""Frames that fail in a row on a device, and on no other, after which it is kept from the job."""

KILLS_FREE = 2
"""Blenders that may be ended from outside on a frame before that counts as a failed try.

A frame that needs more memory than there is looks just like a Blender that somebody killed.
"""

START_TRIES = 3
"""Failed starts in a row after which a device is kept from the job."""

JOB_FAULTS = frozenset(
    {
        FaultKind.NO_CAMERA,
        FaultKind.NOTHING_TO_RENDER,
        FaultKind.FORMAT_UNKNOWN,
        FaultKind.SCENE_UNKNOWN,
        FaultKind.OVERRIDE_REFUSED,
    }
)
"""What no device could render: the job ends at once."""

DEVICE_FAULTS = frozenset(
    {
        FaultKind.BLENDER_VERSION,
        FaultKind.DISPLAY_MISSING,
        FaultKind.ENGINE_MISSING,
        FaultKind.GPU_MISSING,
    }
)
"""What a device lacks for a job: it need not try again as it is, others may render."""

OUTSIDE_FAULTS = frozenset({FaultKind.BLENDER_LEFT, FaultKind.LINK_LOST})
"""Ends of a Blender that say nothing about the frame which it was rendering."""

HELD_FAULTS = frozenset({FaultKind.LINK_LOST, FaultKind.SHARE_WRITE, FaultKind.SHARE_MISSING})
"""Reasons for a frame not to arrive that pass by themselves, or when the user has made room."""

WAITED_FAULTS = frozenset({FaultKind.DEVICE_DISK_FULL})
"""What a device has until somebody has seen to it: no frame is to blame, and it's tried again."""

VANISHED_FAULTS = frozenset({FaultKind.OUTPUT_MISSING, FaultKind.OUTPUT_CHANGED})
"""What became of files that a device had rendered, read and told of: the job can be rendered."""

AGAIN_AT_MOST = 60.0
"""Seconds at most between two starts on a device that failed the last one."""


def is_outside(frame: Frame, fault: Fault) -> bool:
    """Whether the end of a Blender says nothing about the frame that it was rendering."""
    if fault.kind is FaultKind.BLENDER_KILLED:
        frame.kills += 1
        return frame.kills <= KILLS_FREE
    return fault.kind in OUTSIDE_FAULTS


def fail_try(farm: Farm, attempt: Attempt, fault: Fault, now: float) -> None:
    """Count a failed try against its frame, and stop a job that is hopeless."""
    job = farm.jobs[attempt.job]
    frame = farm.frames[attempt.job][attempt.frame]
    farm.end_attempt(attempt, AttemptState.FAILED, now, fault)
    if frame.state in SETTLED:
        return
    device = farm.devices[attempt.slot.device]
    overflow = gpu_memory.is_overflow(frame, device, fault)
    frame.failures = (*frame.failures, FailedTry(device.name, fault))
    farm.touch(frame)
    farm.note_try(NoteKind.TRY_FAILED, attempt, fault)
    if _is_lost(farm, frame, now) and not frame.live:
        farm.set_frame(frame, FrameState.FAILED)
        if is_part(frame.number):
            part_failed(farm, frame)
        farm.note_try(NoteKind.FRAME_FAILED, attempt, fault)
    if not (overflow and gpu_memory.may_try(farm, frame, device)):
        _judge_device(farm, device, job, frame.number, fault)
    if not overflow or frame.state is FrameState.FAILED:
        _judge_job(farm, job, fault, now)


def _is_lost(farm: Farm, frame: Frame, now: float) -> bool:
    """Whether a frame has failed often enough, or nobody's GPU has room for it."""
    overflows = gpu_memory.overflows(frame)
    if len(frame.failures) - len(overflows) >= FRAME_TRIES:
        return True
    desk = farm.desks.get(frame.job)
    return bool(overflows) and not (
        desk is not None and gpu_memory.somebody_may_try(farm, desk, frame, now)
    )


def _judge_device(farm: Farm, device: Device, job: Job, number: int, fault: Fault) -> None:
    """Keep a device from a job whose frames fail on it one after the other, and only on it."""
    failing = device.failing.get(job.name, ())
    if number not in failing:
        failing = device.failing[job.name] = (*failing, number)
    frames = [farm.frames[job.name][one] for one in failing]
    own = all(frame.failed_on <= {device.name} for frame in frames)
    desk = farm.desks.get(job.name)
    if len(failing) < DEVICE_TRIES or not own or desk is None or job.name in device.set_aside:
        return
    if not any(pace.seen and who[0] != device.name for who, pace in desk.learner.paces.items()):
        return
    set_aside(farm, device, job, fault)
    _forgive(farm, device, frames)
    for run in farm.runs_on(device.name):
        for attempt in list(run.attempts.values()):
            if attempt.job == job.name and attempt.state is AttemptState.ORDERED:
                farm.ask_back(attempt)


def _forgive(farm: Farm, device: Device, frames: list[Frame]) -> None:
    """The failures were the device's: they don't count against the frames."""
    for frame in frames:
        frame.failures = tuple(one for one in frame.failures if one.device != device.name)
        farm.touch(frame)
        if frame.state is FrameState.FAILED:
            farm.set_frame(frame, FrameState.WAITING)


def _judge_job(farm: Farm, job: Job, fault: Fault, now: float) -> None:
    if job.proven or not job.is_open or fault.kind in VANISHED_FAULTS:
        return
    job.first_faults = (*job.first_faults, fault)[-FIRST_TRIES:]
    farm.touch(job)
    alike = {likeness(first) for first in job.first_faults}
    devices = {first.fact("device") for first in job.first_faults}
    one = next(iter(devices)) if len(devices) == 1 else None
    if one and _others_may_render(farm, job, one, now):
        return
    if len(job.first_faults) >= FIRST_TRIES and len(alike) == 1:
        facts = {name: value for name, value in fault.facts if name != "cause"}
        stopped = Fault.of(
            FaultKind.FIRST_TRIES_FAILED, cause=fault.kind, tries=FIRST_TRIES, **facts
        )
        farm.end_job(job, JobState.FAILED, now, stopped)


def likeness(fault: Fault) -> tuple[FaultKind, str]:
    """What makes two faults alike: kind and words; numbers and file names may differ."""
    words = " ".join(value for name, value in fault.facts if name in ("detail", "reason"))
    return (fault.kind, re.sub(r"'[^']*'|\"[^\"]*\"|\S*[\d/\\]\S*", "#", words))


def fail_start(farm: Farm, device: Device, job: Job, fault: Fault, now: float) -> None:
    """Count a failed start; the device tries again after a while, for ever only if it may pass."""
    troubles = device.troubles.get(job.name, 0) + 1
    device.troubles[job.name] = troubles
    device.not_before[job.name] = now + min(2.0 * 3.0 ** min(troubles - 1, 9), AGAIN_AT_MOST)
    farm.touch(device)
    if fault.kind in WAITED_FAULTS:
        device.hindered[job.name] = fault
    elif troubles >= START_TRIES:
        refuse(farm, device, job, fault, now)


def refuse(farm: Farm, device: Device, job: Job, fault: Fault, now: float) -> None:
    """Keep a device from a job that it can't render; the job ends where nobody can.

    A version of Blender that only it had, or said that it had, keeps nobody else from the job.
    """
    set_aside(farm, device, job, fault)
    if job.is_open and not _somebody_may_render(farm, job):
        version_rules.forget(farm, job, without=device.name)
    if job.is_open and not _somebody_may_render(farm, job):
        farm.end_job(job, JobState.FAILED, now, fault)


def set_aside(farm: Farm, device: Device, job: Job, fault: Fault) -> None:
    """Keep a device from a job, and say why."""
    device.set_aside[job.name] = fault
    farm.touch(device)
    farm.note(NoteKind.SET_ASIDE, job=job.name, device=device.name, fault=fault)


def doubt(farm: Farm, device: Device, job: Job, fault: Fault, now: float) -> None:
    """End a job that no device could render, as two of them say, or the only one that there is.

    A single one of several may be wrong, or lie; then the others go on without it.
    """
    set_aside(farm, device, job, fault)
    if not _others_may_render(farm, job, device.name, now):
        version_rules.forget(farm, job, without=device.name)
    told = [one.set_aside.get(job.name) for one in farm.devices.values()]
    agreed = sum(one is not None and one.kind in JOB_FAULTS for one in told)
    if agreed > 1 or _is_last_word(farm, job, device.name, now):
        farm.end_job(job, JobState.FAILED, now, fault)


def end_doubted(farm: Farm, now: float) -> None:
    """End jobs that one device said can't be rendered, once no other comes to try them."""
    for device in farm.devices.values():
        for name, fault in list(device.set_aside.items()):
            job = farm.jobs.get(name)
            if job is None or not job.is_open or fault.kind not in JOB_FAULTS:
                continue
            if _is_last_word(farm, job, device.name, now):
                farm.end_job(job, JobState.FAILED, now, fault)


def _is_last_word(farm: Farm, job: Job, device: str, now: float) -> bool:
    """Whether nobody else comes to try a job; one with a frame waits for those who may."""
    if job.proven:
        return not _somebody_may_render(farm, job)
    return not _others_may_render(farm, job, device, now)


def _others_may_render(farm: Farm, job: Job, device: str, now: float) -> bool:
    """Whether a device is not the only one at hand for a job."""
    others = (one for one in farm.devices.values() if one.name != device)
    return any(one.is_at_hand(now) and one.may_render(job) for one in others)


def _somebody_may_render(farm: Farm, job: Job) -> bool:
    return any(device.fits(job) for device in farm.devices.values())
