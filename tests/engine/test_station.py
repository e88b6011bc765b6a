"""A device's station: what it does on a device that isn't ready, or no longer there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from blendtui.devices import slot
from blendtui.devices.connection import connect
from blendtui.devices.protocol import BlenderLine, Entry, Started
from blendtui.devices.slot import Life, RunFolder, RunSettings
from blendtui.engine import follower
from blendtui.engine.follower import Follower
from blendtui.engine.office import Heard
from blendtui.engine.station import Station
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.decisions import DropFrame, StartRun
from blendtui.farm.faults import FaultKind
from blendtui.farm.frame_rules import LOG_AT_MOST
from blendtui.farm.model import Attempt, AttemptState, Run, RunState, SlotId
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

TALKER = """#!/bin/sh
case "$*" in
    *settings.json*) while echo and so on; do :; done ;;
    *) echo Blender 3.4.1 ;;
esac
"""
"""A stand-in for a Blender that prints on and on."""


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


async def test_a_blender_that_prints_without_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "LOG_AT_MOST", 100_000)
    heard: list[Heard] = []
    places = places_in(tmp_path)
    talker = tmp_path / "blender"
    talker.write_text(TALKER)
    talker.chmod(0o755)
    with Sshd(tmp_path / "box") as box, StoreStory(places.store) as story:
        places.known_hosts.write_text(box.known_hosts_line())
        changes = {"work_dir": str(tmp_path / "work"), "blender": (str(talker),)}
        device = msgspec.structs.replace(box.device(), **changes)
        folder = RunFolder(device.work_dir, "shot.", "run")
        link = await connect(device, box.known_hosts)
        await slot.prepare(link, folder, RunSettings())
        await slot.launch(link, folder, device, False)
        own = office(places, story.journal, heard)
        own.jobs_on = lambda _: {"shot"}
        station = Station(device, own)
        station.open()
        try:
            await until(lambda: ev.DeviceReached("box") in [one.event for one in heard])
            run = Run("run", "shot", SlotId("box", 1), RunState.STARTING, 0.0)
            await station.perform(StartRun("run", "shot", run.slot), run)
            await until(lambda: isinstance(heard[-1].event, ev.RunEnded))
            assert await slot.state(link, folder) is Life.DEAD
        finally:
            await slot.kill(link, folder)
            await station.close()
            await link.close()
    (end,) = [one.event for one in heard if isinstance(one.event, ev.RunEnded)]
    assert end.fault is not None
    assert end.fault.kind is FaultKind.BLENDER_WORDY
    assert "and so on" in explain(end.fault).what


def test_a_log_is_too_long_only_by_what_is_printed_at_one_frame(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    with StoreStory(places.store) as story:
        run = Run("run", "shot", SlotId("box", 1), RunState.READY, 0.0)
        run.attempts = {
            ("shot", frame, 1): Attempt(
                "shot", frame, 1, "run", run.slot, AttemptState.ORDERED, ordered=0.0
            )
            for frame in range(1, 6)
        }
        following = Follower(run, office(places, story.journal, []))
        most, read = LOG_AT_MOST, 0
        for frame in range(1, 6):
            read += most
            following.hear(Entry(read, BlenderLine("much")))
            assert following.excess is None
            following.hear(Entry(read, Started(frame, 1, 0.0)))
        following.hear(Entry(read + most + 1, BlenderLine("too much")))
        assert following.excess is not None
