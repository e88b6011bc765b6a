"""How frames are given out: one sentence of the rules a test."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import (
    DeviceMode,
    DeviceSpec,
    FrameState,
    Policy,
    RunState,
    Sharing,
    SlotId,
)
from blendtui.farm.state import NoteKind
from tests.support.playbook import FILES, Playbook

SLOW, FAST = DeviceSpec("slow"), DeviceSpec("fast")


class Farm(Playbook):
    """A playbook whose slots render by themselves, each frame in its slot's time."""

    def __init__(self, *devices: DeviceSpec, **seconds: float) -> None:
        super().__init__(*devices)
        self.seconds = seconds
        self.hands: dict[str, list[do.OrderFrame]] = {}
        self.ends: dict[str, float] = {}
        self.rendered: list[do.OrderFrame] = []
        self.dropped: list[do.DropFrame] = []
        self.seen: list[do.Decision] = []
        self.holding: set[str] = set()
        self.costs: dict[int, float] = {}
        self.told: list[NoteKind] = []

    def say(self, event: ev.Event) -> None:
        self.tell(event)
        self.told += [note.kind for note in self.notes]
        self.obey()

    def obey(self) -> None:
        """Do what was decided last."""
        for one in self.decisions:
            self.seen.append(one)
            if isinstance(one, do.OrderFrame):
                self.hands.setdefault(one.run, []).append(one)
        for one in list(self.decisions):
            if isinstance(one, do.StartRun) and one.run not in self.hands:
                self.hands[one.run] = []
                if one.slot.device not in self.holding:
                    self.say(ev.RunReady(one.run, "4.2.0"))
            elif isinstance(one, do.DropFrame):
                self._drop(one)
            elif isinstance(one, do.CollectFrame):
                self.say(ev.FrameDone(one.run, one.frame, one.number))
        for run in list(self.hands):
            self._begin(run)

    def _drop(self, one: do.DropFrame) -> None:
        self.dropped.append(one)
        order = do.OrderFrame(one.run, one.frame, one.number)
        if order in self.hands[one.run][1 if one.run in self.ends else 0 :]:
            self.hands[one.run].remove(order)
            self.say(ev.FrameDropped(one.run, one.frame, one.number))

    def _begin(self, run: str) -> None:
        if run not in self.ends and self.hands[run]:
            order = self.hands[run][0]
            self.ends[run] = self.now + self._time(order)
            self.say(ev.FrameStarted(run, order.frame, order.number))

    def _time(self, order: do.OrderFrame) -> float:
        return self.seconds[order.run.split(".")[0]] * self.costs.get(order.frame, 1.0)

    def step(self) -> do.OrderFrame:
        """Let time pass until the next frame is rendered."""
        run = min(self.ends, key=lambda one: (self.ends[one], one))
        while self.now + 1.0 < self.ends[run]:
            self.now += 1.0
            self.say(ev.Tick())
        self.now = self.ends.pop(run)
        order = self.hands[run].pop(0)
        self.rendered.append(order)
        seconds = self._time(order)
        self.say(ev.FrameRendered(run, order.frame, order.number, seconds, FILES))
        return order

    def finish_all(self, name: str = "shot") -> float:
        """Let the job end; gives the seconds that it took."""
        begun = self.now
        while self.job(name).is_open:
            self.step()
        return self.now - begun

    def start(self, name: str = "shot", frames: int = 10, **more: object) -> None:
        self.add(name, range(1, frames + 1), **more)
        self.obey()

    def share(self, device: str) -> int:
        return sum(order.run.startswith(device) for order in self.rendered)


