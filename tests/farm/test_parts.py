"""A frame in parts: cut where slots ask, lost nowhere, merged once, whole where it has to be."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.frames import FIRST_FRAME, LAST_FRAME
from blendtui.farm.model import DeviceSpec, Frame, FrameState, JobState
from blendtui.farm.parts import Piece, frame_of, index_of, is_part, part_number, parts_of
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.state import NoteKind
from tests.farm.test_scheduling import Farm
from tests.support.playbook import FILES, RENDER_ERROR, Playbook

ONE, TWO = DeviceSpec("one"), DeviceSpec("two")
SAMPLES = 512


class Still(Farm):
    """Slots that render by themselves; a part takes its share of the slot's time for a frame."""

    samples = SAMPLES
    whole = ""

    def obey(self) -> None:
        for one in list(self.decisions):
            if isinstance(one, do.StartRun) and one.run not in self.hands:
                self.hands[one.run] = []
                if one.slot.device not in self.holding:
                    self.come_up(one.run)
        super().obey()

    def come_up(self, run: str) -> None:
        self.say(ev.RunReady(run, "3.4.1", samples=self.samples, whole=self.whole))

    def _drop(self, one: do.DropFrame) -> None:
        hand = self.hands[one.run]
        for order in hand[1 if one.run in self.ends else 0 :]:
            if (order.frame, order.number) == (one.frame, one.number):
                self.dropped.append(one)
                hand.remove(order)
                self.say(ev.FrameDropped(one.run, one.frame, one.number))

    def _time(self, order: do.OrderFrame) -> float:
        whole = self.seconds[order.run.split(".")[0]]
        if order.part is not None:
            return whole * (order.part.end - order.part.begin) / self.samples
        return 0.5 if order.pieces else whole

    def leave(self) -> None:
        """Let the Blenders of a job that is over leave."""
        self.hands.clear()
        self.ends.clear()
        for run in list(self.scheduler.farm.runs.values()):
            self.tell(ev.RunEnded(run.id))
            self.tell(ev.RunClosed(run.id))
        self.tell(ev.JobReported("shot"))

    def parts_of(self, device: str) -> int:
        """Give the samples that a device has rendered."""
        parts = [one.part for one in self.rendered if one.run.startswith(device) and one.part]
        return sum(part.end - part.begin for part in parts)

    @property
    def merges(self) -> list[do.OrderFrame]:
        return [one for one in self.rendered if one.pieces]


def still(*devices: DeviceSpec, frames: int = 1, **seconds: float) -> Still:
    farm = Still(*devices, **seconds)
    farm.start(frames=frames, split=True)
    return farm


@given(st.integers(FIRST_FRAME, LAST_FRAME), st.integers(0, 500))
def test_a_parts_number_tells_its_frame_and_is_no_frames(frame: int, index: int) -> None:
    number = part_number(frame, index)
    assert (frame_of(number), index_of(number)) == (frame, index)
    assert is_part(number) is (index > 0)


