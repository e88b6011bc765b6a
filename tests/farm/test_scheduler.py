"""The rules, one promise a test: an event in, the decisions out."""

from __future__ import annotations

import pytest

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.blame import FIRST_TRIES, FRAME_TRIES
from blendtui.farm.device import LOST_AFTER
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.frame_rules import LOG_AT_MOST
from blendtui.farm.model import DeviceSpec, FrameState, JobSpec, JobState, RunState
from blendtui.farm.state import NoteKind
from tests.support.playbook import FILES, LINK_LOST, RENDER_ERROR, Playbook

LEFT, RIGHT = DeviceSpec("left"), DeviceSpec("right")


def begun(*devices: DeviceSpec, **job: object) -> tuple[Playbook, list[do.OrderFrame]]:
    """A farm whose runs are all ready, and the orders that they have in hand."""
    play = Playbook(*devices)
    play.add(**job)  # type: ignore[arg-type]
    orders: list[do.OrderFrame] = []
    for start in play.starts():
        play.ready(start.run)
        orders += play.orders()
    return play, orders


class TestGivingOut:
    def test_a_job_starts_a_run_on_every_free_slot(self) -> None:
        play = Playbook(LEFT, DeviceSpec("right", slots=2))
        play.add()
        assert [str(start.slot) for start in play.starts()] == ["left/1", "right/1", "right/2"]

    def test_no_more_runs_start_than_there_are_frames(self) -> None:
        play = Playbook(LEFT, RIGHT)
        play.add(frames=[7])
        assert len(play.starts()) == 1

    def test_a_ready_run_gets_one_frame_and_one_ahead(self) -> None:
        _, orders = begun(LEFT)
        assert [order.frame for order in orders] == [1, 2]

    def test_a_rendered_frame_is_collected_and_the_next_ordered_at_once(self) -> None:
        play, (first, _) = begun(LEFT)
        decisions = play.render(first)
        collect = do.CollectFrame(first.run, "shot", 1, 1, FILES)
        assert collect in decisions
        assert do.OrderFrame(first.run, 3, 1) in decisions

    def test_a_frame_is_done_only_when_it_is_on_the_share(self) -> None:
        play, (first, _) = begun(LEFT)
        play.render(first)
        assert play.frame(1).state is FrameState.GIVEN
        play.tell(ev.FrameDone(first.run, 1, 1))
        assert play.frame(1).state is FrameState.DONE

    def test_the_faster_device_gets_the_next_frame(self) -> None:
        slow, fast = DeviceSpec("slow"), DeviceSpec("fast", performance=4.0)
        play = Playbook(slow, fast)
        play.add(frames=range(1, 4))
        starts = {start.slot.device: start.run for start in play.starts()}
        play.tell(ev.JobPaused("shot"))
        for run in starts.values():
            play.ready(run)
        play.tell(ev.JobResumed("shot"))
        assert [order.run for order in play.orders()].count(starts["fast"]) == 2

    def test_tags_decide_who_may_render_a_job(self) -> None:
        play = Playbook(LEFT, DeviceSpec("gpu", tags=frozenset({"gpu"})))
        play.add(tags=frozenset({"gpu"}))
        assert [start.slot.device for start in play.starts()] == ["gpu"]

    def test_a_disabled_device_gets_nothing(self) -> None:
        play = Playbook(DeviceSpec("left", enabled=False))
        play.add()
        assert play.starts() == []