class TestLearning:
    @pytest.mark.parametrize("weights", [(1.0, 1.0), (4.0, 1.0), (1.0, 4.0)])
    def test_performance_is_only_the_first_guess(self, weights: tuple[float, float]) -> None:
        slow, fast = replace(SLOW, performance=weights[0]), replace(FAST, performance=weights[1])
        farm = Farm(slow, fast, slow=40.0, fast=10.0)
        farm.start(frames=50)
        assert farm.finish_all() <= 410.0

    def test_a_device_that_slows_down_gets_less_from_then_on(self) -> None:
        farm = Farm(SLOW, FAST, slow=10.0, fast=10.0)
        farm.start(frames=60)
        for _ in range(20):
            farm.step()
        farm.seconds["slow"] = 100.0
        assert farm.finish_all() <= 400.0

    def test_neighboring_frames_cost_alike(self) -> None:
        farm = Farm(FAST, fast=10.0)
        farm.start(frames=5)
        farm.step()
        desk = farm.scheduler.farm.desks["shot"]
        assert desk.pool.cost(desk.place(5)) == pytest.approx(10.0, rel=0.1)

    def test_dear_frames_are_given_out_before_cheap_ones(self) -> None:
        farm = Farm(FAST, fast=1.0)
        farm.costs = {frame: 50.0 if frame > 50 else 1.0 for frame in range(1, 101)}
        farm.start(frames=100)
        farm.finish_all()
        assert all(order.frame <= 50 for order in farm.rendered[-20:])


class TestOneAhead:
    def test_each_slot_has_one_frame_ahead(self) -> None:
        farm = Farm(SLOW, FAST, slow=10.0, fast=10.0)
        farm.start(frames=20)
        assert [len(hand) for hand in farm.hands.values()] == [2, 2]

    def test_a_waiting_frame_is_taken_back_when_another_slot_would_finish_it_earlier(self) -> None:
        farm = Farm(SLOW, FAST, slow=100.0, fast=10.0)
        farm.start(frames=4)
        farm.finish_all()
        assert any(one.run.startswith("slow") for one in farm.dropped)
        assert farm.share("slow") <= 1

    def test_the_started_line_settles_who_was_first(self) -> None:
        play = Playbook(SLOW, FAST)
        play.add(frames=[1, 2, 3])
        slow, fast = (start.run for start in play.starts())
        play.ready(slow)
        play.tell(ev.FrameStarted(slow, 1, 1))
        play.ready(fast)
        play.tell(ev.FrameStarted(fast, 3, 1))
        taken = play.tell(ev.FrameRendered(fast, 3, 1, 5.0, FILES), after=5.0)
        assert do.DropFrame(slow, 2, 1) in taken
        assert do.OrderFrame(fast, 2, 2) in taken
        assert do.DropFrame(fast, 2, 2) in play.tell(ev.FrameStarted(slow, 2, 1))

    def test_a_frame_that_was_taken_back_is_rendered_once(self) -> None:
        farm = Farm(SLOW, FAST, slow=100.0, fast=10.0)
        farm.start(frames=4)
        farm.finish_all()
        collected = [one.frame for one in farm.seen if isinstance(one, do.CollectFrame)]
        assert sorted(collected) == [1, 2, 3, 4]


class TestTail:
    def test_a_slow_slot_is_not_given_a_last_frame_that_a_fast_one_finishes_earlier(self) -> None:
        farm = Farm(SLOW, FAST, slow=90.0, fast=10.0)
        farm.start(frames=21)
        farm.finish_all()
        assert farm.share("slow") <= 2
        assert farm.now - 1000.0 <= 200.0

    def test_an_idle_slot_starts_a_second_copy_that_is_expected_to_win(self) -> None:
        farm = Farm(SLOW, FAST, slow=1000.0, fast=10.0)
        farm.start(frames=5)
        assert farm.finish_all() <= 60.0
        assert farm.job().counts[FrameState.DONE] == 5

    def test_no_second_copy_is_started_that_would_come_too_late(self) -> None:
        farm = Farm(SLOW, FAST, slow=10.0, fast=10.0)
        farm.start(frames=3)
        farm.finish_all()
        assert len(farm.rendered) == 3

    def test_the_loser_of_two_copies_is_ended_with_its_job(self) -> None:
        farm = Farm(SLOW, FAST, slow=1000.0, fast=10.0)
        farm.start(frames=5)
        farm.finish_all()
        slow = next(run for run in farm.hands if run.startswith("slow"))
        assert do.StopRun(slow, at_once=True) in farm.seen

    def test_a_start_that_costs_more_than_it_brings_is_left_out(self) -> None:
        farm = Farm(SLOW, FAST, slow=10.0, fast=10.0)
        farm.holding.add("slow")
        farm.start("first", frames=40)
        while farm.now < 1100.0:
            farm.step()
        slow = next(run for run in farm.hands if run.startswith("slow"))
        farm.say(ev.RunReady(slow, "4.2.0"))
        farm.finish_all("first")
        for run in list(farm.hands):
            farm.say(ev.RunEnded(run))
            del farm.hands[run]
        farm.start("second", frames=3)
        assert [run.split(".")[0] for run in farm.hands] == ["fast"]


