"""What can be asked of the farm: written as requests, and the answer told as a notification."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from blendtui.store.views import DeviceWish, JobWish
from blendtui.wording import explain, safe

if TYPE_CHECKING:
    from blendtui.tui.app import ControlCentre

ANSWER_WITHIN = 5.0
"""Seconds in which a running engine answers."""

PATIENCE: dict[str, float] = {"clear-cache": 600.0}
"""The same for what takes longer, on a slow disk for instance."""

LOOK = 0.1
"""Seconds between two looks for the answer."""

JOB_DONE: dict[str, str] = {
    "pause": "gives out no more frames.",
    "resume": "goes on.",
    "cancel": "was cancelled. Its finished frames stay.",
    "retry": "tries its failed frames again.",
    "priority": "has priority {detail} now.",
    "frames": "has the frames {detail} now.",
    "again": "renders {detail} again.",
    "movie": "has its movie made now.",
}
"""What is said when a wish about a job was granted."""

DEVICE_DONE: dict[str, str] = {
    "drain": "finishes the frames that it is at and gets no more.",
    "disable": "is stopped.",
    "enable": "gets work again.",
    "restart": "starts its Blenders anew after their frames.",
    "clear-cache": "has its cache cleared.",
}
"""The same about a device."""


def ask_job(app: ControlCentre, kind: JobWish, job: str, detail: str = "") -> None:
    """Ask for something about a job, and tell the answer when it is there."""
    number = app.feed.views.ask_job(kind, job, detail)
    _await(app, number, job, JOB_DONE[kind].format(detail=detail), ANSWER_WITHIN)


def ask_device(app: ControlCentre, kind: DeviceWish, device: str, detail: str = "") -> None:
    """Ask for something about a device, and tell the answer when it is there."""
    number = app.feed.views.ask_device(kind, device, detail)
    _await(app, number, device, DEVICE_DONE[kind], PATIENCE.get(kind, ANSWER_WITHIN))


def _await(app: ControlCentre, number: int, whom: str, words: str, seconds: float) -> None:
    answer = _answer(app, number, safe(whom, 60), words, seconds)
    app.run_worker(answer, group="answers", exit_on_error=False)


async def _answer(app: ControlCentre, number: int, whom: str, words: str, seconds: float) -> None:
    for _ in range(round(seconds / LOOK)):
        taken, fault = app.feed.views.answer(number)
        if fault is not None:
            said = explain(fault)
            app.notify(f"{said.what}\n{said.cure}".strip(), severity="error", markup=False)
            return
        if taken:
            app.notify(f"{whom} {words}", markup=False)
            return
        await asyncio.sleep(LOOK)
    app.notify(
        "Nobody has answered: no farm runs just now. The request waits for the next start.",
        severity="warning",
        markup=False,
    )