class TestSplitting:
    def test_a_still_is_rendered_by_all_devices_and_merged_once(self) -> None:
        farm = still(ONE, TWO, one=100.0, two=100.0)
        assert farm.finish_all() <= 60.0
        assert farm.job().state is JobState.DONE
        assert len(farm.merges) == 1
        assert sum(piece.samples for piece in farm.merges[0].pieces) == SAMPLES

    def test_two_equal_devices_need_little_more_than_half_of_the_time(self) -> None:
        farm = still(ONE, TWO, one=1000.0, two=1000.0)
        assert farm.finish_all() <= 520.0

    @pytest.mark.parametrize("weights", [(1.0, 1.0), (3.0, 1.0), (1.0, 3.0)])
    def test_parts_are_sized_by_speed_whatever_was_guessed(
        self, weights: tuple[float, float]
    ) -> None:
        one, two = replace(ONE, performance=weights[0]), replace(TWO, performance=weights[1])
        farm = still(one, two, one=1000.0, two=3000.0)
        assert farm.finish_all() <= 850.0  # 750 at best
        assert farm.parts_of("one") > 2 * farm.parts_of("two")

    def test_few_parts_are_cut(self) -> None:
        farm = still(ONE, TWO, one=1000.0, two=1000.0)
        farm.finish_all()
        assert len(farm.merges[0].pieces) <= 24

    def test_fewer_frames_than_slots_are_all_split(self) -> None:
        devices = [DeviceSpec(name) for name in ("one", "two", "three", "four")]
        seconds = {"one": 100.0, "two": 100.0, "three": 100.0, "four": 100.0}
        farm = still(*devices, frames=2, **seconds)
        assert farm.finish_all() <= 60.0
        assert sorted(one.frame for one in farm.merges) == [1, 2]

    def test_a_device_that_comes_late_gets_a_share(self) -> None:
        farm = Still(ONE, TWO, one=1000.0, two=1000.0)
        farm.holding = {"two"}
        farm.start(frames=1, split=True)
        farm.step()
        late = next(run for run in farm.hands if run.startswith("two"))
        farm.holding.clear()
        farm.come_up(late)
        farm.finish_all()
        assert farm.parts_of("two") > SAMPLES / 5

    def test_each_order_says_its_samples_and_all_are_rendered_once(self) -> None:
        farm = still(ONE, TWO, one=100.0, two=70.0)
        farm.finish_all()
        spans = sorted((one.part.begin, one.part.end) for one in farm.rendered if one.part)
        assert spans[0][0] == 0
        assert spans[-1][1] == SAMPLES
        assert all(left[1] == right[0] for left, right in pairwise(spans))


class TestWhole:
    def test_a_user_may_not_want_it(self) -> None:
        farm = Still(ONE, TWO, one=100.0, two=100.0)
        farm.start(frames=1)
        farm.finish_all()
        assert [one.part for one in farm.rendered] == [None]

    def test_as_many_frames_as_slots_are_rendered_whole(self) -> None:
        farm = still(ONE, TWO, frames=2, one=100.0, two=100.0)
        farm.finish_all()
        assert [one.part for one in farm.rendered] == [None, None]

    def test_a_single_slot_renders_whole(self) -> None:
        farm = still(ONE, one=100.0)
        farm.finish_all()
        assert [one.part for one in farm.rendered] == [None]

    def test_what_cant_be_split_is_said_once_with_its_reason(self) -> None:
        farm = Still(ONE, TWO, one=100.0, two=100.0)
        farm.samples, farm.whole = 0, "Freestyle draws over the finished picture"
        farm.start(frames=1, split=True)
        farm.finish_all()
        assert [one.part for one in farm.rendered] == [None]
        warnings = [one for one in farm.job().warnings if one.kind is FaultKind.STILL_WHOLE]
        assert [one.fact("reason") for one in warnings] == [farm.whole]

    def test_an_animation_says_nothing_of_it(self) -> None:
        farm = Still(ONE, TWO, one=10.0, two=10.0)
        farm.samples, farm.whole = 0, "Freestyle draws over the finished picture"
        farm.start(frames=20, split=True)
        farm.finish_all()
        assert farm.job().warnings == ()

    def test_too_few_samples_are_not_worth_it_and_it_is_said(self) -> None:
        farm = Still(ONE, TWO, one=10.0, two=10.0)
        farm.samples = 7
        farm.start(frames=1, split=True)
        farm.finish_all()
        assert [one.part for one in farm.rendered] == [None]
        (warning,) = farm.job().warnings
        assert warning.kind is FaultKind.STILL_WHOLE
        assert "fewer than 8 samples" in warning.fact("reason")

    def test_few_samples_of_an_animation_are_not_spoken_of(self) -> None:
        farm = Still(ONE, TWO, one=10.0, two=10.0)
        farm.samples = 7
        farm.start(frames=20, split=True)
        farm.finish_all()
        assert farm.job().warnings == ()


