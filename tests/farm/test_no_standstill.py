"""As long as frames wait and slots are free, somebody renders: slots never leave all to others."""

from __future__ import annotations

import pytest

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.model import (
    Attempt,
    AttemptState,
    DeviceSpec,
    Frame,
    FrameState,
    Job,
    JobSpec,
    OutputFile,
    SlotId,
)
from blendtui.farm.scheduler import Scheduler
from tests.support.playbook import LINK_LOST, Playbook

FILES = (OutputFile("a.png", 1, "0" * 64),)
NUMBERS = range(1, 101)


def resumed(slots: int, waiting: list[int], dear: float) -> Scheduler:
    """A job of which few frames are left, the first of them dearer than those like it."""
    spec = JobSpec("shot", "a.blend", tuple(NUMBERS))
    job = Job(spec, 1, added=0.0, priority=50, proven=True)
    frames = [
        Frame("shot", number, FrameState.WAITING if number in waiting else FrameState.DONE, 1)
        for number in NUMBERS
    ]
    learned = []
    for number in set(NUMBERS) - set(waiting):
        seconds = dear if number < 50 else 10.0
        slot = SlotId(f"dev{number % slots}", 1)
        state = AttemptState.DONE
        learned.append(Attempt("shot", number, 1, "r", slot, state, 0.0, 0.0, 1.0, seconds, FILES))
    scheduler = Scheduler()
    specs = tuple(DeviceSpec(f"dev{number}") for number in range(slots))
    scheduler.handle(ev.DevicesSet(specs), 1.0)
    scheduler.restore([(job, frames)], (), (), (), learned=learned)
    return scheduler


def test_a_lost_devices_pictures_are_rendered_anew_by_the_only_device_that_is_there() -> None:
    """Also if a Blender that waits for work is lost as well: it's no slot that could be used."""
    play = Playbook(DeviceSpec("left"), DeviceSpec("right"), DeviceSpec("spare"))
    play.tell(ev.DeviceLost("spare", LINK_LOST))
    play.add(frames=range(1, 4))
    (_, right), orders = (one.run for one in play.starts()), []
    for run in ("left.1.1", right):
        play.ready(run)
        orders += play.orders()
    for order in orders:
        play.render(order) if order.run != right else play.finish(order)
    play.tell(ev.RunEnded("left.1.1"))
    for device in ("left", "right"):
        play.tell(ev.DeviceLost(device, LINK_LOST))
    play.tell(ev.DeviceReached("spare"))
    play.tell(ev.Tick(), after=100.0)
    assert [one.slot.device for one in play.starts()] == ["spare"]


@pytest.mark.parametrize("slots", [2, 4, 8])
@pytest.mark.parametrize("dear", [10.4, 10.8, 11.2, 11.6, 12.0, 12.4, 12.8])
@pytest.mark.parametrize("waiting", [[20, 80], [20, 21, 80, 81], [20, 70, 75, 80, 85, 90]])
def test_equal_slots_do_not_leave_a_dear_frame_to_each_other(
    slots: int, dear: float, waiting: list[int]
) -> None:
    scheduler, now = resumed(slots, waiting, dear), 2.0
    ordered: set[int] = set()
    events: list[ev.Event] = [ev.DeviceReached(f"dev{number}") for number in range(slots)]
    for _ in range(200):
        now += 1
        step = scheduler.handle(events.pop(0) if events else ev.Tick(), now)
        for one in step.decisions:
            match one:
                case do.StartRun():
                    events.append(ev.RunReady(one.run, "3.4.1"))
                case do.OrderFrame(run=run, frame=frame, number=number):
                    ordered.add(frame)
                    events.append(ev.FrameRendered(run, frame, number, 0.0, FILES))
                case do.CollectFrame(run=run, frame=frame, number=number):
                    events.append(ev.FrameDone(run, frame, number))
                case do.StopRun():
                    events.append(ev.RunEnded(one.run))
    assert ordered == set(waiting)