class TestSeveralJobs:
    def test_equal_priorities_share_fairly_where_the_user_wants_it(self) -> None:
        play = Playbook(DeviceSpec("one", slots=4))
        play.tell(ev.PolicySet(Policy(share=Sharing.FAIR)))
        play.add("first", frames=range(40))
        runs = [start.run for start in play.starts()]
        for run in runs:
            play.ready(run)
        play.add("second", frames=range(40))
        stops = [one for one in play.decisions if isinstance(one, do.StopRun)]
        assert len(stops) == 2

    def test_a_warm_slot_goes_on_with_its_job(self) -> None:
        play = Playbook(DeviceSpec("one", slots=2))
        play.tell(ev.PolicySet(Policy(share=Sharing.FAIR)))
        play.add("first", frames=range(10))
        play.add("second", frames=range(10))
        for run in list(play.scheduler.farm.runs):
            play.ready(run)
        assert not any(isinstance(one, do.StopRun) for one in play.decisions)

    def test_a_later_job_gets_the_slots_that_the_first_one_has_no_use_for(self) -> None:
        play = Playbook(SLOW, FAST)
        play.add("first", frames=[1])
        play.add("second", frames=[1])
        assert [start.job for start in play.starts()] == ["second"]

    @pytest.mark.parametrize(("wanted", "chosen"), [("4.2", ["new"]), ("3.6", ["old"]), ("5", [])])
    def test_blender_versions_decide_who_may_render(self, wanted: str, chosen: list[str]) -> None:
        play = Playbook(DeviceSpec("old"), DeviceSpec("new"))
        for device, version in (("old", "3.6.2"), ("new", "4.2.1")):
            play.scheduler.farm.devices[device].blenders = frozenset({version})
        play.add(blender=wanted)
        assert [start.slot.device for start in play.starts()] == chosen

    @pytest.mark.parametrize(("named", "chosen"), [({"new"}, ["new"]), ({"none"}, [])])
    def test_a_job_names_the_devices_that_may_render(
        self, named: set[str], chosen: list[str]
    ) -> None:
        play = Playbook(DeviceSpec("old"), DeviceSpec("new"))
        play.add(devices=frozenset(named))
        assert [start.slot.device for start in play.starts()] == chosen
        play.tell(ev.Tick())
        reasons = [note.fault.fact("reason") for note in play.notes if note.fault]
        assert reasons == ([] if chosen else ["there is no device named none"])

    def test_a_device_whose_blender_turns_out_to_be_another_leaves_the_job(self) -> None:
        play = Playbook(DeviceSpec("old"))
        play.add(blender="4.2")
        run = play.starts()[0].run
        play.tell(ev.RunReady(run, "3.6.2"))
        assert play.decisions == (do.StopRun(run),)
        play.tell(ev.RunEnded(run))
        assert play.starts() == []

    def test_a_drained_device_finishes_its_frame_and_stops(self) -> None:
        play = Playbook(SLOW)
        play.add()
        run = play.starts()[0].run
        play.ready(run)
        play.tell(ev.FrameStarted(run, 1, 1))
        play.tell(ev.DeviceModeSet("slow", DeviceMode.DRAINING))
        assert list(play.decisions) == [do.DropFrame(run, 2, 1)]
        play.tell(ev.FrameRendered(run, 1, 1, 5.0, FILES))
        assert do.StopRun(run) in play.decisions
        assert play.frame(2).state is FrameState.WAITING

    def test_a_device_that_is_switched_off_stops_at_once_and_on_again_it_works(self) -> None:
        play = Playbook(SLOW)
        play.add()
        run = play.starts()[0].run
        play.ready(run)
        play.tell(ev.FrameStarted(run, 1, 1))
        play.tell(ev.DeviceModeSet("slow", DeviceMode.OFF))
        assert do.StopRun(run, at_once=True) in play.decisions
        play.tell(ev.RunEnded(run))
        assert play.starts() == []
        play.tell(ev.DeviceModeSet("slow", DeviceMode.ON))
        assert [start.slot for start in play.starts()] == [SlotId("slow", 1)]


