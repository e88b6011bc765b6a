"""A device whose disk is full is waited for: its frames are not to blame, nor is the job."""

from __future__ import annotations

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, FrameState, JobState
from blendtui.farm.state import NoteKind
from tests.support.playbook import Playbook

FULL = Fault.of(FaultKind.DEVICE_DISK_FULL, device="left", detail="shot_0001.png is empty")


def failed(play: Playbook) -> None:
    """Let the only Blender begin a frame, and find no room for it."""
    order = play.orders()[0]
    play.fail(order, FULL)
    play.tell(ev.RunEnded(order.run))


def test_a_frame_may_fail_so_any_number_of_times_and_the_job_is_done_at_last() -> None:
    play = Playbook(DeviceSpec("left"))
    play.add(frames=[1])
    for _ in range(20):
        play.ready(play.starts()[0].run)
        failed(play)
        assert (play.frame(1).state, play.job().state) == (FrameState.WAITING, JobState.ACTIVE)
        play.tell(ev.Tick(), after=60.0)
    play.ready(play.starts()[0].run)
    play.finish(play.orders()[0])
    assert play.job().state is JobState.DONE
    assert play.frame(1).failures == ()


def test_its_blender_is_ended_at_once_and_its_frames_go_to_another_device() -> None:
    play = Playbook(DeviceSpec("left"), DeviceSpec("right"))
    play.tell(ev.DeviceReached("left"))
    play.add(frames=range(1, 5))
    left, right = (one.run for one in play.starts())
    play.ready(left)
    order = play.orders()[0]
    play.ready(right)
    play.fail(order, FULL)
    assert do.StopRun(left, at_once=True) in play.decisions
    play.tell(ev.RunEnded(left))
    assert not [one for one in play.starts() if one.slot.device == "left"]
    assert {one.run for one in play.orders()} <= {right}


def test_a_start_that_finds_no_room_is_tried_again_every_minute_for_ever() -> None:
    play = Playbook(DeviceSpec("left"))
    play.add()
    for _ in range(50):
        play.tell(ev.RunFailed(play.starts()[0].run, FULL))
        assert not play.starts()
        play.tell(ev.Tick(), after=60.0)
    assert play.job().state is JobState.ACTIVE
    assert len(play.starts()) == 1


def stuck(play: Playbook) -> list[Fault | None]:
    """Let a second pass; gives what people are told that the job waits for."""
    play.tell(ev.Tick(), after=1.0)
    return [note.fault for note in play.notes if note.kind is NoteKind.HELD_UP]


def fails_to_start(play: Playbook, device: str) -> None:
    for start in play.starts():
        if start.slot.device == device:
            play.tell(ev.RunFailed(start.run, FULL))


def test_it_is_told_once_that_the_job_waits_until_somebody_makes_room() -> None:
    play = Playbook(DeviceSpec("left"))
    play.add(frames=[1])
    told = []
    for _ in range(20):
        fails_to_start(play, "left")
        told += stuck(play)
        play.tell(ev.Tick(), after=60.0)
    assert told == [FULL]


def test_so_it_is_where_there_is_no_room_for_a_frame() -> None:
    play = Playbook(DeviceSpec("left"))
    play.add(frames=[1])
    told = []
    for _ in range(20):
        play.ready(play.starts()[0].run)
        failed(play)
        told += stuck(play)
        play.tell(ev.Tick(), after=60.0)
    assert told == [FULL]


def test_a_disk_that_is_full_again_later_is_told_again() -> None:
    play = Playbook(DeviceSpec("left"))
    play.add(frames=[1, 2])
    fails_to_start(play, "left")
    assert stuck(play) == [FULL]
    play.tell(ev.Tick(), after=60.0)
    play.ready(play.starts()[0].run)
    first, second = play.orders()
    play.finish(first)
    assert stuck(play) == []
    play.fail(second, FULL)
    play.tell(ev.RunEnded(second.run))
    assert stuck(play) == [FULL]


def test_while_another_device_renders_the_job_it_waits_for_nobody() -> None:
    play = Playbook(DeviceSpec("left"), DeviceSpec("right"))
    play.add(frames=range(1, 10))
    fails_to_start(play, "left")
    assert stuck(play) == []
