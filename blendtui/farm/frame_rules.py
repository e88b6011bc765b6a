"""Bookkeeping for frames: started, rendered, collected, failed, given back."""

from __future__ import annotations

from blendtui.farm import blame
from blendtui.farm.decisions import DiscardFrame, DropFrame
from blendtui.farm.events import (
    CollectFailed,
    FrameDone,
    FrameDropped,
    FrameFailed,
    FrameRendered,
    FrameStarted,
)
from blendtui.farm.faults import FaultKind
from blendtui.farm.model import SETTLED, Attempt, AttemptState, RunState
from blendtui.farm.parts import is_part
from blendtui.farm.run_rules import close_if_empty, collect_due, is_unneeded
from blendtui.farm.split_frames import part_done, part_missing
from blendtui.farm.state import Farm, NoteKind
from blendtui.farm.stopping import end_loser, stop_run

LOG_AT_MOST = 64 * 2**20
"""Bytes of a log after which a Blender is restarted: its log goes with it."""

HOLD = 5.0
"""Seconds until a frame that could not be brought to the share is tried again."""


def started(farm: Farm, event: FrameStarted, now: float) -> None:
    """Note the beginning; a given-up attempt stays given up until it has something to show."""
    attempt = farm.attempt(event.run, event.frame, event.number)
    if attempt is None:
        return
    attempt.started = attempt.started or now
    if attempt.state is AttemptState.ORDERED:
        attempt.state = AttemptState.STARTED
    elif attempt.state is AttemptState.DROPPING:
        _began_after_all(farm, attempt)
    farm.stir(farm.runs[attempt.run])
    farm.touch(attempt)


def _began_after_all(farm: Farm, attempt: Attempt) -> None:
    """Count on a frame that was begun before it could be taken back; it was the first to begin."""
    over = farm.frames[attempt.job][attempt.frame].state in SETTLED
    if over or not farm.jobs[attempt.job].is_open:
        attempt.state = AttemptState.GIVEN_UP
        return
    farm.revive(attempt, AttemptState.STARTED)
    for other in farm.copies(attempt):
        if other.state is AttemptState.ORDERED:
            farm.ask_back(other)


def rendered(farm: Farm, event: FrameRendered, now: float) -> None:
    """Have the frame collected, also from a device that was thought lost; once is enough."""
    attempt = farm.attempt(event.run, event.frame, event.number)
    if attempt is None:
        return
    if attempt.state is AttemptState.RENDERED:
        return
    attempt.seconds, attempt.files = event.seconds, event.files
    _learn(farm, attempt, event)
    if is_unneeded(farm, attempt):
        _discard(farm, attempt, now)
        return
    if not attempt.is_live:
        farm.revive(attempt, AttemptState.RENDERED)
        farm.note_try(NoteKind.LATE_FRAME, attempt)
    attempt.state = AttemptState.RENDERED
    farm.uncollected[attempt.key] = attempt
    farm.touch(attempt)
    collect_due(farm, farm.runs[attempt.run], now)


def _learn(farm: Farm, attempt: Attempt, event: FrameRendered) -> None:
    """Learn from the frame's time, and have a Blender restarted that is due for it."""
    run, device = farm.runs[attempt.run], farm.devices[attempt.slot.device]
    run.rendered += 1
    device.failing.pop(attempt.job, None)
    desk = farm.desks.get(attempt.job)
    if desk is not None:
        desk.learn(attempt, device, event.seconds)
        desk.overdue.pop(attempt.key, None)
    farm.stir(run)
    spec = device.spec
    worn = spec.restart_after is not None and run.rendered >= spec.restart_after
    fat = spec.memory_limit is not None and (event.memory or 0) > spec.memory_limit
    wordy = event.log > LOG_AT_MOST
    costly = farm.jobs[attempt.job].spec.in_order  # the next one simulates from the start
    if ((worn and not costly) or fat or wordy) and run.state is RunState.READY:
        stop_run(farm, run)


def _discard(farm: Farm, attempt: Attempt, now: float) -> None:
    farm.decide(DiscardFrame(attempt.run, attempt.frame, attempt.number))
    _end(farm, attempt, AttemptState.DROPPED, now)


