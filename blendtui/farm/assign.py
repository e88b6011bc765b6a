"""Given the state and the time: which slot starts, gets frames, or is freed for another job.

The rule is simple on purpose: jobs by rank; the next frame goes to the slot that will be free
first, weighted by performance; each slot has one frame ahead.
"""

from __future__ import annotations

import heapq
from collections import Counter

from blendtui.farm.decisions import OrderFrame, StartRun, StopRun
from blendtui.farm.model import (
    Attempt,
    AttemptState,
    Device,
    Frame,
    FrameState,
    Job,
    JobState,
    Run,
    RunState,
    SlotId,
)
from blendtui.farm.state import Farm

AHEAD = 2
"""Frames that a run has in hand: the one that it renders and one ahead."""

IDLE_PATIENCE = 300.0
"""Seconds that a Blender of a paused job is kept open without work."""


def assign(farm: Farm, now: float) -> None:
    """Choose once, after all bookkeeping for an event is done."""
    claimed: set[str] = set()
    for job in sorted(farm.unreported.values(), key=lambda job: job.rank):
        if job.state is not JobState.ACTIVE or not farm.waiting(job):
            continue
        _feed(farm, job, claimed, now)
        missing = _start(farm, job, now)
        if missing > 0:
            _claim(farm, job, missing, claimed, now)
    _free(farm, claimed, now)


def _feed(farm: Farm, job: Job, claimed: set[str], now: float) -> None:
    capable = frozenset(
        device.name for device in farm.devices.values() if device.contact and device.may_render(job)
    )
    queue: list[tuple[float, SlotId, Run]] = []
    for run in farm.runs_of(job.name):
        device = farm.devices[run.slot.device]
        if _takes_frames(run, device, job) and run.id not in claimed:
            queue.append(_queued(run, device))
    heapq.heapify(queue)
    while queue and farm.waiting(job):
        _, slot, run = heapq.heappop(queue)
        frame = farm.take_waiting(job, capable, slot.device)
        if frame is None:
            continue
        _order(farm, run, frame, now)
        if run.in_hand < AHEAD:
            heapq.heappush(queue, _queued(run, farm.devices[slot.device]))


def _takes_frames(run: Run, device: Device, job: Job) -> bool:
    return (
        run.state is RunState.READY
        and device.contact
        and run.slot.number <= device.spec.slots
        and run.in_hand < AHEAD
        and device.may_render(job)
    )


def _queued(run: Run, device: Device) -> tuple[float, SlotId, Run]:
    return (run.in_hand / device.spec.performance, run.slot, run)


def _order(farm: Farm, run: Run, frame: Frame, now: float) -> None:
    number = frame.tries + 1
    attempt = Attempt(
        frame.job, frame.number, number, run.id, run.slot, AttemptState.ORDERED, ordered=now
    )
    farm.add_attempt(attempt)
    farm.set_frame(frame, FrameState.GIVEN)
    run.idle_since = None
    farm.decide(OrderFrame(run.id, frame.number, number))


def _start(farm: Farm, job: Job, now: float) -> int:
    """Start runs on free slots; give how many more slots the job could use."""
    starting = sum(
        run.state is RunState.STARTING and run.job == job.name for run in farm.current.values()
    )
    missing = farm.waiting(job) - starting
    taken = Counter(slot.device for slot in farm.current)
    free = [
        device
        for device in farm.devices.values()
        if taken[device.name] < device.spec.slots and _may_start(device, job, now)
    ]
    for device in sorted(free, key=lambda device: -device.spec.performance):
        for slot in device.slots():
            if missing <= 0:
                return 0
            if slot not in farm.current:
                _start_run(farm, job, slot, now)
                missing -= 1
    return missing


def _may_start(device: Device, job: Job, now: float) -> bool:
    waits = device.not_before.get(job.name, 0.0) > now
    return device.contact and device.may_render(job) and not waits


def _start_run(farm: Farm, job: Job, slot: SlotId, now: float) -> None:
    name = farm.run_name(slot)
    run = Run(name, job.name, slot, RunState.STARTING, started=now, attached=True)
    farm.add_run(run)
    farm.decide(StartRun(run.id, job.name, slot))


def _claim(farm: Farm, job: Job, missing: int, claimed: set[str], now: float) -> None:
    """Mark runs of later jobs that this one would rather have; they get no further frames."""
    wanted: list[Run] = []
    for run in farm.current.values():
        if run.state is RunState.READY and run.job == job.name:
            continue
        if run.id in claimed or not _may_start(farm.devices[run.slot.device], job, now):
            continue
        if run.state is RunState.STOPPING:
            missing -= 1  # its slot is about to be free
        elif run.state is RunState.READY and _is_later(farm, farm.jobs[run.job], job):
            wanted.append(run)
    wanted.sort(key=lambda run: (run.in_hand, run.slot))
    claimed.update(run.id for run in wanted[: max(missing, 0)])


def _is_later(farm: Farm, other: Job, job: Job) -> bool:
    if other is job:
        return False
    return other.rank > job.rank or not farm.waiting(other) or other.state is not JobState.ACTIVE


def _free(farm: Farm, claimed: set[str], now: float) -> None:
    """Stop runs that have nothing to do and are in somebody's way, or have been for long."""
    for run in list(farm.current.values()):
        if run.state is RunState.STARTING and not farm.jobs[run.job].is_open:
            stop_run(farm, run, at_once=True)
        if run.state is not RunState.READY or run.in_hand:
            continue
        job = farm.jobs[run.job]
        if run.idle_since is None:
            run.idle_since = now
        device = farm.devices[run.slot.device]
        over = not job.is_open or not device.may_render(job) or run.slot.number > device.spec.slots
        forgotten = job.state is JobState.PAUSED and now - run.idle_since >= IDLE_PATIENCE
        if over or forgotten or run.id in claimed:
            stop_run(farm, run)


def stop_run(farm: Farm, run: Run, at_once: bool = False) -> None:
    """Have a run leave; what it has in hand and doesn't finish comes back when it has ended."""
    farm.set_run(run, RunState.STOPPING)
    farm.decide(StopRun(run.id, at_once))
