"""Bookkeeping for devices and the runs on them: reached, lost, ready, ended, closed."""

from __future__ import annotations

import dataclasses

from blendtui.farm import blame, in_order, version_rules
from blendtui.farm.decisions import (
    CloseRun,
    CollectFrame,
    DiscardFrame,
    DropFrame,
    StartRun,
    StopRun,
)
from blendtui.farm.device import LOST_AFTER, Device
from blendtui.farm.events import (
    CloseFailed,
    DeviceHours,
    DeviceLost,
    DeviceModeSet,
    DeviceReached,
    DeviceRestart,
    DevicesSet,
    DeviceSurveyed,
    RunClosed,
    RunEnded,
    RunFailed,
    RunReady,
)
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import (
    Attempt,
    AttemptState,
    DeviceMode,
    DeviceSpec,
    FrameState,
    Job,
    JobState,
    Run,
    RunState,
)
from blendtui.farm.parts import LEAST_WHOLE
from blendtui.farm.splitting import is_wanted, order_of
from blendtui.farm.state import Farm, NoteKind
from blendtui.farm.stopping import stop_run

WARNINGS_AT_MOST = 50
"""Warnings of a job; a device can make up any number."""

CLOSE_AGAIN = (2.0, 10.0, 60.0, 600.0)
"""Seconds until what a run left is tried to be removed again; the last one again and again."""


def devices_set(farm: Farm, event: DevicesSet, now: float) -> None:
    """Take the new inventory over; what is no longer in it finishes and stops."""
    wanted = {spec.name: spec for spec in event.devices}
    for name in [*farm.devices, *(run.slot.device for run in farm.runs.values())]:
        if name not in wanted:
            wanted[name] = DeviceSpec(name, slots=0, enabled=False)
    for spec in wanted.values():
        device = farm.devices.get(spec.name)
        if device is None:
            device = farm.devices[spec.name] = Device(spec)
        device.spec = spec
        device.troubles.clear()
        device.not_before.clear()
        device.set_aside.clear()
        device.hindered.clear()
        if not device.contact and device.lost_since is None and farm.runs_on(device.name):
            device.lost_since = now  # after a restart: it may be gone, or never be tried
        farm.touch(device)
        forget_if_gone(farm, device, now)


def forget_if_gone(farm: Farm, device: Device, now: float) -> None:
    """Forget a device that stands in the inventory no longer, once nothing is left on it."""
    if device.spec.slots:
        return
    unreachable = device.lost_since is not None and now - device.lost_since >= LOST_AFTER
    if unreachable:
        for run in farm.runs_on(device.name):
            for attempt in list(run.attempts.values()):
                farm.end_attempt(attempt, AttemptState.DROPPED, now)
            run.ended = run.ended or now
            farm.set_run(run, RunState.CLOSED)
    if not farm.runs_on(device.name):
        farm.devices.pop(device.name, None)


def device_mode_set(farm: Farm, event: DeviceModeSet, now: float) -> None:
    """Take back what a drained device has not begun; stop one that is switched off at once."""
    device = farm.devices.get(event.device)
    if device is None or device.mode is event.mode:
        return
    device.mode = event.mode
    farm.touch(device)
    farm.note(NoteKind.DEVICE_MODE, device=device.name, detail=event.mode.value)
    for run in farm.runs_on(device.name):
        if event.mode is DeviceMode.OFF and run.is_current:
            for attempt in list(run.attempts.values()):
                if attempt.is_in_hand:
                    farm.give_up(attempt)
            stop_run(farm, run, at_once=True)
        elif event.mode is DeviceMode.DRAINING:
            _ask_back(farm, run)


def _ask_back(farm: Farm, run: Run) -> None:
    """Take back what a run has not begun, so that it ends with the frame that it is at."""
    for attempt in list(run.attempts.values()):
        if attempt.state is AttemptState.ORDERED and run.rendering is not None:
            farm.ask_back(attempt)


