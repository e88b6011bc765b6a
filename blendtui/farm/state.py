"""The farm's state in one place, and every change to it; each change is remembered for a Step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from blendtui.farm.decisions import Decision, DropFrame
from blendtui.farm.desk import Desk
from blendtui.farm.device import Device
from blendtui.farm.faults import Fault
from blendtui.farm.model import (
    Attempt,
    AttemptState,
    Frame,
    FrameState,
    Job,
    JobState,
    Policy,
    Run,
    RunState,
    SlotId,
)
from blendtui.farm.notes import Note, NoteKind
from blendtui.farm.parts import frame_of, is_part, share_of

__all__ = ["Farm", "Note", "NoteKind", "Step", "Stored"]

Stored = Job | Frame | Attempt | Run | Device


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to one event: what to do, which objects changed, what to tell people."""

    decisions: tuple[Decision, ...]
    changed: tuple[Stored, ...]
    notes: tuple[Note, ...]


class Farm:
    """All jobs, frames, devices, runs; `names` has those of past jobs. Only this changes states."""

    def __init__(self, salt: str = "") -> None:
        self._salt = salt
        self.jobs: dict[str, Job] = {}
        self.names: set[str] = set()
        self.unreported: dict[str, Job] = {}
        self.frames: dict[str, dict[int, Frame]] = {}
        self.devices: dict[str, Device] = {}
        self.runs: dict[str, Run] = {}
        self.current: dict[SlotId, Run] = {}
        self.attempts: dict[tuple[str, int, int], Attempt] = {}
        self.next_run = 1
        self.next_position = 1
        self.policy = Policy()
        self.desks: dict[str, Desk] = {}
        self.uncollected: dict[tuple[str, int, int], Attempt] = {}
        self.placing = False
        self._stirred: dict[str, Run] = {}
        self._by_job: dict[str, dict[str, Run]] = {}
        self._by_device: dict[str, dict[str, Run]] = {}
        self._decisions: list[Decision] = []
        self._changed: dict[int, Stored] = {}
        self._notes: list[Note] = []

    def take_step(self) -> Step:
        """Give all that was decided, changed and noted since the last call."""
        step = Step(tuple(self._decisions), tuple(self._changed.values()), tuple(self._notes))
        self._decisions.clear()
        self._changed.clear()
        self._notes.clear()
        return step

    def decide(self, decision: Decision) -> None:
        """Add a decision to the step."""
        self._decisions.append(decision)

    def touch(self, *objects: Stored) -> None:
        """Remember that objects changed and have to be stored."""
        for item in objects:
            self._changed[id(item)] = item
            if isinstance(item, Device):
                self.placing = True
                for run in self.runs_on(item.name):
                    self._stirred[run.id] = run

    def stir(self, run: Run) -> None:
        """Remember that a run may have to be given something, or has less or more to do."""
        self._stirred[run.id] = run

    def take_stirred(self) -> list[Run]:
        """Give the runs about which something changed since the last call."""
        stirred = list(self._stirred.values())
        self._stirred.clear()
        return stirred

    def note(
        self,
        kind: NoteKind,
        *,
        job: str | None = None,
        device: str | None = None,
        frame: int | None = None,
        fault: Fault | None = None,
        detail: str = "",
    ) -> None:
        """Add a line to the history."""
        self._notes.append(Note(kind, job, device, frame, fault, detail))

    def note_held(
        self, job: Job, fault: Fault, frame: int | None = None, device: str | None = None
    ) -> None:
        """Say what keeps a job's files from the share, or from a device: once, not at every try."""
        if job.held is not fault.kind:
            job.held = fault.kind
            self.touch(job)
            self.note(NoteKind.HELD_UP, job=job.name, device=device, frame=frame, fault=fault)

    def note_try(
        self, kind: NoteKind, attempt: Attempt, fault: Fault | None = None, detail: str = ""
    ) -> None:
        """Add a line about a try to the history; of a part it's told as its frame's."""
        frame = frame_of(attempt.frame)
        self._notes.append(Note(kind, attempt.job, attempt.slot.device, frame, fault, detail))

    # jobs and frames

    def add_job(self, job: Job, frames: Iterable[Frame]) -> None:
        """Take a job in, new or from the store."""
        own = {frame.number: frame for frame in frames}
        self.jobs[job.name] = job
        self.names.add(job.name)
        self.frames[job.name] = own
        if job.is_open or not job.reported:
            self.unreported[job.name] = job
            self.open_desk(job)
        job.counts = dict(Counter(one.state for one in own.values() if not is_part(one.number)))
        self.next_position = max(self.next_position, job.position + 1)

    def open_desk(self, job: Job) -> Desk:
        """Begin to keep in mind what giving out the job's frames needs."""
        self.placing = True
        desk = self.desks.get(job.name)
        if desk is None:
            desk = Desk(job, _numbers(self.frames[job.name]))
            self._begin_desk(desk)
        return desk

    def _begin_desk(self, desk: Desk) -> None:
        name = desk.job.name
        self.desks[name] = desk
        own = self.frames[name]
        for frame in own.values():
            desk.resize(frame.number, share_of(own, frame.number))
            if frame.state is FrameState.WAITING:
                desk.set_waiting(frame, True)
        for run in self.runs_of(name):
            self.stir(run)

    def add_frames(self, job: Job, frames: Iterable[Frame]) -> None:
        """Take more frames into a job, all of them waiting."""
        own = self.frames[job.name]
        new = {frame.number: frame for frame in frames}
        own.update(new)
        job.counts[FrameState.WAITING] = job.counts.get(FrameState.WAITING, 0) + len(new)
        desk = self.desks.get(job.name)
        if desk is not None:
            self._begin_desk(desk.enlarged(_numbers(own)))
        self.touch(job, *new.values())

    def add_part(self, part: Frame) -> None:
        """Take a part of a frame in, which waits."""
        own = self.frames[part.job]
        own[part.number] = part
        desk = self.desks.get(part.job)
        if desk is not None:
            desk.resize(part.number, share_of(own, part.number))
            desk.set_waiting(part, True)
        self.touch(part)

    def reopen(self, job: Job) -> None:
        """Let an ended job go on, also on devices that were kept from it."""
        self.forgive_devices(job)
        job.state, job.ended, job.fault = JobState.ACTIVE, None, None
        job.first_faults, job.reported = (), False
        self.unreported[job.name] = job
        self.open_desk(job)
        self.touch(job)
        self.note(NoteKind.JOB_STATE, job=job.name, detail=job.state.value)

    def close_desk_if_over(self, job: Job) -> None:
        """Forget what only a job needs that goes on or has Blenders on devices."""
        if job.reported and not job.is_open and not self._by_job.get(job.name):
            self.desks.pop(job.name, None)

    def leave_to_store(self, job: Job) -> None:
        """Keep nothing of a job in mind that is over, but its name."""
        for known in (self.jobs, self.frames, self.desks, self._by_job):
            known.pop(job.name, None)
        for device in self.devices.values():
            device.forget(job.name)

    def waiting(self, job: Job) -> int:
        """How many frames of the job wait for a slot, whole or in parts."""
        return job.counts.get(FrameState.WAITING, 0) + job.counts.get(FrameState.SPLIT, 0)

    def set_frame(self, frame: Frame, state: FrameState) -> None:
        """Change a frame's state, with all that is counted by it."""
        if frame.state is state:
            return
        job = self.jobs[frame.job]
        if not is_part(frame.number):
            job.counts[frame.state] -= 1
            job.counts[state] = job.counts.get(state, 0) + 1
        waited, frame.state = frame.state is FrameState.WAITING, state
        desk = self.desks.get(frame.job)
        if desk is not None and (waited or state is FrameState.WAITING):
            desk.set_waiting(frame, not waited)
        self.touch(frame, job)

    def end_job(self, job: Job, state: JobState, now: float, fault: Fault | None = None) -> None:
        """Close a job; its report is due from now on."""
        job.state = state
        job.ended = now
        job.fault = fault
        job.reported = False
        job.report_after = now
        self.unreported[job.name] = job
        self.placing = True
        self.touch(job)
        done, total = job.counts.get(FrameState.DONE, 0), len(job.spec.frames)
        detail = f"{state} {done} {total} {now - job.added:.3f}"
        self.note(NoteKind.JOB_ENDED, job=job.name, fault=fault, detail=detail)

    def forgive_devices(self, job: Job) -> None:
        """Forget what devices have failed of a job."""
        for device in self.devices.values():
            device.forgive(job.name)
            self.touch(device)

    def relearn(self, attempt: Attempt) -> None:
        """Learn from a frame that was finished before a restart."""
        desk, device = self.desks.get(attempt.job), self.devices.get(attempt.slot.device)
        if desk is not None and device is not None and attempt.seconds is not None:
            desk.learn(attempt, device, attempt.seconds)

    # runs and attempts

    def run_name(self, slot: SlotId) -> str:
        """Name a new run: a folder on its device, which no run of another store ever had."""
        serial, self.next_run = self.next_run, self.next_run + 1
        parts = (slot.device, str(slot.number), self._salt, str(serial))
        return ".".join(part for part in parts if part)

    def add_run(self, run: Run) -> None:
        """Take a run in, new or from the store."""
        self.runs[run.id] = run
        self._by_job.setdefault(run.job, {})[run.id] = run
        self._by_device.setdefault(run.slot.device, {})[run.id] = run
        if run.is_current:
            self.current[run.slot] = run
        self.stir(run)
        self.touch(run)

    def set_run(self, run: Run, state: RunState) -> None:
        """Change a run's state; an ended one leaves its slot, a closed one is forgotten."""
        run.state = state
        if not run.is_current and self.current.get(run.slot) is run:
            del self.current[run.slot]
            self.placing = True
        if state is RunState.CLOSED:
            for known in (self.runs, self._by_job[run.job], self._by_device[run.slot.device]):
                known.pop(run.id, None)
            self.close_desk_if_over(self.jobs[run.job])
        self.stir(run)
        self.touch(run)

    def add_attempt(self, attempt: Attempt) -> None:
        """Take an attempt in, new or from the store."""
        frame = self.frames[attempt.job][attempt.frame]
        self.runs[attempt.run].attempts[attempt.key] = attempt
        self.attempts[attempt.key] = attempt
        frame.tries = max(frame.tries, attempt.number)
        if attempt.is_live and attempt.number not in frame.live:
            frame.live.append(attempt.number)
        if attempt.state is AttemptState.RENDERED:
            self.uncollected[attempt.key] = attempt
        self.stir(self.runs[attempt.run])
        self.touch(attempt, frame)

    def revive(self, attempt: Attempt, state: AttemptState) -> None:
        """Count on an attempt again that was given up or asked back."""
        attempt.state = state
        if state is AttemptState.RENDERED:
            self.uncollected[attempt.key] = attempt
        self.stir(self.runs[attempt.run])
        frame = self.frames[attempt.job][attempt.frame]
        frame.live.append(attempt.number)
        if frame.state in (FrameState.WAITING, FrameState.FAILED):
            self.set_frame(frame, FrameState.GIVEN)
        self.touch(attempt, frame)

    def give_up(self, attempt: Attempt) -> None:
        """Wait for an attempt no longer; its frame waits again if nobody else has it."""
        self._leave(attempt, AttemptState.GIVEN_UP)

    def ask_back(self, attempt: Attempt) -> None:
        """Take a frame that a run has not begun back from it, for another slot."""
        desk = self.desks.get(attempt.job)
        if desk is not None:
            desk.note_taken(attempt)
        self._leave(attempt, AttemptState.DROPPING)
        self.decide(DropFrame(attempt.run, attempt.frame, attempt.number))

    def _leave(self, attempt: Attempt, state: AttemptState) -> None:
        attempt.state = state
        self._no_longer_expected(attempt)
        self.stir(self.runs[attempt.run])
        self.touch(attempt)
        self._let_go(attempt)

    def end_attempt(
        self, attempt: Attempt, state: AttemptState, now: float, fault: Fault | None = None
    ) -> None:
        """End an attempt and forget it; its frame waits again if it isn't done otherwise."""
        attempt.state = state
        attempt.ended, attempt.fault = now, fault
        self.touch(attempt)
        self.attempts.pop(attempt.key, None)
        self._no_longer_expected(attempt)
        run = self.runs.get(attempt.run)
        if run is not None:
            run.attempts.pop(attempt.key, None)
            self.stir(run)
        if state is AttemptState.DONE:
            self.set_frame(self.frames[attempt.job][attempt.frame], FrameState.DONE)
        self._let_go(attempt)

    def _no_longer_expected(self, attempt: Attempt) -> None:
        self.uncollected.pop(attempt.key, None)
        if attempt.job in self.desks:
            self.desks[attempt.job].overdue.pop(attempt.key, None)

    def _let_go(self, attempt: Attempt) -> None:
        frame = self.frames[attempt.job][attempt.frame]
        if attempt.number in frame.live:
            frame.live.remove(attempt.number)
            self.touch(frame)
        if not frame.live and frame.state is FrameState.GIVEN:
            self.set_frame(frame, FrameState.WAITING)

    def attempt(self, run: str, frame: int, number: int) -> Attempt | None:
        """Find a run's attempt; None for a frame that was never ordered from it or is over."""
        own = self.runs.get(run)
        return own.attempts.get((own.job, frame, number)) if own else None

    def copies(self, attempt: Attempt) -> list[Attempt]:
        """All other attempts at the same frame that somebody counts on."""
        job, frame, own = attempt.key
        others = [number for number in self.frames[job][frame].live if number != own]
        return [self.attempts[job, frame, number] for number in others]

    def runs_of(self, job: str) -> list[Run]:
        """All runs of a job that are not closed, in the order of their starts."""
        return list(self._by_job.get(job, {}).values())

    def runs_on(self, device: str) -> list[Run]:
        """All runs on a device that are not closed, in the order of their starts."""
        return list(self._by_device.get(device, {}).values())


def _numbers(frames: Iterable[int]) -> tuple[int, ...]:
    """Give a job's frames in ascending order, parts not among them."""
    return tuple(sorted(number for number in frames if not is_part(number)))
