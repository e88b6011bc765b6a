"""A job's frames while it goes: others than before, or some of them once more."""

from __future__ import annotations

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, FrameState, JobState, RunState
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.state import NoteKind
from tests.support.playbook import FILES, Playbook

RUN = "left.1.1"


def begun(frames: range = range(1, 11)) -> Playbook:
    """A job whose only Blender is open and has the first two frames in hand."""
    play = Playbook(DeviceSpec("left"))
    play.add(frames=frames)
    play.ready(RUN)
    return play


def states(play: Playbook) -> dict[int, str]:
    frames = play.scheduler.farm.frames["shot"]
    return {number: frame.state.value for number, frame in sorted(frames.items())}


def test_new_frames_wait_and_those_that_are_no_longer_wanted_are_dropped() -> None:
    play = begun(range(1, 6))
    play.tell(ev.JobFramesSet("shot", (1, 2, 3, 8, 9)))
    assert play.job().spec.frames == (1, 2, 3, 8, 9)
    assert states(play) == {
        1: "given", 2: "given", 3: "waiting", 4: "unwanted", 5: "unwanted", 8: "waiting",
        9: "waiting",
    }  # fmt: skip
    (note,) = play.notes
    assert (note.kind, note.detail) == (NoteKind.FRAMES_SET, "1-3,8,9")


def test_a_done_frame_stays_whatever_is_wanted() -> None:
    play = begun(range(1, 4))
    play.finish(do.OrderFrame(RUN, 1, 1))
    play.tell(ev.JobFramesSet("shot", (2, 3)))
    assert play.job().spec.frames == (1, 2, 3)


def test_a_frame_on_its_way_to_the_share_stays_too() -> None:
    play = begun(range(1, 4))
    play.render(do.OrderFrame(RUN, 1, 1))
    play.tell(ev.JobFramesSet("shot", (2, 3)))
    assert play.job().spec.frames == (1, 2, 3)
    play.tell(ev.FrameDone(RUN, 1, 1))
    assert play.frame(1).state is FrameState.DONE


def test_a_frame_that_lay_on_a_lost_device_is_thrown_away_once_it_is_no_longer_wanted() -> None:
    play = begun(range(1, 4))
    play.render(do.OrderFrame(RUN, 1, 1))
    play.tell(ev.DeviceLost("left", Fault.of(FaultKind.LINK_LOST)))
    play.tell(ev.Tick(), after=100.0)
    play.tell(ev.JobFramesSet("shot", (2, 3)))
    decisions = play.tell(ev.DeviceReached("left"))
    assert do.DiscardFrame(RUN, 1, 1) in decisions
    assert states(play)[1] == "unwanted"
    play.scheduler.check()


def test_a_dropped_frame_that_was_begun_all_the_same_is_thrown_away() -> None:
    play = begun(range(1, 6))
    play.tell(ev.FrameStarted(RUN, 1, 1))
    decisions = play.tell(ev.JobFramesSet("shot", (3, 4)))
    assert do.DropFrame(RUN, 1, 1) in decisions
    assert do.DropFrame(RUN, 2, 1) in decisions
    decisions = play.tell(ev.FrameRendered(RUN, 1, 1, 1.0, FILES))
    assert do.DiscardFrame(RUN, 1, 1) in decisions
    assert not [one for one in decisions if isinstance(one, do.CollectFrame)]


def test_a_blender_that_is_long_busy_with_a_dropped_frame_is_ended() -> None:
    play = begun(range(1, 6))
    play.tell(ev.RunEnded(RUN))
    (start,) = play.starts()
    play.tell(ev.RunReady(start.run, "3.4.1"), after=2.0)
    order = play.orders()[0]
    play.tell(ev.FrameStarted(start.run, order.frame, order.number))
    wanted = tuple({1, 2, 3, 4, 5} - {order.frame})
    decisions = play.tell(ev.JobFramesSet("shot", wanted), after=100.0)
    assert do.StopRun(start.run, at_once=True) in decisions


def test_a_frame_that_was_dropped_can_be_wanted_again() -> None:
    play = begun(range(1, 6))
    play.tell(ev.JobFramesSet("shot", (1, 2)))
    play.tell(ev.JobFramesSet("shot", (1, 2, 5)))
    assert play.frame(5).state is FrameState.WAITING
    assert play.job().spec.frames == (1, 2, 5)


def test_all_frames_of_the_new_range_are_rendered() -> None:
    play = begun(range(1, 31))
    play.finish(do.OrderFrame(RUN, *_first(play)))
    play.tell(ev.JobFramesSet("shot", tuple(range(-3, 60, 3))))
    kept = play.job().spec.frames
    for _ in range(200):
        run = play.run(RUN)
        if not run.in_hand:
            break
        attempt = next(one for one in run.attempts.values() if one.is_in_hand)
        play.finish(do.OrderFrame(RUN, attempt.frame, attempt.number))
    assert play.job().state is JobState.DONE
    assert {number for number, state in states(play).items() if state == "done"} == set(kept)