def device_hours(farm: Farm, event: DeviceHours, now: float) -> None:
    """Let a device whose hours are over finish the frames that it is at, and others begin."""
    device = farm.devices.get(event.device)
    if device is None or device.spec.resting is event.resting:
        return
    device.spec = dataclasses.replace(device.spec, resting=event.resting)
    farm.touch(device)
    detail = "end" if event.resting else "begin"
    farm.note(NoteKind.DEVICE_HOURS, device=device.name, detail=detail)
    if event.resting:
        for run in farm.runs_on(device.name):
            _ask_back(farm, run)


def device_restart(farm: Farm, event: DeviceRestart, now: float) -> None:
    """Have each Blender leave after the frame that it is at; new ones come where there is work."""
    ready = [run for run in farm.runs_on(event.device) if run.state is RunState.READY]
    for run in ready:
        stop_run(farm, run)
    if ready:
        farm.note(NoteKind.RESTART, device=event.device)


def device_reached(farm: Farm, event: DeviceReached, now: float) -> None:
    """Go on with all that was left on the device: nothing is taken for granted."""
    device = farm.devices.get(event.device)
    if device is None:
        return
    farm.note(NoteKind.DEVICE_REACHED, device=device.name)
    device.contact, device.lost_since, device.fault = True, None, None
    farm.touch(device)
    resume_runs(farm, device, now)


def device_surveyed(farm: Farm, event: DeviceSurveyed, now: float) -> None:
    """Know which Blenders a device has; what was said of another one no longer holds."""
    device = farm.devices.get(event.device)
    if device is None:
        return
    device.blenders, device.gpu_memory = event.blenders, event.gpu_memory
    for job, fault in list(device.set_aside.items()):
        if fault.kind is FaultKind.BLENDER_VERSION:
            del device.set_aside[job]
    farm.touch(device)


def resume_runs(farm: Farm, device: Device, now: float) -> None:
    """Follow again every run of a reachable device that nobody follows."""
    for run in farm.runs_on(device.name):
        if run.is_current and not run.attached:
            run.attached = True
            farm.decide(StartRun(run.id, run.job, run.slot))
            for attempt in list(run.attempts.values()):
                _resume_attempt(farm, run, attempt, now)
            if run.state is RunState.STOPPING:
                cancelled = farm.jobs[run.job].state is JobState.CANCELLED
                farm.decide(StopRun(run.id, at_once=cancelled))
        elif run.state is RunState.ENDED:
            for attempt in list(run.attempts.values()):
                _take_late(farm, run, attempt, now)
            close_if_empty(farm, run, now)


def _take_late(farm: Farm, run: Run, attempt: Attempt, now: float) -> bool:
    """Take a frame that lay rendered on a device while nobody counted on it any more."""
    if attempt.state is not AttemptState.GIVEN_UP or not attempt.files:
        return False
    if is_unneeded(farm, attempt):
        farm.decide(DiscardFrame(run.id, attempt.frame, attempt.number))
        farm.end_attempt(attempt, AttemptState.DROPPED, now)
    else:
        farm.revive(attempt, AttemptState.RENDERED)
        farm.note_try(NoteKind.LATE_FRAME, attempt)
        collect_due(farm, run, now)
    return True


def is_unneeded(farm: Farm, attempt: Attempt) -> bool:
    """Whether nobody waits for the attempt's picture: done elsewhere, taken out, cancelled."""
    frame = farm.frames[attempt.job][attempt.frame]
    is_over = frame.state in (FrameState.DONE, FrameState.UNWANTED)
    return is_over or farm.jobs[attempt.job].state is JobState.CANCELLED


def _resume_attempt(farm: Farm, run: Run, attempt: Attempt, now: float) -> None:
    if _take_late(farm, run, attempt, now):
        return
    frame = farm.frames[attempt.job][attempt.frame]
    wanted = frame.state is FrameState.WAITING and farm.jobs[attempt.job].is_open
    wanted = wanted and not in_order.is_spare(farm, run, now)
    if not attempt.is_live and wanted and run.state is not RunState.STOPPING:
        farm.revive(attempt, AttemptState.ORDERED)
    if attempt.is_in_hand:
        farm.decide(order_of(farm, attempt))
    elif not attempt.is_live:
        farm.decide(DropFrame(run.id, attempt.frame, attempt.number))


