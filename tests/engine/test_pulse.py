"""A Blender that says nothing for minutes is ended, but not while it is queued on a cluster.

Five minutes are too long for a test: they are made short, and a stand-in for the link to the
device knows only whether Blender lives and that it was to be ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blendtui.devices import slot_scripts
from blendtui.devices.link import Output
from blendtui.devices.protocol import BlenderLine, Entry
from blendtui.devices.slot import RunFolder
from blendtui.engine import pulse
from blendtui.engine.follower import Follower
from blendtui.engine.office import Heard, Office
from blendtui.engine.pulse import Followed, Pulse
from blendtui.engine.tasks import end
from blendtui.farm.model import Run, RunState, SlotId
from blendtui.store.journal import Journal
from tests.support.offices import office, places_in

QUEUED = "srun: job 7 queued and waiting for resources"
STARTED = "srun: job 7 has been allocated resources"


class Alive:
    """Stands in for the link to a device on which a Blender lives until it is ended."""

    def __init__(self) -> None:
        self.looks = 0
        self.ended = asyncio.Event()
        self.looked = asyncio.Event()

    async def run(self, script: str, *_: str) -> Output:
        if script == slot_scripts.KILL:
            self.ended.set()
        self.looks += 1
        if self.looks >= 5:
            self.looked.set()
        return Output(0, b"alive\n", b"")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(pulse, "SILENCE", 0.01)
    monkeypatch.setattr(pulse, "STUCK", 0.02)
    places = places_in(tmp_path)
    journal = Journal(places.store)
    heard: list[Heard] = []
    yield office(places, journal, heard)
    journal.close()


async def _look_after(desk: Office, link: Any, awaited: asyncio.Event, *lines: str) -> Follower:
    """Look after a Blender that has said these lines, until something has come of it."""
    run = Run("box.1.1", "shot", SlotId("box", 1), RunState.STARTING, started=0.0)
    follower = Follower(run, desk)
    for number, line in enumerate(lines):
        follower.hear(Entry(number, BlenderLine(line)))
    task = asyncio.create_task(asyncio.sleep(3600))
    followed = {run.id: Followed(follower, task=task)}

    async def append(*_: object) -> None: ...

    keeping = Pulse("box", desk, followed, lambda _: RunFolder("/far", "shot", run.id), append)
    kept = asyncio.create_task(keeping.keep(link))
    async with asyncio.timeout(10):
        await awaited.wait()
    await asyncio.sleep(0)
    await end(kept)
    await end(task)
    return follower


@pytest.mark.parametrize("lines", [(), ("Read prefs",), (QUEUED, STARTED)])
async def test_a_blender_without_a_word_is_ended(desk: Office, lines: tuple[str, ...]) -> None:
    link = Alive()
    follower = await _look_after(desk, link, link.ended, *lines)
    assert follower.is_over


async def test_a_queued_blender_has_all_the_time_that_its_cluster_needs(desk: Office) -> None:
    link = Alive()
    follower = await _look_after(desk, link, link.looked, QUEUED)
    assert not link.ended.is_set()
    assert not follower.is_over