class Hand(Playbook):
    """Steps by hand: two Blenders are up, each with parts."""

    def __init__(self, samples: int = 64) -> None:
        super().__init__(ONE, TWO)
        self.add(frames=[7], split=True)
        self.runs = [start.run for start in self.starts()]
        self.ordered: list[do.OrderFrame] = []
        for run in self.runs:
            self.hear(ev.RunReady(run, "3.4.1", samples=samples))

    def hear(self, event: ev.Event, after: float = 0.0) -> None:
        self.tell(event, after)
        self.ordered += self.orders()
        for one in self.decisions:
            if isinstance(one, do.DropFrame):
                self.ordered = [o for o in self.ordered if (o.run, o.frame) != (one.run, one.frame)]
                self.hear(ev.FrameDropped(one.run, one.frame, one.number))

    def one(self, order: do.OrderFrame, seconds: float = 10.0) -> None:
        """Let one order be rendered and collected."""
        self.ordered.remove(order)
        self.hear(ev.FrameStarted(order.run, order.frame, order.number))
        facts = (order.run, order.frame, order.number, seconds, FILES)
        self.hear(ev.FrameRendered(*facts), after=seconds)
        self.hear(ev.FrameDone(order.run, order.frame, order.number))

    def part_at(self, begin: int) -> Frame:
        """Give the part that has a sample."""
        frames = self.scheduler.farm.frames["shot"]
        return next(one for one in parts_of(frames, 7) if one.samples and one.samples[0] == begin)

    def all_parts(self) -> do.OrderFrame:
        """Let all parts be rendered; gives the order to merge."""
        while not self.ordered[0].pieces:
            self.one(self.ordered[0])
        return self.ordered[0]


class TestFaults:
    def test_a_part_that_fails_goes_to_another_device(self) -> None:
        play = Hand()
        first = next(one for one in play.ordered if one.run == play.runs[0])
        play.ordered.remove(first)
        play.tell(ev.FrameStarted(first.run, first.frame, first.number))
        play.hear(ev.FrameFailed(first.run, first.frame, first.number, RENDER_ERROR))
        while not any(one.pieces for one in play.ordered):
            play.one(play.ordered[0])
        assert play.part_at(first.part.begin).failed_on == {"one"}  # type: ignore[union-attr]

    def test_a_lost_devices_parts_go_to_the_others(self) -> None:
        play = Hand()
        play.ordered = [one for one in play.ordered if one.run == play.runs[1]]
        play.tell(ev.DeviceLost("one", Fault.of(FaultKind.LINK_LOST)))
        play.hear(ev.Tick(), after=70.0)
        merge = play.all_parts()
        assert merge.run == play.runs[1]
        assert sum(piece.samples for piece in merge.pieces) == 64

    def test_a_killed_blenders_parts_are_rendered_again(self) -> None:
        play = Hand()
        begun = play.ordered[0]
        play.tell(ev.FrameStarted(begun.run, begun.frame, begun.number))
        play.ordered = [one for one in play.ordered if one.run != begun.run]
        play.hear(ev.RunEnded(begun.run, Fault.of(FaultKind.BLENDER_KILLED)))
        merge = play.all_parts()
        assert sum(piece.samples for piece in merge.pieces) == 64

    def test_a_part_that_fails_everywhere_fails_its_frame(self) -> None:
        play = Hand()
        play.one(play.ordered[0])
        for _ in range(40):
            if not play.ordered:
                break
            bad = play.ordered.pop(0)
            play.tell(ev.FrameStarted(bad.run, bad.frame, bad.number))
            fault = Fault.of(FaultKind.RENDER_ERROR, detail=f"part {bad.frame} {bad.number}")
            play.hear(ev.FrameFailed(bad.run, bad.frame, bad.number, fault), after=1.0)
        assert play.frame(7).state is FrameState.FAILED
        assert play.job().state is JobState.FAILED

    def test_a_part_that_is_gone_from_the_share_is_rendered_again(self) -> None:
        play = Hand()
        merge = play.all_parts()
        play.ordered.clear()
        gone = merge.pieces[1]
        fault = Fault.of(FaultKind.PART_MISSING, part=gone.number, frame=7)
        play.hear(merge.failed(fault))
        again = play.all_parts()
        assert again.pieces != ()
        assert again.number > merge.number

    def test_a_merge_that_fails_is_tried_on_another_device(self) -> None:
        play = Hand()
        merge = play.all_parts()
        play.ordered.clear()
        play.tell(ev.FrameStarted(merge.run, merge.frame, merge.number))
        play.hear(ev.FrameFailed(merge.run, merge.frame, merge.number, RENDER_ERROR))
        assert [one.pieces for one in play.ordered] == [merge.pieces]
        assert play.ordered[0].run != merge.run

    def test_a_restart_in_the_middle_loses_no_part(self) -> None:
        play = Hand()
        play.one(play.ordered[0])
        farm = play.scheduler.farm
        fresh = Scheduler()
        job = play.job()
        fresh.restore(
            [(job, farm.frames["shot"].values())],
            farm.devices.values(),
            farm.runs.values(),
            [attempt for run in farm.runs.values() for attempt in run.attempts.values()],
        )
        fresh.check()
        play.scheduler = fresh
        for device in farm.devices.values():
            device.contact = False
            for run in farm.runs_on(device.name):
                run.attached = False
        for name in ("one", "two"):
            play.tell(ev.DeviceReached(name))
        orders = {(one.run, one.frame, one.part) for one in play.ordered}
        assert orders
        merge = play.all_parts()
        assert sum(piece.samples for piece in merge.pieces) == 64


