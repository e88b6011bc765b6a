"""A device works in its hours only, and finishes what it is at when they end."""

from __future__ import annotations

from dataclasses import replace

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.model import DeviceSpec, FrameState, SlotId
from tests.support.playbook import FILES, Playbook

SLOW = DeviceSpec("slow")


def test_outside_its_hours_a_device_gets_nothing_and_nobody_calls_that_stuck() -> None:
    play = Playbook(replace(SLOW, resting=True))
    play.add()
    assert play.starts() == []
    play.tell(ev.Tick(), after=100)
    assert not play.job().is_stuck
    assert play.notes == ()


def test_when_they_begin_it_works() -> None:
    play = Playbook(replace(SLOW, resting=True))
    play.add()
    play.tell(ev.DeviceHours("slow", resting=False))
    assert [start.slot for start in play.starts()] == [SlotId("slow", 1)]


def test_when_they_end_it_finishes_its_frame_and_stops() -> None:
    play = Playbook(SLOW)
    play.add()
    run = play.starts()[0].run
    play.ready(run)
    play.tell(ev.FrameStarted(run, 1, 1))
    play.tell(ev.DeviceHours("slow", resting=True))
    assert list(play.decisions) == [do.DropFrame(run, 2, 1)]
    play.tell(ev.FrameRendered(run, 1, 1, 5.0, FILES))
    assert do.StopRun(run) in play.decisions
    assert play.frame(2).state is FrameState.WAITING


def test_a_new_devices_toml_keeps_what_is_known_of_the_device() -> None:
    play = Playbook(SLOW)
    play.tell(ev.DeviceHours("slow", resting=True))
    play.tell(ev.DeviceHours("slow", resting=True))
    assert play.notes == ()
    play.tell(ev.DevicesSet((SLOW,)))
    play.add()
    assert len(play.starts()) == 1
