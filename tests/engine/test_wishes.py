"""Users' wishes: what each one leads to, and what is said of one that can't be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from blendtui.engine.errands import Errands
from blendtui.engine.office import Heard
from blendtui.engine.tasks import end
from blendtui.engine.wishes import Wishes
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceMode, DeviceSpec, JobSpec, OutputFile
from blendtui.store.views import DeviceWish, JobWish, Views
from blendtui.wording import explain
from tests.support.offices import office, places_in
from tests.support.stores import StoreStory

FILES = (OutputFile("shot_0001.png", 10, "0" * 64),)


class Errand(Errands):
    """Runs errands that only say that they were run, or fail."""

    def __init__(self) -> None:
        self.run: list[tuple[str, ...]] = []
        self.error: Exception | None = None

    async def clear_cache(self, device: str) -> None:
        self.run.append((device,))
        if self.error is not None:
            raise self.error

    async def make_picture(self, job: str, frame: int) -> None:
        self.run.append((job, str(frame)))


class Counter:
    """A face's wishes on one side, what the engine hears of them on the other."""

    def __init__(self, folder: Path) -> None:
        places = places_in(folder)
        self.story = StoreStory(places.store)
        self.views = Views(places.store)
        self.heard: list[Heard] = []
        self.errand = Errand()
        farm = self.story.scheduler.farm
        self.wishes = Wishes(
            office(places, self.story.journal, self.heard),
            self.story.journal,
            farm,
            self.errand,
            farm.jobs.get,
        )

    async def ask_job(self, kind: JobWish, job: str, detail: str = "") -> object:
        return await self.answer(self.views.ask_job(kind, job, detail))

    async def ask_device(self, kind: DeviceWish, device: str) -> object:
        return await self.answer(self.views.ask_device(kind, device))

    async def answer(self, number: int) -> object:
        """Give the event that a wish became, or the fault, or None for an errand that was run."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.heard:
                heard = self.heard.pop()
                assert heard.after is not None
                heard.after()
                assert self.views.answer(number) == (True, None)
                return heard.event
            taken, fault = self.views.answer(number)
            if taken:
                return fault
            await asyncio.sleep(0.01)
        raise AssertionError("no answer")


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    made = Counter(tmp_path)
    made.story.tell(
        ev.DevicesSet((DeviceSpec("left"),)),
        ev.DeviceReached("left"),
        ev.JobAdded(JobSpec("shot", "a.blend", (1, 2, 3))),
        ev.RunReady("left.1.1", "3.4.1"),
        ev.FrameStarted("left.1.1", 1, 1),
        ev.FrameRendered("left.1.1", 1, 1, 0.5, FILES),
        ev.FrameDone("left.1.1", 1, 1),
        ev.JobAdded(JobSpec("empty", "b.blend", ()), fault=Fault.of(FaultKind.NO_CAMERA)),
        ev.JobAdded(JobSpec("gone", "c.blend", (1,))),
        ev.JobCancelled("gone"),
    )
    task = asyncio.create_task(made.wishes.keep())
    yield made
    await end(task)
    made.views.close()
    made.story.journal.close()


async def test_each_wish_becomes_its_event(counter: Counter) -> None:
    assert await counter.ask_job("pause", "shot") == ev.JobPaused("shot")
    assert await counter.ask_job("priority", "shot", "80") == ev.JobPrioritized("shot", 80)
    assert await counter.ask_job("frames", "shot", "1-9x4") == ev.JobFramesSet("shot", (1, 5, 9))
    assert await counter.ask_job("again", "shot", "1-2") == ev.FramesAgain("shot", (1, 2))
    below = tuple(range(-3, 3))
    assert await counter.ask_job("frames", "shot", "-3-2") == ev.JobFramesSet("shot", below)
    assert await counter.ask_device("restart", "left") == ev.DeviceRestart("left")
    modes = {"drain": DeviceMode.DRAINING, "disable": DeviceMode.OFF, "enable": DeviceMode.ON}
    for kind, mode in modes.items():
        wish: DeviceWish = kind  # type: ignore[assignment]
        assert await counter.ask_device(wish, "left") == ev.DeviceModeSet("left", mode)


@pytest.mark.parametrize(
    ("kind", "detail", "problem"),
    [
        ("frames", "", "no frames are named"),
        ("frames", "9-1", "runs backwards"),
        ("frames", "x" * 9999, "not understood"),
        ("frames", "0-1048574,0-1048574", "more than 200,000 frames"),
        ("again", "2", "none of them is done or failed"),
        ("again", "77", "none of them is done or failed"),
    ],
)
async def test_frames_that_do_not_do_are_refused_with_the_reason(
    counter: Counter, kind: JobWish, detail: str, problem: str
) -> None:
    fault = await counter.ask_job(kind, "shot", detail)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.FRAMES_REFUSED
    assert problem in explain(fault).what


@pytest.mark.parametrize("job", ["gone", "empty"])
@pytest.mark.parametrize("kind", ["frames", "again"])
async def test_a_job_that_was_cancelled_or_never_began_keeps_its_frames(
    counter: Counter, kind: JobWish, job: str
) -> None:
    fault = await counter.ask_job(kind, job, "1")
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.REQUEST_REFUSED


async def test_errands_are_run_and_answered(counter: Counter) -> None:
    assert await counter.ask_device("clear-cache", "left") is None
    for frame in ("7", "-7"):
        assert await counter.answer(counter.views.ask_job("picture", "shot", frame)) is None
    assert counter.errand.run == [("left",), ("shot", "7"), ("shot", "-7")]


async def test_an_errand_that_fails_is_answered_with_the_reason(counter: Counter) -> None:
    lost = Fault.of(FaultKind.LINK_LOST, device="left")
    counter.errand.error = Failure(lost)
    assert await counter.ask_device("clear-cache", "left") == lost
    counter.errand.error = ZeroDivisionError("oh")
    fault = await counter.ask_device("clear-cache", "left")
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.UNEXPECTED


async def test_whom_nobody_knows_is_said(counter: Counter) -> None:
    for answer in (
        await counter.ask_device("restart", "middle"),
        await counter.ask_device("clear-cache", "middle"),
    ):
        assert isinstance(answer, Fault)
        assert answer.kind is FaultKind.DEVICE_UNKNOWN
    answer = await counter.ask_job("frames", "nothing", "1")
    assert isinstance(answer, Fault)
    assert answer.kind is FaultKind.JOB_UNKNOWN


async def test_what_only_another_version_knows_is_answered_and_the_next_wish_is_taken(
    counter: Counter,
) -> None:
    answer = await counter.ask_device(cast("DeviceWish", "defrost"), "left")
    assert isinstance(answer, Fault)
    assert answer.kind is FaultKind.REQUEST_UNKNOWN
    assert "“defrost” left" in explain(answer).what
    assert await counter.ask_device("restart", "left") == ev.DeviceRestart("left")
