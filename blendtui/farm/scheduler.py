"""The core: an event and the time in, decisions out. Handlers keep the books, `assign` chooses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from blendtui.farm import (
    blame,
    events,
    frame_rules,
    gpu_memory,
    job_rules,
    range_rules,
    run_rules,
)
from blendtui.farm.assign import assign
from blendtui.farm.device import Device
from blendtui.farm.events import Event
from blendtui.farm.forecast import Outlook, forecast
from blendtui.farm.model import (
    Attempt,
    Frame,
    FrameState,
    Job,
    JobState,
    Run,
    RunState,
)
from blendtui.farm.overdue import look_for_overdue
from blendtui.farm.parts import is_part, parts_of
from blendtui.farm.state import Farm, Step
from blendtui.farm.tail import reconsider

LOOKED_AT = 128
"""Runs of a job that are looked at when time has passed; of a large farm others each time."""


def _tick(farm: Farm, event: events.Tick, now: float) -> None:
    """Let time pass: give up the lost, take up what was left or held up."""
    for device in list(farm.devices.values()):
        run_rules.give_up_lost(farm, device, now)
        run_rules.forget_if_gone(farm, device, now)
        if device.contact:
            run_rules.resume_runs(farm, device, now)
    for name in list(dict.fromkeys(attempt.run for attempt in farm.uncollected.values())):
        run_rules.collect_due(farm, farm.runs[name], now)
    for desk in farm.desks.values():
        runs = desk.some_runs(LOOKED_AT)
        look_for_overdue(farm, desk, runs, now)
        if not desk.job.spec.in_order:
            reconsider(farm, desk, runs, now)
        gpu_memory.give_up(farm, desk, now)
        desk.wake()
        farm.placing |= bool(desk.fresh) or desk.job.state is not JobState.ACTIVE
    blame.end_doubted(farm, now)
    for job in farm.unreported.values():
        job_rules.look_for_devices(farm, job)
    reached = (device for device in farm.devices.values() if device.contact)
    farm.placing |= any(slot not in farm.current for device in reached for slot in device.slots())


def _policy_set(farm: Farm, event: events.PolicySet, now: float) -> None:
    """Take the user's say over."""
    farm.policy, farm.placing = event.policy, True


PLACING = (
    events.JobAdded,
    events.JobPaused,
    events.JobResumed,
    events.JobCancelled,
    events.JobRetried,
    events.JobPrioritized,
    events.JobFramesSet,
    events.FramesAgain,
    events.DevicesSet,
    events.DeviceReached,
    events.DeviceSurveyed,
    events.DeviceLost,
    events.RunFailed,
    events.RunEnded,
    events.FrameFailed,
    events.FrameDropped,
)
"""Events after which slots are dealt out anew among the jobs."""


_HANDLERS: dict[type[Any], Callable[[Farm, Any, float], None]] = {
    events.JobAdded: job_rules.added,
    events.JobPaused: job_rules.paused,
    events.JobResumed: job_rules.resumed,
    events.JobCancelled: job_rules.cancelled,
    events.JobRetried: job_rules.retried,
    events.JobPrioritized: job_rules.prioritized,
    events.JobFramesSet: range_rules.frames_set,
    events.FramesAgain: range_rules.frames_again,
    events.MovieAgain: job_rules.movie_again,
    events.JobReported: job_rules.reported,
    events.ReportFailed: job_rules.report_failed,
    events.DevicesSet: run_rules.devices_set,
    events.DeviceModeSet: run_rules.device_mode_set,
    events.DeviceHours: run_rules.device_hours,
    events.DeviceRestart: run_rules.device_restart,
    events.PolicySet: _policy_set,
    events.DeviceReached: run_rules.device_reached,
    events.DeviceSurveyed: run_rules.device_surveyed,
    events.DeviceLost: run_rules.device_lost,
    events.RunReady: run_rules.run_ready,
    events.RunFailed: run_rules.run_failed,
    events.RunEnded: run_rules.run_ended,
    events.RunClosed: run_rules.run_closed,
    events.CloseFailed: run_rules.close_failed,
    events.FrameStarted: frame_rules.started,
    events.FrameRendered: frame_rules.rendered,
    events.FrameFailed: frame_rules.failed,
    events.FrameDropped: frame_rules.dropped,
    events.FrameDone: frame_rules.done,
    events.CollectFailed: frame_rules.collect_failed,
    events.Tick: _tick,
}


