"""The store: what the rules changed goes in, and all of it comes out again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, FrameState, JobSpec, OutputFile
from blendtui.farm.project import Project, ProjectFile
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.state import Note, NoteKind
from blendtui.store.journal import Journal, Progress
from blendtui.store.shown import VitalsRow
from blendtui.store.views import Views

FILES = (OutputFile("shot_0001.png", 10, "0" * 64),)


class Story:
    """A scheduler whose every step is committed, as the engine does it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scheduler = Scheduler()
        self.journal = Journal(path)
        self.now = 1000.0

    def tell(self, *events: Event, offsets: dict[str, int] | None = None) -> None:
        for event in events:
            self.now += 1
            step = self.scheduler.handle(event, self.now)
            cause = self.journal.next_cause()
            notes = [(cause, note) for note in step.notes]
            self.journal.commit(self.now, step.changed, notes, offsets or {})

    def restart(self) -> None:
        self.journal.close()
        self.journal = Journal(self.path)
        saved = self.journal.load()
        self.scheduler = Scheduler()
        self.scheduler.restore(saved.jobs, saved.devices, saved.runs, saved.attempts)
        self.scheduler.check()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    made = Story(tmp_path / "store.db")
    made.tell(
        ev.DevicesSet((DeviceSpec("left"),)),
        ev.DeviceReached("left"),
        ev.JobAdded(JobSpec("shot", "a.blend", (1, 2, 3))),
        ev.RunReady("left.1.1", "3.4.1"),
    )
    yield made
    made.journal.close()


def test_a_restart_finds_jobs_frames_runs_and_attempts_as_they_were(story: Story) -> None:
    story.tell(ev.FrameStarted("left.1.1", 1, 1), ev.FrameRendered("left.1.1", 1, 1, 0.5, FILES))
    before = [repr(frame) for frame in story.scheduler.farm.frames["shot"].values()]
    runs = [repr(run) for run in story.scheduler.farm.runs.values()]
    story.restart()
    assert [repr(frame) for frame in story.scheduler.farm.frames["shot"].values()] == before
    assert [repr(run) for run in story.scheduler.farm.runs.values()] == runs


DISK_FULL = Fault.of(FaultKind.DEVICE_DISK_FULL, device="left", detail="no space left")
SHARE_FULL = Fault.of(FaultKind.SHARE_WRITE, path="a", reason="no space left")


@pytest.mark.parametrize(
    ("begin", "again", "kind"),
    [
        (
            (ev.JobAdded(JobSpec("gpu", "a.blend", (1,), tags=frozenset({"gpu"}))),),
            (),
            NoteKind.WARNING,
        ),
        (
            (ev.FrameFailed("left.1.1", 1, 1, DISK_FULL), ev.RunEnded("left.1.1")),
            (ev.RunFailed("left.1.2", DISK_FULL), ev.RunFailed("left.1.1", DISK_FULL)),
            NoteKind.HELD_UP,
        ),
        (
            (
                ev.FrameStarted("left.1.1", 1, 1),
                ev.FrameRendered("left.1.1", 1, 1, 0.5, FILES),
                ev.CollectFailed("left.1.1", 1, 1, SHARE_FULL),
            ),
            (ev.CollectFailed("left.1.1", 1, 1, SHARE_FULL),),
            NoteKind.HELD_UP,
        ),
    ],
    ids=["no device fits", "full disk", "full share"],
)
def test_that_a_job_is_stuck_is_told_once_over_restarts_too(
    story: Story, begin: tuple[Event, ...], again: tuple[Event, ...], kind: NoteKind
) -> None:
    story.tell(*begin, ev.Tick())
    story.restart()
    story.tell(
        ev.DevicesSet((DeviceSpec("left"),)), ev.Tick(), ev.DeviceReached("left"), *again, ev.Tick()
    )
    views = Views(story.path)
    assert [row.kind for row in views.history(0)].count(kind) == 1
    views.close()


def test_a_log_offset_is_stored_with_what_it_led_to(story: Story) -> None:
    story.tell(ev.FrameStarted("left.1.1", 1, 1), offsets={"left.1.1": 4711})
    story.tell(ev.Tick())
    assert story.journal.load().offsets == {"left.1.1": 4711}


def test_a_commit_that_fails_changes_nothing(story: Story) -> None:
    views = Views(story.path)
    step = story.scheduler.handle(ev.JobPaused("shot"), 5.0)
    unstorable = Note(NoteKind.WARNING, detail="\udcff")
    with pytest.raises(UnicodeEncodeError):
        story.journal.commit(5.0, step.changed, [(1, unstorable)], {})
    assert [job.state for job in views.jobs()] == ["active"]
    views.close()


def test_faces_see_what_changed_since_a_revision(story: Story) -> None:
    views = Views(story.path)
    seen = views.revision()
    assert [job.name for job in views.jobs()] == ["shot"]
    assert views.jobs(seen) == []
    story.tell(ev.JobPaused("shot"))
    assert [job.state for job in views.jobs(seen)] == ["paused"]
    assert views.frames("shot", seen) == []
    views.close()