class TestEnding:
    def test_a_job_is_done_when_its_last_frame_is_and_then_reported(self) -> None:
        play, orders = begun(LEFT, frames=[1, 2])
        play.finish(orders[0])
        decisions = play.finish(orders[1])
        assert play.job().state is JobState.DONE
        assert do.FinishJob("shot") in decisions
        play.tell(ev.JobReported("shot"))
        assert play.job().reported

    def test_the_run_of_a_finished_job_is_stopped_and_then_closed(self) -> None:
        play, orders = begun(LEFT, frames=[1])
        assert do.StopRun(orders[0].run) in play.finish(orders[0])
        assert do.CloseRun(orders[0].run) in play.tell(ev.RunEnded(orders[0].run))
        play.tell(ev.RunClosed(orders[0].run))
        assert play.scheduler.farm.runs == {}

    def test_a_report_that_can_not_be_written_is_tried_again(self) -> None:
        play, orders = begun(LEFT, frames=[1])
        play.finish(orders[0])
        play.tell(ev.ReportFailed("shot", Fault.of(FaultKind.SHARE_WRITE, path="x")))
        assert do.FinishJob("shot") not in play.decisions
        assert do.FinishJob("shot") in play.tell(ev.Tick(), after=20.0)

    def test_a_job_with_a_fault_from_the_start_ends_at_once_with_that_reason(self) -> None:
        play = Playbook(LEFT)
        fault = Fault.of(FaultKind.NO_CAMERA, scene="Scene")
        spec = JobSpec("shot", "a.blend", (1, 2))
        play.tell(ev.JobAdded(spec, fault=fault))
        assert play.job().state is JobState.FAILED
        assert play.job().fault == fault
        assert play.starts() == []
        assert do.FinishJob("shot") in play.decisions