class Scheduler:
    """Decides. The same events at the same times give the same decisions.

    `salt` tells this store's runs from those of a store that was lost.
    """

    def __init__(self, salt: str = "") -> None:
        self.farm = Farm(salt)

    def restore(
        self,
        jobs: Iterable[tuple[Job, Iterable[Frame]]],
        devices: Iterable[Device],
        runs: Iterable[Run],
        attempts: Iterable[Attempt],
        *,
        learned: Iterable[Attempt] = (),
        last_run: int = 0,
        last_position: int = 0,
        names: Iterable[str] = (),
    ) -> None:
        """Begin with what the store has. Nothing is decided until devices are reached.

        `learned` are finished tries, oldest first, to learn from them again.
        `last_run` is the highest number that a run's name ever had, closed ones included, and
        `last_position` that of a job; `names` are those of all jobs that the store knows.
        """
        self.farm.next_run = max(self.farm.next_run, last_run + 1)
        self.farm.next_position = max(self.farm.next_position, last_position + 1)
        self.farm.names.update(names)
        for job, frames in jobs:
            self.farm.add_job(job, frames)
        for device in devices:
            self.farm.devices[device.name] = device
        for run in runs:
            self.farm.add_run(run)
            serial = int(run.id.rpartition(".")[2])
            self.farm.next_run = max(self.farm.next_run, serial + 1)
        for attempt in attempts:
            self.farm.add_attempt(attempt)
        for attempt in learned:
            self.farm.relearn(attempt)
        self.farm.take_step()

    def handle(self, event: Event, now: float) -> Step:
        """Answer one event that happened at `now`, in seconds since the epoch."""
        _HANDLERS[type(event)](self.farm, event, now)
        self.farm.placing |= isinstance(event, PLACING)
        return self.choose(now)

    def hear(self, event: Event, now: float) -> Step:
        """Keep the books for one event; `choose` has to follow, once for any number of them."""
        _HANDLERS[type(event)](self.farm, event, now)
        self.farm.placing |= isinstance(event, PLACING)
        return self.farm.take_step()

    def choose(self, now: float) -> Step:
        """Decide what follows from all that was heard."""
        job_rules.settle(self.farm, now)
        assign(self.farm, now)
        return self.farm.take_step()

    def leave_to_store(self, keep: Collection[str] = ()) -> list[str]:
        """Keep in mind no longer what is over and reported, but for `keep`; gives those jobs.

        The store has them; who wants one again takes it from there with `Farm.add_job`.
        """
        over = [
            job
            for job in self.farm.jobs.values()
            if job.reported and not job.is_open and job.name not in keep
        ]
        left = [job for job in over if not self.farm.runs_of(job.name)]
        for job in left:
            self.farm.leave_to_store(job)
        return [job.name for job in left]

    def forecast(self, now: float) -> Outlook:
        """Say when each job and the whole queue will be done."""
        return forecast(self.farm, now)

    def check(self) -> None:
        """Hold the invariants.

        Raises:
            AssertionError: naming the first object that breaks one.
        """
        for job in self.farm.jobs.values():
            _check_job(self.farm, job)
        for slot, run in self.farm.current.items():
            _hold(run.slot == slot and run.is_current, run)
        for run in self.farm.runs.values():
            _hold(run.state is not RunState.CLOSED, run)
            _hold(run.is_current == (self.farm.current.get(run.slot) is run), run)
            _hold(run.is_current or not run.in_hand, run)


def _check_job(farm: Farm, job: Job) -> None:
    frames = farm.frames[job.name]
    live: dict[int, set[int]] = {number: set() for number in frames}
    for run in farm.runs_of(job.name):
        for attempt in run.attempts.values():
            if attempt.is_live:
                live[attempt.frame].add(attempt.number)
    for frame in frames.values():
        _hold(set(frame.live) == live[frame.number], frame)
        if frame.state in _AT_REST:
            _hold(not frame.live, frame)
        elif frame.state is FrameState.GIVEN:
            _hold(bool(frame.live), frame)
        if frame.state is FrameState.SPLIT:
            _check_parts(frames, frame)
    own = {number: one for number, one in frames.items() if not is_part(number)}
    wanted = {number for number, one in own.items() if one.state is not FrameState.UNWANTED}
    _hold(wanted == set(job.spec.frames), job)
    desk = farm.desks.get(job.name)
    if desk is not None:
        _hold(desk.numbers == tuple(sorted(own)), job)
        waiting = sum(frame.state is FrameState.WAITING for frame in frames.values())
        _hold(desk.pool.count + len(desk.parts) == waiting, job)
    counted = dict.fromkeys(FrameState, 0)
    for frame in own.values():
        counted[frame.state] += 1
    _hold(counted == {state: job.counts.get(state, 0) for state in FrameState}, job)


def _check_parts(frames: dict[int, Frame], whole: Frame) -> None:
    """Hold that a frame's parts have each of its samples once, and that they aren't all there."""
    parts = parts_of(frames, whole.number)
    end = 0
    for part in parts:
        begin, after = part.samples or (0, 0)
        _hold(begin == end < after, part)
        end = after
    _hold(whole.samples == (0, end), whole)
    _hold(any(part.state is not FrameState.DONE for part in parts), whole)


_AT_REST = (FrameState.WAITING, FrameState.SPLIT, FrameState.FAILED, FrameState.UNWANTED)


def _hold(condition: bool, subject: object) -> None:
    if not condition:
        raise AssertionError(f"invariant broken: {subject!r}")