def device_lost(farm: Farm, event: DeviceLost, now: float) -> None:
    """Keep what is known; the device's Blenders go on by themselves.

    It is lost once, when it was there before; what keeps it away then may change.
    """
    device = farm.devices.get(event.device)
    if device is None:
        return
    if device.contact or device.fault != event.fault:
        kind = NoteKind.DEVICE_LOST if device.contact else NoteKind.DEVICE_AWAY
        farm.note(kind, device=device.name, fault=event.fault)
    device.contact, device.fault = False, event.fault
    if device.lost_since is None:
        device.lost_since = now
    farm.touch(device)
    for run in farm.runs_on(device.name):
        run.attached = run.closing = False
        for attempt in run.attempts.values():
            attempt.collecting = False


def give_up_lost(farm: Farm, device: Device, now: float) -> None:
    """Give a silent device's frames to others, once it has been silent for long."""
    if device.contact or device.lost_since is None or now - device.lost_since < LOST_AFTER:
        return
    for run in farm.runs_on(device.name):
        given_up = [
            attempt
            for attempt in run.attempts.values()
            if attempt.is_in_hand or attempt.state is AttemptState.RENDERED
        ]
        for attempt in given_up:
            farm.give_up(attempt)
        if given_up:
            count = str(len(given_up))
            farm.note(NoteKind.GIVEN_UP, job=run.job, device=device.name, detail=count)


def run_ready(farm: Farm, event: RunReady, now: float) -> None:
    """Begin to use the run; its disagreements with the drop's facts become the job's warnings."""
    run = farm.runs.get(event.run)
    if run is None or run.state is not RunState.STARTING:
        return
    farm.set_run(run, RunState.READY)
    run.ready, run.blender, run.idle_since = now, event.blender, now
    job, device = farm.jobs[run.job], farm.devices[run.slot.device]
    device.start_times.learn(now - run.started, device.has_project(job.name))
    device.projects[job.name] = None
    version = event.blender.strip().partition(" ")[0]  # without "LTS"
    fault = version_rules.settle(farm, job, device, version)
    if version:
        device.blenders |= {version}
    farm.touch(device)
    device.troubles.pop(job.name, None)
    if fault is not None:
        blame.set_aside(farm, device, job, fault)
    for warning in (*event.warnings, *_why_whole(farm, job, event)):
        if warning not in job.warnings and len(job.warnings) < WARNINGS_AT_MOST:
            job.warnings = (*job.warnings, warning)
            farm.touch(job)
            farm.note(NoteKind.WARNING, job=job.name, fault=warning)
    farm.note(NoteKind.RUN_READY, job=job.name, device=device.name, detail=event.blender)


def _why_whole(farm: Farm, job: Job, event: RunReady) -> tuple[Fault, ...]:
    """Note whether frames may be rendered in parts; where they would be, say why they aren't."""
    would_be = job.samples is None and is_wanted(farm, job)
    if job.samples is None:
        job.samples = event.samples
        farm.touch(job)
    reason = event.whole
    if not reason and 0 < event.samples < LEAST_WHOLE:
        reason = f"it has fewer than {LEAST_WHOLE} samples, which is not worth parts"
    if not would_be or not reason:
        return ()
    return (Fault.of(FaultKind.STILL_WHOLE, reason=reason),)