class TestFailing:
    def test_a_failed_frame_is_tried_on_another_device_first(self) -> None:
        play, orders = begun(LEFT, RIGHT)
        first = orders[0]
        other = next(order.run for order in orders if order.run != first.run)
        play.fail(first)
        assert all(order.frame != first.frame for order in play.orders())
        play.render(next(order for order in orders if order.run == other))
        assert do.OrderFrame(other, first.frame, 2) in play.decisions

    def test_a_frame_fails_after_three_tries_and_the_job_goes_on(self) -> None:
        play, orders = begun(LEFT)
        play.finish(orders[0])
        again = next(order for order in orders if order.frame == 2)
        for number in range(1, FRAME_TRIES + 1):
            play.fail(do.OrderFrame(again.run, 2, number))
            waiting = [order for order in play.orders() if order.frame == 2]
            assert bool(waiting) == (number < FRAME_TRIES)
        assert play.frame(2).state is FrameState.FAILED
        assert play.job().state is JobState.ACTIVE
        assert NoteKind.FRAME_FAILED in [note.kind for note in play.notes]

    def test_a_job_whose_first_five_tries_fail_alike_is_stopped_with_that_reason(self) -> None:
        play, orders = begun(LEFT, frames=range(1, 251))
        for _ in range(FIRST_TRIES):
            play.fail(orders.pop(0))
            orders += play.orders()
        assert play.job().state is JobState.FAILED
        fault = play.job().fault
        assert fault is not None
        assert fault.kind is FaultKind.FIRST_TRIES_FAILED
        assert fault.fact("detail") == RENDER_ERROR.fact("detail")

    @pytest.mark.parametrize("kind", [FaultKind.OUTPUT_MISSING, FaultKind.OUTPUT_CHANGED])
    def test_files_that_go_after_they_were_rendered_do_not_stop_a_job(
        self, kind: FaultKind
    ) -> None:
        play, orders = begun(LEFT, frames=range(1, 251))
        for _ in range(FIRST_TRIES + 1):
            order = orders.pop(0)
            play.render(order)
            orders += play.orders()
            play.tell(ev.CollectFailed(order.run, order.frame, order.number, Fault.of(kind)))
            orders += play.orders()
        assert play.job().state is JobState.ACTIVE

    def test_a_job_that_has_one_good_frame_is_not_stopped(self) -> None:
        play, orders = begun(LEFT, frames=range(1, 251))
        play.finish(orders.pop(0))
        orders += play.orders()
        for _ in range(FIRST_TRIES + 1):
            play.fail(orders.pop(0))
            orders += play.orders()
        assert play.job().state is JobState.ACTIVE

    def test_a_retried_job_renders_its_failed_frames_again(self) -> None:
        play, orders = begun(LEFT, frames=[1])
        for number in range(1, FRAME_TRIES + 1):
            play.fail(do.OrderFrame(orders[0].run, 1, number))
        assert play.job().state is JobState.FAILED
        play.tell(ev.JobRetried("shot"))
        assert play.job().state is JobState.ACTIVE
        assert play.frame(1).state is FrameState.WAITING

    @pytest.mark.parametrize("kind", [FaultKind.NO_CAMERA, FaultKind.FORMAT_UNKNOWN])
    def test_what_no_device_could_render_ends_the_job_at_once(self, kind: FaultKind) -> None:
        play = Playbook(LEFT)
        play.add()
        play.tell(ev.RunFailed(play.starts()[0].run, Fault.of(kind)))
        assert play.job().state is JobState.FAILED

    def test_a_blender_that_said_much_is_restarted_between_two_frames(self) -> None:
        play, orders = begun(LEFT, frames=range(1, 251))
        order = orders[0]
        told = ev.FrameRendered(order.run, order.frame, 1, 1.0, FILES, log=LOG_AT_MOST + 1)
        assert do.StopRun(order.run) in play.tell(told)

    def test_a_job_is_not_ended_by_what_only_one_of_several_devices_says(self) -> None:
        play = Playbook(LEFT, RIGHT)
        play.add()
        fault = Fault.of(FaultKind.NO_CAMERA)
        left, right = (start.run for start in play.starts())
        play.tell(ev.RunFailed(left, fault))
        assert play.job().state is JobState.ACTIVE
        assert play.scheduler.farm.devices["left"].set_aside == {"shot": fault}
        play.tell(ev.RunFailed(right, fault))
        assert play.job().state is JobState.FAILED

    def test_a_device_that_is_away_for_a_moment_is_waited_for_before_a_job_is_ended(self) -> None:
        play = Playbook(LEFT, RIGHT)
        play.add()
        (left, _) = (start.run for start in play.starts())
        play.tell(ev.DeviceLost("right", LINK_LOST))
        play.tell(ev.RunFailed(left, Fault.of(FaultKind.NO_CAMERA)))
        play.tell(ev.Tick(), after=30.0)
        assert play.job().state is JobState.ACTIVE
        play.tell(ev.Tick(), after=31.0)
        assert play.job().state is JobState.FAILED

    def test_a_job_with_a_frame_is_not_ended_by_one_device_while_the_other_is_away(self) -> None:
        play = Playbook(LEFT, RIGHT)
        play.add()
        left, right = (start.run for start in play.starts())
        play.ready(right)
        play.finish(play.orders()[0])
        play.tell(ev.RunFailed(left, Fault.of(FaultKind.NO_CAMERA)))
        play.tell(ev.DeviceLost("right", LINK_LOST))
        play.tell(ev.Tick(), after=3600.0)
        assert play.job().state is JobState.ACTIVE

    def test_a_job_is_not_stopped_by_one_of_several_devices_that_fails_all(self) -> None:
        play, orders = begun(LEFT, RIGHT, frames=range(1, 251))
        for device in ["left"] * (FIRST_TRIES + 3) + ["right"]:
            assert play.job().state is JobState.ACTIVE
            order = next(one for one in orders if one.run.startswith(device))
            orders.remove(order)
            detail = RENDER_ERROR.fact("detail")
            fault = Fault.of(FaultKind.RENDER_ERROR, device=device, detail=detail)
            play.fail(order, fault)
            orders += play.orders()
        assert play.job().state is JobState.FAILED

    def test_a_device_that_can_not_start_blender_three_times_is_kept_from_the_job(self) -> None:
        play = Playbook(LEFT, RIGHT)
        play.add()
        missing = Fault.of(FaultKind.BLENDER_MISSING, blender="blender")
        run = play.starts()[0].run
        for _ in range(3):
            play.tell(ev.RunFailed(run, missing))
            assert play.starts() == []
            play.tell(ev.Tick(), after=60.0)
            run = play.starts()[0].run if play.starts() else ""
        assert play.scheduler.farm.devices["left"].set_aside == {"shot": missing}
        assert play.job().state is JobState.ACTIVE

    def test_a_job_that_every_device_is_kept_from_ends_with_the_reason(self) -> None:
        play = Playbook(LEFT)
        play.add()
        missing = Fault.of(FaultKind.BLENDER_MISSING, blender="blender")
        for _ in range(3):
            play.tell(ev.RunFailed(play.starts()[0].run, missing))
            play.tell(ev.Tick(), after=60.0)
        assert play.job().state is JobState.FAILED
        assert play.job().fault == missing


