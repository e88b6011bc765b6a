"""Users' wishes, written to the store by faces: taken, judged, told to the rules, answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from blendtui.engine.office import Heard, Office
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceMode, FrameState, Job
from blendtui.farm.state import Farm
from blendtui.journal import Journal, Request

log = logging.getLogger(__name__)

EVERY = 0.2
"""Seconds between two looks for users' wishes."""

_MODES = {
    "drain": DeviceMode.DRAINING,
    "disable": DeviceMode.OFF,
    "enable": DeviceMode.ON,
}

_SIMPLE: dict[str, Callable[[str], Event]] = {
    "pause": ev.JobPaused,
    "resume": ev.JobResumed,
    "cancel": ev.JobCancelled,
    "retry": ev.JobRetried,
}


class Wishes:
    """Takes each wish once, in the order of writing."""

    def __init__(self, office: Office, journal: Journal, farm: Farm) -> None:
        self._office = office
        self._journal = journal
        self._farm = farm
        self._taken = 0
        self._unanswered: dict[int, Fault | None] = {}

    async def keep(self) -> None:
        """Take what comes, until cancelled."""
        while True:
            for number, fault in list(self._unanswered.items()):
                self._answer(number, fault)
            for request in self._journal.requests(after=self._taken):
                self._taken = request.id
                self._take(request)
            await asyncio.sleep(EVERY)

    def _take(self, request: Request) -> None:
        event, fault = self._judge(request)
        if event is None:
            self._answer(request.id, fault)
        else:
            self._office.tell(Heard(event, after=lambda: self._answer(request.id, None)))

    def _answer(self, number: int, fault: Fault | None) -> None:
        """Mark a wish as taken; where the store has no room, that waits."""
        try:
            self._journal.answer(number, self._office.clock.now(), fault)
            self._unanswered.pop(number, None)
        except Failure as failure:
            log.warning("a request cannot be answered yet: %s", failure)
            self._unanswered[number] = fault

    def _judge(self, request: Request) -> tuple[Event | None, Fault | None]:
        if request.device is not None:
            return self._judge_device(request, request.device)
        job = self._farm.jobs.get(request.job or "")
        if job is None:
            return None, Fault.of(FaultKind.JOB_UNKNOWN, job=request.job)
        if request.kind == "priority" and request.detail.isdecimal():
            return ev.JobPrioritized(job.name, int(request.detail)), None
        allowed = _has_more(job) if request.kind == "retry" else job.is_open
        if request.kind not in _SIMPLE or not allowed:
            return None, Fault.of(
                FaultKind.REQUEST_REFUSED, request=request.kind, job=job.name, state=job.state
            )
        return _SIMPLE[request.kind](job.name), None

    def _judge_device(self, request: Request, device: str) -> tuple[Event | None, Fault | None]:
        if device not in self._farm.devices:
            facts = {"names": ", ".join(self._farm.devices), "file": "devices.toml"}
            return None, Fault.of(FaultKind.DEVICE_UNKNOWN, device=device, **facts)
        return ev.DeviceModeSet(device, _MODES[request.kind]), None


def _has_more(job: Job) -> bool:
    """Whether there is anything left to render; a job without frames never had."""
    return job.counts.get(FrameState.DONE, 0) < len(job.spec.frames)