def run_failed(farm: Farm, event: RunFailed, now: float) -> None:
    """Blame the job, the device or nobody for a Blender that didn't come up."""
    run = farm.runs.get(event.run)
    if run is None or not run.is_current:
        return
    if event.fault.kind is FaultKind.LINK_LOST:
        run.attached = False
        return
    _end(farm, run, event.fault, now, blames_frame=False)
    job, device = farm.jobs[run.job], farm.devices[run.slot.device]
    farm.note(NoteKind.RUN_FAILED, job=job.name, device=device.name, fault=event.fault)
    if event.fault.kind in blame.DEVICE_FAULTS:
        blame.refuse(farm, device, job, event.fault, now)
    elif event.fault.kind not in blame.JOB_FAULTS:
        blame.fail_start(farm, device, job, event.fault, now)
    elif job.is_open:
        blame.doubt(farm, device, job, event.fault, now)


def run_ended(farm: Farm, event: RunEnded, now: float) -> None:
    """Take back what the Blender had in hand; a frame that it died on may be to blame."""
    run = farm.runs.get(event.run)
    if run is None or not run.is_current:
        return
    was_stopping = run.state is RunState.STOPPING
    fruitless = run.ready is None
    fault = None if was_stopping else event.fault
    lacks = fault is not None and fault.kind in blame.DEVICE_FAULTS
    _end(farm, run, fault, now, blames_frame=fault is not None and not lacks)
    if fault is None:
        return
    job, device = farm.jobs[run.job], farm.devices[run.slot.device]
    farm.note(NoteKind.RUN_ENDED, job=job.name, device=device.name, fault=fault)
    if lacks:
        blame.refuse(farm, device, job, fault, now)
    elif fruitless:
        blame.fail_start(farm, device, job, fault, now)


def _end(farm: Farm, run: Run, fault: Fault | None, now: float, *, blames_frame: bool) -> None:
    run.ended, run.fault, run.attached = now, fault, False
    farm.set_run(run, RunState.ENDED)
    for attempt in list(run.attempts.values()):
        frame = farm.frames[attempt.job][attempt.frame]
        began = blames_frame and attempt.state is AttemptState.STARTED
        if began and fault is not None and not blame.is_outside(frame, fault):
            blame.fail_try(farm, attempt, fault, now)
        elif attempt.state is not AttemptState.RENDERED:
            farm.end_attempt(attempt, AttemptState.DROPPED, now, fault)
    close_if_empty(farm, run, now)


def close_if_empty(farm: Farm, run: Run, now: float) -> None:
    """Have an ended run's files removed as soon as nothing is to be collected from it."""
    due = farm.devices[run.slot.device].contact and not run.closing and run.close_after <= now
    if run.state is RunState.ENDED and not run.attempts and due:
        run.closing = True
        farm.decide(CloseRun(run.id))


def run_closed(farm: Farm, event: RunClosed, now: float) -> None:
    """Forget the run."""
    run = farm.runs.get(event.run)
    if run is None:
        return
    farm.set_run(run, RunState.CLOSED)
    forget_if_gone(farm, farm.devices[run.slot.device], now)


def close_failed(farm: Farm, event: CloseFailed, now: float) -> None:
    """Try again when the device is reached the next time, or in a while."""
    run = farm.runs.get(event.run)
    if run is None:
        return
    run.closing = False
    if event.fault.kind is not FaultKind.LINK_LOST:
        run.close_after = now + CLOSE_AGAIN[min(run.close_tries, len(CLOSE_AGAIN) - 1)]
        run.close_tries += 1
        if run.close_tries == 1:
            device = run.slot.device
            farm.note(NoteKind.WARNING, job=run.job, device=device, fault=event.fault)


def collect_due(farm: Farm, run: Run, now: float) -> None:
    """Order the collection of rendered frames that nobody collects at present."""
    if not farm.devices[run.slot.device].contact:
        return
    for attempt in run.attempts.values():
        due = attempt.state is AttemptState.RENDERED and not attempt.collecting
        if due and attempt.collect_after <= now and not _collected_elsewhere(farm, attempt):
            attempt.collecting = True
            farm.decide(CollectFrame(run.id, run.job, attempt.frame, attempt.number, attempt.files))


def _collected_elsewhere(farm: Farm, attempt: Attempt) -> bool:
    """Whether another device's copy of the frame is on its way already."""
    return any(other.collecting for other in farm.copies(attempt))