def _end(farm: Farm, attempt: Attempt, state: AttemptState, now: float) -> None:
    farm.end_attempt(attempt, state, now)
    close_if_empty(farm, farm.runs[attempt.run], now)


def done(farm: Farm, event: FrameDone, now: float) -> None:
    """Count the frame; whoever else has it may stop."""
    attempt = farm.attempt(event.run, event.frame, event.number)
    if attempt is None:
        return
    job = farm.jobs[attempt.job]
    job.proven, job.first_faults, job.held = True, (), None
    farm.devices[attempt.slot.device].hindered.pop(job.name, None)
    farm.decide(DiscardFrame(attempt.run, attempt.frame, attempt.number))
    _end(farm, attempt, AttemptState.DONE, now)
    frame = farm.frames[attempt.job][attempt.frame]
    kind = NoteKind.PART_DONE if is_part(frame.number) else NoteKind.FRAME_DONE
    farm.note_try(kind, attempt, detail=f"{attempt.seconds or 0.0:.3f}")
    if is_part(frame.number):
        part_done(farm, frame)
    for other in farm.copies(attempt):
        if other.state is AttemptState.RENDERED:
            _discard(farm, other, now)
        elif other.is_in_hand:
            farm.give_up(other)
            farm.decide(DropFrame(other.run, other.frame, other.number))
            end_loser(farm, other, now)


def failed(farm: Farm, event: FrameFailed, now: float) -> None:
    """Count the failure, unless nobody waits for this try any more."""
    attempt = farm.attempt(event.run, event.frame, event.number)
    if attempt is None:
        return
    if not attempt.is_live:
        _end(farm, attempt, AttemptState.DROPPED, now)
        return
    if event.fault.kind in blame.WAITED_FAULTS:
        _leave(farm, attempt, event, now)
        return
    if event.fault.kind is FaultKind.PART_MISSING:
        _end(farm, attempt, AttemptState.DROPPED, now)
        frame = farm.frames[attempt.job][attempt.frame]
        part_missing(farm, frame, int(event.fault.fact("part") or 0))
        return
    _fail(farm, attempt, event, now)


def _leave(farm: Farm, attempt: Attempt, event: FrameFailed, now: float) -> None:
    """Give the frame back from a device that can go on only after somebody has seen to it."""
    run, job = farm.runs[attempt.run], farm.jobs[attempt.job]
    farm.note_try(NoteKind.TRY_FAILED, attempt, event.fault)
    if run.is_current and run.state is not RunState.STOPPING:
        stop_run(farm, run, at_once=True)
    blame.fail_start(farm, farm.devices[attempt.slot.device], job, event.fault, now)
    _end(farm, attempt, AttemptState.DROPPED, now)


def _fail(farm: Farm, attempt: Attempt, event: FrameFailed | CollectFailed, now: float) -> None:
    farm.decide(DiscardFrame(attempt.run, attempt.frame, attempt.number))
    blame.fail_try(farm, attempt, event.fault, now)
    run = farm.runs[attempt.run]
    close_if_empty(farm, run, now)
    for other in farm.copies(attempt):
        collect_due(farm, farm.runs[other.run], now)


def dropped(farm: Farm, event: FrameDropped, now: float) -> None:
    """Let the frame wait for another slot."""
    attempt = farm.attempt(event.run, event.frame, event.number)
    if attempt is not None and attempt.state is not AttemptState.RENDERED:
        _end(farm, attempt, AttemptState.DROPPED, now)


def collect_failed(farm: Farm, event: CollectFailed, now: float) -> None:
    """Hold the frame where the link or the share is to blame, else count a failed try."""
    attempt = farm.attempt(event.run, event.frame, event.number)
    if attempt is None:
        return
    attempt.collecting = False
    if event.fault.kind not in blame.HELD_FAULTS:
        _fail(farm, attempt, event, now)
        return
    attempt.collect_after = now + HOLD
    if event.fault.kind is not FaultKind.LINK_LOST:  # that is said of the device
        device = attempt.slot.device
        farm.note_held(farm.jobs[attempt.job], event.fault, attempt.frame, device)
