"""Bookkeeping for jobs: added, paused, cancelled, retried, settled, reported."""

from __future__ import annotations

from blendtui.farm import version_rules
from blendtui.farm.decisions import DropFrame, FinishJob
from blendtui.farm.device import Device
from blendtui.farm.events import (
    JobAdded,
    JobCancelled,
    JobPaused,
    JobPrioritized,
    JobReported,
    JobResumed,
    JobRetried,
    MovieAgain,
    ReportFailed,
)
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import AttemptState, DeviceMode, Frame, FrameState, Job, JobState, RunState
from blendtui.farm.split_frames import begin_anew, drop_parts
from blendtui.farm.state import Farm, NoteKind
from blendtui.farm.stopping import stop_run

REPORT_AGAIN = 10.0
"""Seconds until a report that could not be written is tried again."""


def added(farm: Farm, event: JobAdded, now: float) -> None:
    """Take the job in; one that can't be rendered ends at once. A known name changes nothing."""
    spec = event.spec
    if spec.name in farm.names:
        return
    job = Job(spec, farm.next_position, added=now, priority=spec.priority, warnings=event.warnings)
    frames = [Frame(spec.name, number) for number in spec.frames]
    farm.add_job(job, frames)
    farm.touch(job, *frames)
    farm.note(NoteKind.JOB_ADDED, job=job.name, detail=str(len(frames)))
    for warning in event.warnings:
        farm.note(NoteKind.WARNING, job=job.name, fault=warning)
    fault = event.fault
    if fault is None and not frames:
        fault = Fault.of(FaultKind.NOTHING_TO_RENDER, detail="no frames")
    if fault is not None:
        farm.end_job(job, JobState.FAILED, now, fault)


def paused(farm: Farm, event: JobPaused, now: float) -> None:
    """Give out nothing more; what devices have in hand comes in."""
    _switch(farm, event.job, JobState.ACTIVE, JobState.PAUSED)


def resumed(farm: Farm, event: JobResumed, now: float) -> None:
    """Go on."""
    _switch(farm, event.job, JobState.PAUSED, JobState.ACTIVE)


def _switch(farm: Farm, name: str, before: JobState, after: JobState) -> None:
    job = farm.jobs.get(name)
    if job is not None and job.state is before:
        job.state = after
        farm.touch(job)
        farm.note(NoteKind.JOB_STATE, job=name, detail=after.value)


def cancelled(farm: Farm, event: JobCancelled, now: float) -> None:
    """End the job where it is; finished frames stay on the share."""
    job = farm.jobs.get(event.job)
    if job is None or not job.is_open:
        return
    farm.end_job(job, JobState.CANCELLED, now)
    for run in farm.runs_of(job.name):
        for attempt in list(run.attempts.values()):
            if attempt.is_in_hand:
                farm.give_up(attempt)
        if run.state in (RunState.STARTING, RunState.READY):
            stop_run(farm, run, at_once=True)


def retried(farm: Farm, event: JobRetried, now: float) -> None:
    """Let failed frames wait again, with a clean record, and open the job if it had ended."""
    job = farm.jobs.get(event.job)
    if job is None or not job.spec.frames:
        return
    for frame in list(farm.frames[job.name].values()):
        if frame.state is FrameState.FAILED or (frame.failures and not frame.live):
            frame.failures = ()
            farm.touch(frame)
            if frame.state is FrameState.FAILED:
                drop_parts(farm, frame)
                farm.set_frame(frame, FrameState.WAITING)
    job.held = None
    farm.forgive_devices(job)
    version_rules.forget(farm, job)
    if not job.is_open and job.counts.get(FrameState.DONE, 0) < len(job.spec.frames):
        begin_anew(farm, job)
        farm.reopen(job)
    farm.touch(job)


def prioritized(farm: Farm, event: JobPrioritized, now: float) -> None:
    """Change the job's rank."""
    job = farm.jobs.get(event.job)
    if job is not None:
        job.priority = event.priority
        farm.touch(job)
        farm.note(NoteKind.JOB_STATE, job=job.name, detail=f"priority {event.priority}")


def movie_again(farm: Farm, event: MovieAgain, now: float) -> None:
    """Finish an ended job once more: what is made of its frames, and its report."""
    job = farm.jobs.get(event.job)
    if job is None or job.is_open or not job.spec.frames:
        return
    job.reported, job.report_after = False, now
    farm.unreported[job.name] = job
    farm.touch(job)


