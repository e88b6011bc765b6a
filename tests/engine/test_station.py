"""A device's station: what it does on a device that isn't ready, or no longer there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from blendtui.engine.office import Heard
from blendtui.engine.station import Station
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.decisions import DropFrame
from blendtui.farm.faults import FaultKind
from blendtui.farm.model import Run, RunState, SlotId
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support.offices import office, places_in
from tests.support.sshd import Sshd, needs_sshd
from tests.support.stores import StoreStory

pytestmark = needs_sshd

SLOW = """
ForceCommand touch {0}/asked; until [ -e {0}/go ]; do sleep 0.02; done; eval "$SSH_ORIGINAL_COMMAND"
"""
"""A device that answers no command before somebody lets it."""


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not check():  # noqa: ASYNC110 - neither files nor the office's list tell anybody
            await asyncio.sleep(0.01)


def test_nothing_is_done_on_a_device_before_it_is_ready(tmp_path: Path) -> None:
    heard: list[Heard] = []
    places = places_in(tmp_path)
    with (
        Sshd(tmp_path / "box", config=SLOW.format(tmp_path)) as box,
        StoreStory(places.store) as story,
    ):
        places.known_hosts.write_text(box.known_hosts_line())
        station = Station(box.device(), office(places, story.journal, heard))
        asyncio.run(_ask_too_early(station, tmp_path, heard))


async def _ask_too_early(station: Station, folder: Path, heard: list[Heard]) -> None:
    run = Run("run", "shot", SlotId("box", 1), RunState.READY, 0.0)
    station.open()
    try:
        await until((folder / "asked").exists)
        with pytest.raises(Failure) as caught:
            await station.perform(DropFrame("run", 1, 1), run)
        assert caught.value.fault.kind is FaultKind.LINK_LOST
        (folder / "go").touch()
        await until(lambda: ev.DeviceReached("box") in [one.event for one in heard])
    finally:
        await station.close()


def test_a_device_that_the_user_edits_is_not_said_to_be_lost(tmp_path: Path) -> None:
    heard: list[Heard] = []
    places = places_in(tmp_path)
    with Sshd(tmp_path / "box") as box, StoreStory(places.store) as story:
        places.known_hosts.write_text(box.known_hosts_line())
        device = box.device()
        station = Station(device, office(places, story.journal, heard))
        edited = msgspec.structs.replace(device, env={"SCENE_CACHE": "/var/tmp"})
        asyncio.run(_edit(station, edited, heard))
    lost = [one.event for one in heard if isinstance(one.event, ev.DeviceLost)]
    assert [one.fault.kind for one in lost] == [FaultKind.DEVICE_CHANGED]
    assert explain(lost[0].fault).what == "box: it is reached anew, as devices.toml says now."


async def _edit(station: Station, edited: DeviceSettings, heard: list[Heard]) -> None:
    def times_reached() -> int:
        return [one.event for one in heard].count(ev.DeviceReached("box"))

    station.open()
    try:
        await until(times_reached)
        await station.change(edited)
        await until(lambda: times_reached() == 2)
    finally:
        await station.close()