class TestEnds:
    def test_a_finished_part_is_told_as_a_part_and_only_the_frame_as_a_frame(self) -> None:
        farm = still(ONE, TWO, one=100.0, two=100.0)
        farm.finish_all()
        assert farm.told.count(NoteKind.FRAME_DONE) == 1
        assert farm.told.count(NoteKind.PART_DONE) == len(farm.merges[0].pieces)

    def test_rendered_again_a_still_is_split_again(self) -> None:
        farm = still(ONE, TWO, one=100.0, two=100.0)
        farm.finish_all()
        farm.leave()
        farm.say(ev.FramesAgain("shot", (1,)))
        assert farm.finish_all() <= 70.0
        assert len(farm.merges) == 2
        assert not {one.number for one in farm.merges[0].pieces} & {
            one.number for one in farm.merges[1].pieces
        }

    def test_cancelled_and_retried_it_begins_anew(self) -> None:
        farm = still(ONE, TWO, one=100.0, two=100.0)
        farm.step()
        farm.step()
        farm.say(ev.JobCancelled("shot"))
        farm.leave()
        farm.say(ev.JobRetried("shot"))
        farm.finish_all()
        assert sum(piece.samples for piece in farm.merges[-1].pieces) == SAMPLES

    def test_a_forecast_counts_what_is_not_cut_yet(self) -> None:
        farm = still(ONE, TWO, one=100.0, two=100.0)
        for _ in range(2):
            farm.step()
        left = farm.scheduler.forecast(farm.now).jobs["shot"].expected - farm.now
        assert 20.0 <= left <= 60.0


def test_pieces_come_in_the_order_of_their_samples() -> None:
    play = Hand()
    merge = play.all_parts()
    begins = [play.frame(piece.number).samples[0] for piece in merge.pieces]  # type: ignore[index]
    assert begins == sorted(begins)
    first = play.frame(merge.pieces[0].number)
    assert merge.pieces[0] == Piece(first.number, first.samples[1])  # type: ignore[index]