def settle(farm: Farm, now: float) -> None:
    """End jobs whose frames are all done or failed; have the reports of ended jobs written."""
    for job in list(farm.unreported.values()):
        if job.is_open:
            done = job.counts.get(FrameState.DONE, 0)
            failed = job.counts.get(FrameState.FAILED, 0)
            if done + failed == len(job.spec.frames):
                farm.end_job(job, JobState.FAILED if failed else JobState.DONE, now)
        if not job.is_open:
            _drop_rest(farm, job)
            _report(farm, job, now)


def look_for_devices(farm: Farm, job: Job) -> None:
    """Say it once when a job waits for somebody to see to its devices; it goes on by itself."""
    waits = job.state is JobState.ACTIVE and farm.waiting(job) > 0
    is_stuck = waits and not any(device.fits(job) for device in farm.devices.values())
    if is_stuck and not job.is_stuck:
        reason = _why_nobody(farm, job)
        fault = Fault.of(FaultKind.NO_DEVICE_FITS, job=job.name, reason=reason)
        farm.note(NoteKind.WARNING, job=job.name, fault=fault)
    if is_stuck is not job.is_stuck:
        job.is_stuck = is_stuck
        farm.touch(job)
    if waits and job.held is None:
        _look_for_hindered(farm, job)


def _look_for_hindered(farm: Farm, job: Job) -> None:
    at_hand = [one for one in farm.devices.values() if one.contact and one.may_render(job)]
    hindered = {one.name: one.hindered.get(job.name) for one in at_hand}
    device, fault = next(iter(hindered.items()), ("", None))
    if fault is not None and all(hindered.values()):
        farm.note_held(job, fault, device=device)


def _why_nobody(farm: Farm, job: Job) -> str:
    named = job.spec.devices
    if named and not named & farm.devices.keys():
        return f"there is no device named {', '.join(sorted(named))}"
    fitting = [
        one
        for one in farm.devices.values()
        if job.spec.tags <= one.spec.tags and (not named or one.name in named)
    ]
    if not [one for one in fitting if one.spec.slots]:
        return f"none has the tags {', '.join(sorted(job.spec.tags))}" if job.spec.tags else "none"
    if not any(one.spec.enabled for one in fitting):
        return "those that could are disabled"
    lacking = version_rules.why_none(farm, job)
    if lacking:
        return lacking
    return _why_not_able([one for one in fitting if one.spec.enabled and one.has_blender(job)])


def _why_not_able(devices: list[Device]) -> str:
    away = sorted({_AWAY[one.mode] for one in devices if one.mode in _AWAY})
    if away and all(one.mode in _AWAY for one in devices):
        return f"those that could are {' or '.join(away)}; `blendtui devices enable` ends that"
    failed = "those that could failed to begin it"
    return f"{failed}, or are {' or '.join(away)}" if away else failed


_AWAY = {DeviceMode.DRAINING: "drained", DeviceMode.OFF: "disabled"}


def _drop_rest(farm: Farm, job: Job) -> None:
    """Take back what runs of a stopped job have not begun."""
    for run in farm.runs_of(job.name):
        for attempt in run.attempts.values():
            if attempt.state is AttemptState.ORDERED:
                farm.give_up(attempt)
                farm.decide(DropFrame(run.id, attempt.frame, attempt.number))


def _report(farm: Farm, job: Job, now: float) -> None:
    if job.reporting or job.report_after > now:
        return
    unsettled = any(
        attempt.state in (AttemptState.STARTED, AttemptState.RENDERED)
        for run in farm.runs_of(job.name)
        for attempt in run.attempts.values()
    )
    if unsettled:
        return
    job.reporting = True
    farm.decide(FinishJob(job.name))


def reported(farm: Farm, event: JobReported, now: float) -> None:
    """The job is over for good, unless a user retries it."""
    job = farm.jobs.get(event.job)
    if job is not None:
        job.reporting = False
        job.held = None
        job.reported = not job.is_open
        if job.reported:
            farm.unreported.pop(job.name, None)
            farm.close_desk_if_over(job)
        farm.touch(job)


def report_failed(farm: Farm, event: ReportFailed, now: float) -> None:
    """Try again in a while; the job's frames are safe."""
    job = farm.jobs.get(event.job)
    if job is not None:
        job.reporting = False
        job.report_after = now + REPORT_AGAIN
        farm.note_held(job, event.fault)