class TestLosing:
    def test_the_frames_of_a_dead_blender_go_to_others_at_once(self) -> None:
        play, orders = begun(LEFT, RIGHT, frames=[1, 2, 3, 4])
        left = orders[0].run
        play.tell(ev.RunEnded(left, Fault.of(FaultKind.BLENDER_KILLED)))
        waiting = [frame for frame in (1, 2) if play.frame(frame).state is FrameState.WAITING]
        assert waiting == [1, 2]

    def test_a_killed_blender_is_not_the_frames_fault_but_a_crash_is(self) -> None:
        for kind, counted in ((FaultKind.BLENDER_KILLED, 0), (FaultKind.BLENDER_DIED, 1)):
            play, orders = begun(LEFT)
            play.tell(ev.FrameStarted(orders[0].run, 1, 1))
            play.tell(ev.RunEnded(orders[0].run, Fault.of(kind)))
            assert len(play.frame(1).failures) == counted

    def test_a_lost_devices_frames_wait_for_a_while_and_then_go_to_others(self) -> None:
        play, orders = begun(LEFT, RIGHT, frames=[1, 2, 3, 4])
        play.tell(ev.DeviceLost("left", LINK_LOST))
        play.tell(ev.Tick(), after=LOST_AFTER - 1)
        assert play.frame(1).state is FrameState.GIVEN
        play.tell(ev.Tick(), after=1)
        assert play.frame(1).state is FrameState.WAITING
        right = next(order for order in orders if order.run.startswith("right"))
        play.finish(right)
        assert [order.frame for order in play.orders()] == [] or play.frame(1).live

    def test_a_frame_finished_meanwhile_on_a_lost_device_is_taken_once(self) -> None:
        play, orders = begun(LEFT, frames=[1, 2])
        first = orders[0]
        play.tell(ev.DeviceLost("left", LINK_LOST))
        play.tell(ev.Tick(), after=LOST_AFTER)
        play.tell(ev.DeviceReached("left"))
        play.tell(ev.FrameStarted(first.run, 1, 1))
        rendered = ev.FrameRendered(first.run, 1, 1, 1.0, FILES)
        assert do.CollectFrame(first.run, "shot", 1, 1, FILES) in play.tell(rendered)
        play.tell(ev.FrameDone(first.run, 1, 1))
        assert play.tell(rendered) == ()

    def test_a_second_copy_of_a_done_frame_is_thrown_away(self) -> None:
        play, orders = begun(LEFT, RIGHT, frames=[1, 2, 3, 4])
        left = [order for order in orders if order.run.startswith("left")]
        right = [order for order in orders if order.run.startswith("right")]
        play.tell(ev.DeviceLost("left", LINK_LOST))
        play.tell(ev.Tick(), after=LOST_AFTER)
        for order in right:
            play.finish(order)
        copy = do.OrderFrame(right[0].run, left[0].frame, 2)
        play.finish(copy)
        play.tell(ev.DeviceReached("left"))
        late = ev.FrameRendered(left[0].run, left[0].frame, 1, 1.0, FILES)
        decisions = play.tell(late)
        assert do.DiscardFrame(left[0].run, left[0].frame, 1) in decisions
        assert not any(isinstance(one, do.CollectFrame) for one in decisions)

    def test_a_device_that_is_back_is_followed_and_ordered_again(self) -> None:
        play, orders = begun(LEFT)
        play.tell(ev.DeviceLost("left", LINK_LOST))
        decisions = play.tell(ev.DeviceReached("left"))
        assert isinstance(decisions[0], do.StartRun)
        assert list(decisions[1:3]) == orders

    def test_a_full_share_holds_the_frame_and_counts_no_try(self) -> None:
        play, (first, _) = begun(LEFT)
        play.render(first)
        full = Fault.of(FaultKind.SHARE_WRITE, path="x", reason="no space left")
        play.tell(ev.CollectFailed(first.run, 1, 1, full))
        assert play.frame(1).failures == ()
        again = play.tell(ev.Tick(), after=10.0)
        assert do.CollectFrame(first.run, "shot", 1, 1, FILES) in again

    def test_a_file_that_changed_on_its_way_counts_as_a_failed_try(self) -> None:
        play, (first, _) = begun(LEFT)
        play.render(first)
        play.tell(ev.CollectFailed(first.run, 1, 1, Fault.of(FaultKind.OUTPUT_CHANGED)))
        assert len(play.frame(1).failures) == 1


