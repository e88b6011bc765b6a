"""Users' wishes, written to the store by faces: taken, judged, told to the rules, answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from blendtui.engine.errands import Errands
from blendtui.engine.office import Heard, Office
from blendtui.engine.tasks import end
from blendtui.errors import Failure, unexpected
from blendtui.farm import events as ev
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.frames import parse_frames
from blendtui.farm.model import DeviceMode, FrameState, Job, JobState
from blendtui.farm.state import Farm
from blendtui.store.journal import Journal, Request

log = logging.getLogger(__name__)

EVERY = 0.2
"""Seconds between two looks for users' wishes."""

DEVICE_EVENTS: dict[str, Callable[[str], Event]] = {
    "drain": lambda device: ev.DeviceModeSet(device, DeviceMode.DRAINING),
    "disable": lambda device: ev.DeviceModeSet(device, DeviceMode.OFF),
    "enable": lambda device: ev.DeviceModeSet(device, DeviceMode.ON),
    "restart": ev.DeviceRestart,
}

_SIMPLE: dict[str, Callable[[str], Event]] = {
    "pause": ev.JobPaused,
    "resume": ev.JobResumed,
    "cancel": ev.JobCancelled,
    "retry": ev.JobRetried,
}

_WITH_FRAMES: dict[str, Callable[[str, tuple[int, ...]], Event]] = {
    "frames": ev.JobFramesSet,
    "again": ev.FramesAgain,
}


_Errand = Coroutine[None, None, None]


class Wishes:
    """Takes each wish once, in the order of writing."""

    def __init__(
        self,
        office: Office,
        journal: Journal,
        farm: Farm,
        errands: Errands,
        recall: Callable[[str], Job | None],
    ) -> None:
        self._office = office
        self._journal = journal
        self._farm = farm
        self._errands = errands
        self._recall = recall
        self._taken = 0
        self._unanswered: dict[int, Fault | None] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def keep(self) -> None:
        """Take what comes, until cancelled."""
        try:
            while True:
                for number, fault in list(self._unanswered.items()):
                    self._answer(number, fault)
                for request in self._journal.requests(after=self._taken):
                    self._taken = request.id
                    self._take(request)
                await asyncio.sleep(EVERY)
        finally:
            await end(*self._under_way)

    def _take(self, request: Request) -> None:
        try:
            wanted = self._judge(request)
        except Failure as failure:
            self._answer(request.id, failure.fault)
            return
        if isinstance(wanted, Coroutine):
            task = asyncio.create_task(self._run(request.id, wanted))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        else:
            self._office.tell(Heard(wanted, after=lambda: self._answer(request.id, None)))

    async def _run(self, number: int, errand: _Errand) -> None:
        fault: Fault | None = None
        try:
            await errand
        except Failure as failure:
            fault = failure.fault
        except Exception as error:
            log.exception("request %d failed unexpectedly", number)
            fault = unexpected(error)
        self._answer(number, fault)

    def _answer(self, number: int, fault: Fault | None) -> None:
        """Mark a wish as taken; where the store has no room, that waits."""
        try:
            self._journal.answer(number, self._office.clock.now(), fault)
            self._unanswered.pop(number, None)
        except Failure as failure:
            log.warning("a request cannot be answered yet: %s", failure)
            self._unanswered[number] = fault

    def _judge(self, request: Request) -> Event | _Errand:
        """Give what a wish leads to. Raises Failure: why it is refused."""
        if request.device is not None:
            return self._judge_device(request, request.device)
        job = self._recall(request.job or "")
        if job is None:
            raise Failure.of(FaultKind.JOB_UNKNOWN, job=request.job)
        if request.kind == "priority" and request.detail.isdecimal():
            return ev.JobPrioritized(job.name, int(request.detail))
        if request.kind == "picture":
            return self._errands.make_picture(job.name, _frames(job, request)[0])
        if request.kind == "movie" and job.spec.frames and not job.is_open:
            return self._errands.make_movie(job.name)
        if request.kind in _WITH_FRAMES and job.spec.frames and not _is_cancelled(job):
            return self._with_frames(job, request)
        allowed = _has_more(job) if request.kind == "retry" else job.is_open
        if request.kind not in _SIMPLE or not allowed:
            raise Failure.of(
                FaultKind.REQUEST_REFUSED, request=request.kind, job=job.name, state=job.state
            )
        return _SIMPLE[request.kind](job.name)

    def _with_frames(self, job: Job, request: Request) -> Event:
        frames = _frames(job, request)
        own = self._farm.frames[job.name]
        over = (FrameState.DONE, FrameState.FAILED)
        if request.kind == "again" and not any(
            number in own and own[number].state in over for number in frames
        ):
            raise _refused(job, request, "none of them is done or failed")
        return _WITH_FRAMES[request.kind](job.name, frames)

    def _judge_device(self, request: Request, device: str) -> Event | _Errand:
        if device not in self._farm.devices:
            facts = {"names": ", ".join(self._farm.devices), "file": "devices.toml"}
            raise Failure.of(FaultKind.DEVICE_UNKNOWN, device=device, **facts)
        if request.kind == "clear-cache":
            return self._errands.clear_cache(device)
        if request.kind not in DEVICE_EVENTS:
            raise Failure.of(FaultKind.REQUEST_UNKNOWN, request=request.kind, device=device)
        return DEVICE_EVENTS[request.kind](device)


def _frames(job: Job, request: Request) -> tuple[int, ...]:
    """Read the frames that a wish is about. Raises Failure: FRAMES_REFUSED."""
    try:
        return parse_frames(request.detail)
    except ValueError as error:
        raise _refused(job, request, str(error).partition("; ")[0]) from error


def _refused(job: Job, request: Request, problem: str) -> Failure:
    facts = {"job": job.name, "frames": request.detail, "problem": problem}
    return Failure.of(FaultKind.FRAMES_REFUSED, **facts)


def _is_cancelled(job: Job) -> bool:
    """A cancelled job goes on only when that is what a user asks for."""
    return job.state is JobState.CANCELLED


def _has_more(job: Job) -> bool:
    """Whether there is anything left to render; a job without frames never had."""
    return job.counts.get(FrameState.DONE, 0) < len(job.spec.frames)