def test_history_tells_who_did_what_and_why(story: Story) -> None:
    views = Views(story.path)
    fault = Fault.of(FaultKind.RENDER_ERROR, device="left", detail="no")
    last = views.last_history()
    story.tell(ev.FrameStarted("left.1.1", 1, 1), ev.FrameFailed("left.1.1", 1, 1, fault))
    (row,) = views.history(last)
    assert (row.kind, row.job, row.device, row.frame) == ("try-failed", "shot", "left", 1)
    assert row.fault == fault
    views.close()


def test_a_request_waits_until_it_is_answered(story: Story) -> None:
    views = Views(story.path)
    number = views.ask_job("priority", "shot", "70")
    (request,) = story.journal.requests()
    assert (request.kind, request.job, request.detail) == ("priority", "shot", "70")
    assert views.answer(number) == (False, None)
    refusal = Fault.of(FaultKind.JOB_UNKNOWN, job="shot")
    story.journal.answer(request.id, 5.0, refusal)
    assert views.answer(number) == (True, refusal)
    assert story.journal.requests() == []
    views.close()


def test_progress_overwrites_itself_and_shows_with_its_run(story: Story) -> None:
    views = Views(story.path)
    for sample in (1, 2):
        story.journal.progress([Progress("left.1.1", 5.0, 1, sample, 8)])
    (run,) = views.runs()
    assert (run.frame, run.sample, run.samples) == (1, 2, 8)
    views.close()


def test_a_project_is_kept_by_job(story: Story) -> None:
    project = Project("a.blend", (ProjectFile("a.blend", "0" * 64, 5),))
    story.journal.add_project("shot", project, None)
    assert story.journal.project("shot") == (project, None)
    assert story.journal.project("other") is None


def test_totals_count_what_each_device_did(story: Story) -> None:
    views = Views(story.path)
    story.tell(
        ev.FrameStarted("left.1.1", 1, 1),
        ev.FrameRendered("left.1.1", 1, 1, 0.5, FILES),
        ev.FrameDone("left.1.1", 1, 1),
    )
    assert [(one.device, one.frames, one.seconds) for one in views.totals("shot")] == [
        ("left", 1, 0.5)
    ]
    assert [frame.number for frame in views.frames("shot", state=FrameState.DONE)] == [1]
    views.close()


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(Failure, match="another version"):
        Journal(path)


def vitals(device: str, at: float, load: float = 1.0) -> VitalsRow:
    return VitalsRow(device, at, load, 8, 10, 20, None, None, 30)


def test_how_devices_are_is_kept_for_an_hour_and_no_longer(story: Story) -> None:
    for look in range(0, 7200, 10):
        story.journal.vitals([vitals("left", look, look), vitals("right", look)], look)
    story.journal.vitals([vitals("left", 7200.0)], 7200.0)
    views = Views(story.path)
    assert views.vitals() == {"left": vitals("left", 7200.0), "right": vitals("right", 7190)}
    past = views.vitals_of("left")
    assert 150 <= len(past) <= 240
    times = [row.at for row in past]
    assert times == sorted(times)
    assert 3600 - 40 <= times[0] <= 3600 + 40
    assert views.vitals_of("nobody") == []
    views.close()


def test_a_clock_that_is_set_back_leaves_no_word_from_the_future(story: Story) -> None:
    for now in (90_000.0, 90_020.0, 5000.0, 5020.0):
        story.journal.vitals([vitals("left", now)], now)
    views = Views(story.path)
    assert [row.at for row in views.vitals_of("left")] == [5000.0, 5020.0]
    views.close()


def test_other_frames_of_a_job_are_seen_and_survive_a_restart(story: Story) -> None:
    views = Views(story.path)
    before = views.job("shot")
    assert before is not None
    assert before.spec.frames == (1, 2, 3)
    story.tell(ev.JobFramesSet("shot", (1, 2, 7, 8)))
    for _ in range(2):
        job = views.job("shot")
        assert job is not None
        assert (job.spec.frames, job.total) == ((1, 2, 7, 8), 4)
        assert [frame.number for frame in views.frames("shot")] == [1, 2, 7, 8]
        assert views.jobs(since=views.revision() - 1) == [job]
        story.restart()
    story.tell(ev.JobPaused("shot"))
    story.tell(ev.JobFramesSet("shot", (1, 2, 3)))
    job = views.job("shot")
    assert job is not None
    assert job.spec.frames == (1, 2, 3)
    views.close()


def test_pictures_are_found_where_they_lie(story: Story, tmp_path: Path) -> None:
    views = Views(story.path)
    assert views.last_picture() is None
    folder = tmp_path / "pictures" / "a shot"
    folder.mkdir(parents=True)
    path = folder / "7.jpg"
    path.write_bytes(b"a picture")
    story.journal.say("picture", "7 a shot")
    assert views.last_picture() == ("a shot", 7, path)
    assert views.picture("a shot", 7) == path
    assert views.picture("a shot", 8) is None
    path.unlink()
    assert views.last_picture() is None
    views.close()


def test_one_frames_tries_are_given_alone(story: Story) -> None:
    views = Views(story.path)
    assert {one.frame for one in views.attempts("shot", frame=2)} == {2}
    assert len(views.attempts("shot")) == 2
    views.close()