class TestSteering:
    def test_a_paused_job_gets_no_more_frames_until_it_is_resumed(self) -> None:
        play, (first, second) = begun(LEFT)
        play.tell(ev.JobPaused("shot"))
        play.finish(first)
        play.finish(second)
        assert play.orders() == []
        play.tell(ev.JobResumed("shot"))
        assert [order.frame for order in play.orders()] == [3, 4]

    def test_a_cancelled_job_stops_its_runs_at_once_and_keeps_done_frames(self) -> None:
        play, (first, _) = begun(LEFT)
        play.finish(first)
        decisions = play.tell(ev.JobCancelled("shot"))
        assert do.StopRun(first.run, at_once=True) in decisions
        assert play.job().state is JobState.CANCELLED
        assert play.frame(1).state is FrameState.DONE

    def test_a_higher_priority_takes_over_at_the_next_frame_boundary(self) -> None:
        play, orders = begun(LEFT)
        play.tell(ev.FrameStarted(orders[0].run, 1, 1))
        play.add("urgent", priority=90)
        assert play.decisions == (do.StopRun(orders[0].run),)
        play.finish(orders[0])
        assert play.orders() == []
        play.tell(ev.FrameDropped(orders[1].run, 2, 1))
        play.tell(ev.RunEnded(orders[0].run))
        assert play.frame(2).state is FrameState.WAITING
        assert [start.job for start in play.starts()] == ["urgent"]

    def test_equal_priorities_go_first_come_first_served(self) -> None:
        play = Playbook(LEFT)
        play.add("first", frames=[1])
        run = play.starts()[0]
        play.add("second", frames=[1])
        assert run.job == "first"
        assert play.starts() == []

    def test_a_device_removed_from_the_inventory_finishes_and_is_forgotten(self) -> None:
        play, orders = begun(LEFT)
        play.tell(ev.DevicesSet(()))
        for order in orders:
            play.finish(order)
        assert play.run(orders[0].run).state is RunState.STOPPING
        play.tell(ev.RunEnded(orders[0].run))
        play.tell(ev.RunClosed(orders[0].run))
        assert play.scheduler.farm.devices == {}

    def test_a_line_about_a_frame_that_was_never_ordered_changes_nothing(self) -> None:
        play, (first, _) = begun(LEFT)
        forged = ev.FrameRendered(first.run, 9, 1, 1.0, FILES)
        assert play.tell(forged) == ()
        assert play.frame(9).state is FrameState.WAITING