class TestRestarting:
    def test_a_blender_whose_memory_has_grown_is_restarted_between_two_frames(self) -> None:
        play = Playbook(replace(SLOW, memory_limit=1000))
        play.add()
        run = play.starts()[0].run
        play.ready(run)
        play.tell(ev.FrameStarted(run, 1, 1))
        play.tell(ev.FrameRendered(run, 1, 1, 5.0, FILES, memory=1001))
        assert do.StopRun(run) in play.decisions
        play.tell(ev.FrameDone(run, 1, 1))
        play.tell(ev.RunEnded(run))
        assert [start.job for start in play.starts()] == ["shot"]

    def test_a_blender_is_restarted_after_a_set_number_of_frames(self) -> None:
        farm = Farm(replace(SLOW, restart_after=3), slow=1.0)
        farm.start()
        for _ in range(3):
            farm.step()
        assert farm.run("slow.1.1").state is RunState.STOPPING


class TestBlaming:
    def test_a_device_on_which_frames_fail_that_others_render_is_set_aside(self) -> None:
        play = Playbook(SLOW, FAST)
        play.add(frames=range(1, 31))
        orders: list[do.OrderFrame] = []
        for start in play.starts():
            play.ready(start.run)
            orders += play.orders()
        play.finish(next(one for one in orders if one.run.startswith("fast")))
        fault = Fault.of(FaultKind.GPU_ERROR, detail="out of memory")
        failed = [one for one in orders if one.run.startswith("slow")]
        for number in range(3):
            play.fail(failed[number], fault)
            failed += [one for one in play.orders() if one.run.startswith("slow")]
        assert play.scheduler.farm.devices["slow"].set_aside == {"shot": fault}
        assert NoteKind.SET_ASIDE in [note.kind for note in play.notes]
        assert not any(frame.failures for frame in play.scheduler.farm.frames["shot"].values())

    def test_a_device_is_not_blamed_before_another_one_has_rendered_a_frame(self) -> None:
        play = Playbook(SLOW)
        play.add(frames=range(1, 31))
        play.ready(play.starts()[0].run)
        orders = play.orders()
        play.finish(orders.pop(0))
        for _ in range(4):
            orders += play.orders()
            play.fail(orders.pop(0))
        assert play.scheduler.farm.devices["slow"].set_aside == {}

    def test_a_frame_far_beyond_its_time_is_told_of_and_tried_on_an_idle_slot(self) -> None:
        farm = Farm(SLOW, FAST, slow=10.0, fast=10.0)
        farm.start(frames=30)
        for _ in range(6):
            farm.step()
        stuck = next(run for run in farm.hands if run.startswith("slow"))
        farm.ends[stuck] = math.inf
        assert farm.finish_all() <= 280.0
        assert farm.told.count(NoteKind.OVERDUE) == 1


class TestSaying:
    def test_the_finishing_time_of_a_steady_job_is_right_from_a_fifth_of_the_way_on(self) -> None:
        farm = Farm(SLOW, FAST, slow=30.0, fast=10.0)
        farm.start(frames=60)
        said: list[float] = []
        while farm.job().is_open:
            farm.step()
            if farm.job().counts.get(FrameState.DONE, 0) >= 12 and farm.job().is_open:
                said.append(farm.scheduler.forecast(farm.now).jobs["shot"].expected - 1000.0)
        took = farm.now - 1000.0
        assert all(abs(one - took) <= 0.1 * took for one in said)

    def test_the_queue_is_done_when_its_last_job_is(self) -> None:
        farm = Farm(SLOW, FAST, slow=10.0, fast=10.0)
        farm.start("first", frames=20)
        for _ in range(6):
            farm.step()
        farm.start("second", frames=20)
        outlook = farm.scheduler.forecast(farm.now)
        assert list(outlook.jobs) == ["first"]
        assert outlook.queue is None
