"""A job whose frames hang on each other has one Blender at a time, which gets them in order."""

from __future__ import annotations

from random import Random

import pytest

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import Attempt, DeviceSpec, FrameState, JobSpec, JobState, Run
from tests.farm.test_walk import FIRST, walk
from tests.support.playbook import LINK_LOST, Playbook
from tests.support.world import World

LEFT, RIGHT = DeviceSpec("left", slots=2), DeviceSpec("right", slots=2, performance=3.0)
KILLED = Fault.of(FaultKind.BLENDER_KILLED, device="right", status=137)


def begun(frames: range = range(1, 11)) -> tuple[Playbook, str]:
    """Two devices and a job; gives the run that has begun."""
    play = Playbook(LEFT, RIGHT)
    play.add(frames=frames, in_order=True)
    (start,) = play.starts()
    play.ready(start.run)
    return play, start.run


def frames(orders: list[do.OrderFrame]) -> list[int]:
    return [order.frame for order in orders]


def stops(play: Playbook) -> list[str]:
    return [one.run for one in play.decisions if isinstance(one, do.StopRun)]


def test_one_slot_of_the_quickest_device_gets_it() -> None:
    play, run = begun()
    assert play.run(run).slot.device == "right"
    assert play.starts() == []
    assert frames(play.orders()) == [1, 2]


def test_the_frames_are_given_out_in_their_order_one_ahead() -> None:
    play, _ = begun(range(1, 101))
    given, orders = [], play.orders()
    while orders:
        order = orders.pop(0)
        given.append(order.frame)
        play.render(order)
        orders += play.orders()
        play.tell(ev.FrameDone(order.run, order.frame, order.number))
        orders += play.orders()
        play.tell(ev.Tick())
        assert play.starts() == []
    assert given == list(range(1, 101))
    assert play.job().state is JobState.DONE


def test_another_one_renders_what_is_missing_when_its_blender_has_died() -> None:
    play, run = begun()
    first, second = play.orders()
    play.finish(first)
    play.tell(ev.FrameStarted(run, second.frame, second.number))
    play.tell(ev.RunEnded(run, KILLED))
    (start,) = play.starts()
    play.ready(start.run)
    assert frames(play.orders()) == [2, 3]


def test_a_device_that_is_lost_for_a_moment_keeps_it() -> None:
    play, run = begun()
    play.tell(ev.DeviceLost("right", LINK_LOST))
    play.tell(ev.Tick(), after=30)
    assert play.starts() == []
    play.tell(ev.DeviceReached("right"))
    assert {one.run for one in play.starts()} == {run}  # to be followed again


def test_a_device_that_is_lost_for_long_loses_it_and_leaves_it_to_the_other_when_it_is_back() -> (
    None
):
    play, run = begun()
    first = play.orders()[0]
    play.finish(first)
    play.tell(ev.DeviceLost("right", LINK_LOST))
    play.tell(ev.Tick(), after=61)
    (start,) = play.starts()
    assert play.scheduler.farm.runs[start.run].slot.device == "left"
    play.ready(start.run)
    orders = play.orders()
    assert frames(orders) == [2, 3]
    play.tell(ev.DeviceReached("right"))
    assert stops(play) == [run]
    play.tell(ev.RunEnded(run))
    play.render(orders[0])
    assert frames(play.orders()) == [4]
    assert play.starts() == []


def test_a_frame_that_failed_waits_for_the_others_and_is_then_tried_on_another_device() -> None:
    play, run = begun(range(1, 5))
    orders = play.orders()
    play.fail(orders.pop(0))
    orders += play.orders()
    left = []
    while orders:
        order = orders.pop(0)
        assert order.run == run
        play.render(order)
        orders += play.orders()
        left += stops(play)
        play.tell(ev.FrameDone(order.run, order.frame, order.number))
    assert left == [run]
    play.tell(ev.RunEnded(run))
    (start,) = play.starts()
    assert play.run(start.run).slot.device == "left"
    play.ready(start.run)
    assert frames(play.orders()) == [1]
    play.finish(play.orders()[0])
    assert play.job().state is JobState.DONE


def test_frames_behind_the_last_one_need_a_blender_that_simulates_up_to_them() -> None:
    play, run = begun()
    play.tell(ev.JobFramesSet("shot", tuple(range(1, 21))))
    assert stops(play) == [run]
    play.tell(ev.RunEnded(run))
    (start,) = play.starts()
    play.ready(start.run)
    assert frames(play.orders()) == [1, 2]


def test_another_job_gets_the_slots_that_it_leaves_free() -> None:
    play = Playbook(LEFT, RIGHT)
    play.add(in_order=True)
    play.add("other")
    assert len(play.starts()) == 3


class Watched(World):
    """Notes what in-order runs are ordered while another one of the job is at work in reach."""

    def tell(self, event: ev.Event) -> None:
        super().tell(event)
        farm = self.scheduler.farm
        at_work = [
            run
            for run in farm.runs_of("first")
            if run.in_hand and run.is_current and farm.devices[run.slot.device].contact
        ]
        fresh = [run for run in at_work if any(one.ordered == self.now for one in _hand(run))]
        if len(at_work) > 1:
            self.doubled += len(fresh) > 1

    doubled = 0


def _hand(run: Run) -> list[Attempt]:
    return [one for one in run.attempts.values() if one.is_in_hand]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_every_frame_is_done_and_never_two_blenders_are_given_frames(
    seed: int,
) -> None:
    chance = Random(seed)
    world = Watched(chance)
    walk(world, chance, JobSpec("first", "a.blend", FIRST, in_order=True))
    own = world.scheduler.farm.frames["first"]
    assert {frame.state for frame in own.values()} == {FrameState.DONE}
    assert all(world.share[("first", number)] >= 1 for number in FIRST)
    assert world.doubled == 0