def _first(play: Playbook) -> tuple[int, int]:
    attempt = next(iter(play.run(RUN).attempts.values()))
    return attempt.frame, attempt.number


def test_what_was_learned_is_kept_when_frames_are_added() -> None:
    play = begun(range(1, 11))
    play.finish(do.OrderFrame(RUN, 1, 1))
    desk = play.scheduler.farm.desks["shot"]
    speed, cost = desk.learner.paces["left", 1].value, desk.cost(1)
    play.tell(ev.JobFramesSet("shot", tuple(range(-5, 41))))
    fresh = play.scheduler.farm.desks["shot"]
    assert fresh.learner.paces["left", 1].value == speed
    assert fresh.cost(1) == cost
    assert fresh.place(1) == 6
    assert fresh.learner.costs.is_known(6)


def test_a_job_that_was_done_goes_on_with_new_frames() -> None:
    play = begun(range(1, 3))
    play.finish(do.OrderFrame(RUN, 1, 1))
    play.finish(do.OrderFrame(RUN, 2, 1))
    play.tell(ev.JobReported("shot"))
    assert play.job().state is JobState.DONE
    play.tell(ev.JobFramesSet("shot", (1, 2, 3)))
    assert (play.job().state, play.job().ended) == (JobState.ACTIVE, None)
    assert play.frame(3).state in (FrameState.WAITING, FrameState.GIVEN)


def test_a_failed_job_without_its_failed_frames_is_done() -> None:
    play = begun(range(1, 3))
    play.finish(do.OrderFrame(RUN, 1, 1))
    for number in (1, 2, 3):
        play.fail(do.OrderFrame(RUN, 2, number))
    assert play.job().state is JobState.FAILED
    play.tell(ev.JobFramesSet("shot", (1,)))
    assert play.job().state is JobState.DONE


def test_the_same_frames_once_more_change_nothing() -> None:
    play = begun(range(1, 6))
    assert play.tell(ev.JobFramesSet("shot", (1, 2, 3, 4, 5))) == ()
    assert play.notes == ()


def test_the_frames_survive_a_restart() -> None:
    play = begun(range(1, 6))
    play.tell(ev.JobFramesSet("shot", (1, 2, 7)))
    farm = play.scheduler.farm
    again = Scheduler()
    job = farm.jobs["shot"]
    again.restore(
        [(job, farm.frames["shot"].values())],
        farm.devices.values(),
        farm.runs.values(),
        [one for run in farm.runs.values() for one in run.attempts.values()],
    )
    again.check()
    assert again.farm.desks["shot"].pool.count == 1


def test_done_frames_are_rendered_again_and_waiting_ones_stay_as_they_are() -> None:
    play = begun(range(1, 6))
    play.finish(do.OrderFrame(RUN, 1, 1))
    play.tell(ev.FramesAgain("shot", (1, 5, 99)))
    assert play.frame(1).state in (FrameState.WAITING, FrameState.GIVEN)
    (note,) = play.notes
    assert (note.kind, note.detail) == (NoteKind.FRAMES_AGAIN, "1")


def test_a_job_that_was_done_goes_on_with_frames_that_are_wanted_again() -> None:
    play = begun(range(1, 3))
    play.finish(do.OrderFrame(RUN, 1, 1))
    play.finish(do.OrderFrame(RUN, 2, 1))
    play.tell(ev.JobReported("shot"))
    play.tell(ev.FramesAgain("shot", (2,)))
    assert play.job().state is JobState.ACTIVE
    play.tell(ev.RunEnded(RUN))  # it was leaving, since its job was over
    (start,) = play.starts()
    assert play.ready(start.run) == (do.OrderFrame(start.run, 2, 2),)


def test_a_failed_frame_has_a_clean_record_when_it_is_wanted_again() -> None:
    play = begun(range(1, 3))
    play.finish(do.OrderFrame(RUN, 1, 1))
    for number in (1, 2, 3):
        play.fail(do.OrderFrame(RUN, 2, number))
    play.tell(ev.FramesAgain("shot", (2,)))
    assert play.frame(2).failures == ()
    assert play.job().state is JobState.ACTIVE


def test_a_devices_blenders_are_started_anew_after_the_frames_in_hand() -> None:
    play = begun()
    play.tell(ev.FrameStarted(RUN, 1, 1))
    assert do.StopRun(RUN) in play.tell(ev.DeviceRestart("left"))
    assert play.run(RUN).state is RunState.STOPPING
    assert [note.kind for note in play.notes] == [NoteKind.RESTART]
    play.tell(ev.FrameRendered(RUN, 1, 1, 1.0, FILES))
    play.tell(ev.FrameDropped(RUN, 2, 1))
    play.tell(ev.RunEnded(RUN))
    (start,) = play.starts()
    assert start.job == "shot"


def test_a_device_without_a_blender_has_none_to_start_anew() -> None:
    play = Playbook(DeviceSpec("left"))
    assert play.tell(ev.DeviceRestart("left")) == ()
    assert play.notes == ()
    assert play.tell(ev.DeviceRestart("unknown")) == ()
