"""The store stays small: what is long over leaves it, what goes on never does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, FrameState, JobSpec, JobState, OutputFile
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.state import Note, NoteKind
from blendtui.store.journal import Journal
from blendtui.store.upkeep import Bounds
from blendtui.store.views import Views


class Years:
    """A farm of one device that renders job after job, each step stored."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scheduler = Scheduler()
        self.journal = Journal(path)
        self.now = 1000.0
        self.tell(ev.DevicesSet((DeviceSpec("left"),)))
        self.tell(ev.DeviceReached("left"))

    def tell(self, event: ev.Event) -> None:
        """Have something happen, and all that follows from it."""
        waiting = [event]
        while waiting:
            self.now += 1
            step = self.scheduler.handle(waiting.pop(0), self.now)
            cause = self.journal.next_cause()
            notes = [(cause, note) for note in step.notes]
            self.journal.commit(self.now, step.changed, notes, {})
            waiting += [made for one in step.decisions for made in self._follows(one)]

    def _follows(self, decision: do.Decision) -> list[ev.Event]:
        match decision:
            case do.StartRun():
                return [ev.RunReady(decision.run, "3.4.1")]
            case do.OrderFrame(run=run, frame=frame, number=number):
                file = OutputFile(f"{frame:04d}.png", 1, "0" * 64)
                return [ev.FrameRendered(run, frame, number, 1.0, (file,))]
            case do.CollectFrame(run=run, frame=frame, number=number):
                return [ev.FrameDone(run, frame, number)]
            case do.StopRun():
                return [ev.RunEnded(decision.run)]
            case do.CloseRun():
                return [ev.RunClosed(decision.run)]
            case do.FinishJob():
                return [ev.JobReported(decision.job)]
        return []

    def render(self, *names: str, frames: int = 3) -> None:
        for name in names:
            self.tell(ev.JobAdded(JobSpec(name, "a.blend", tuple(range(frames)))))
            assert self.scheduler.farm.jobs[name].state is JobState.DONE

    def trim(self, bounds: Bounds) -> list[str]:
        """Trim until nothing more goes."""
        self.journal.bounds = bounds
        gone: list[str] = []
        while True:
            before = self.rows()
            gone += self.journal.trim(self.scheduler.farm.jobs)
            if self.rows() == before:
                return gone

    def rows(self) -> dict[str, int]:
        tables = ("job", "spec", "frame", "attempt", "run", "history", "request")
        execute = self.journal._db.execute
        return {
            table: execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in tables
        }

    def restart(self) -> None:
        self.journal.close()
        self.journal = Journal(self.path)
        saved = self.journal.load()
        self.scheduler = Scheduler()
        self.scheduler.restore(
            saved.jobs,
            saved.devices,
            saved.runs,
            saved.attempts,
            last_run=saved.last_run,
            last_position=saved.last_position,
            names=saved.names,
        )


@pytest.fixture
def years(tmp_path: Path) -> Iterator[Years]:
    made = Years(tmp_path / "store.db")
    yield made
    made.journal.close()


def test_what_is_over_leaves_the_mind_and_can_be_recalled(years: Years) -> None:
    years.render("one", "two")
    years.tell(ev.JobAdded(JobSpec("bad", "a.blend", ()), fault=Fault.of(FaultKind.NO_CAMERA)))
    assert years.scheduler.leave_to_store(["two"]) == ["one", "bad"]
    farm = years.scheduler.farm
    assert list(farm.jobs) == list(farm.frames) == ["two"]
    assert farm.names == {"one", "two", "bad"}
    found = years.journal.recall("one")
    assert found is not None
    farm.add_job(*found)
    years.scheduler.check()
    years.tell(ev.FramesAgain("one", (1,)))
    assert farm.jobs["one"].state is JobState.DONE
    assert farm.frames["one"][1].tries == 2
    assert years.journal.recall("never") is None


def test_a_name_of_the_past_is_no_new_job(years: Years) -> None:
    years.render("one")
    years.scheduler.leave_to_store()
    years.tell(ev.JobAdded(JobSpec("one", "other.blend", (1,))))
    assert years.scheduler.farm.jobs == {}


def test_a_start_loads_only_what_goes_on(years: Years) -> None:
    years.render("one", "two")
    years.tell(ev.DeviceLost("left", Fault.of(FaultKind.LINK_LOST)))
    years.tell(ev.JobAdded(JobSpec("three", "a.blend", (1, 2))))
    position = years.scheduler.farm.jobs["three"].position
    last = years.scheduler.farm.next_run
    years.restart()
    farm = years.scheduler.farm
    assert list(farm.jobs) == ["three"]
    assert farm.names == {"one", "two", "three"}
    assert farm.frames["three"][1].state is FrameState.WAITING
    assert (farm.next_position, farm.next_run) == (position + 1, last)


def test_the_oldest_jobs_go_with_all_that_is_theirs(years: Years) -> None:
    years.render(*(f"job{number}" for number in range(6)))
    years.scheduler.leave_to_store()
    gone = years.trim(Bounds(jobs=4, at_once=2))
    assert gone == ["job0", "job1"]
    rows = years.rows()
    assert (rows["job"], rows["spec"], rows["frame"], rows["attempt"]) == (4, 4, 12, 12)
    views = Views(years.path)
    assert [job.name for job in views.jobs()] == ["job2", "job3", "job4", "job5"]
    views.close()


def test_a_few_large_jobs_go_as_many_small_ones_do(years: Years) -> None:
    years.render("old", frames=20)
    years.render("large", frames=30)
    years.render("new", frames=10)
    years.scheduler.leave_to_store()
    assert years.trim(Bounds(frames=45, at_once=7)) == ["old"]
    assert years.trim(Bounds(frames=5)) == ["large"], "the newest stays, however large"


def test_what_goes_on_stays_whatever_the_bounds(years: Years) -> None:
    years.render("one", "two")
    assert years.trim(Bounds(jobs=0, frames=0, runs=0, history=0, requests=0)) == []
    years.tell(ev.DeviceLost("left", Fault.of(FaultKind.LINK_LOST)))
    years.tell(ev.JobAdded(JobSpec("open", "a.blend", (1, 2))))
    years.scheduler.leave_to_store()
    assert years.trim(Bounds(jobs=0, frames=0)) == ["one", "two"]
    assert years.rows()["frame"] == 2
    years.restart()
    assert list(years.scheduler.farm.jobs) == ["open"]


def test_history_runs_and_requests_are_bounded_and_numbers_never_come_again(years: Years) -> None:
    years.render(*(f"job{number}" for number in range(10)))
    years.scheduler.leave_to_store()
    views = Views(years.path)
    for _ in range(10):
        years.journal.answer(views.ask_job("pause", "job0"), 1.0, None)
    waiting = views.ask_job("pause", "job0")
    last = years.scheduler.farm.next_run
    years.trim(Bounds(runs=3, history=5, requests=4, at_once=3))
    rows = years.rows()
    assert (rows["run"], rows["history"], rows["request"]) == (3, 5, 4)
    assert waiting in [one.id for one in years.journal.requests()]
    years.trim(Bounds(runs=0))
    years.restart()
    assert years.scheduler.farm.next_run == last
    years.journal.commit(1.0, (), [(1, Note(NoteKind.WARNING))], {})
    assert views.history(views.last_history() - 1) != []
    views.close()
