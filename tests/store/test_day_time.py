"""Times are shown as those of the day, whatever was set while the engine ran."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.engine.timekeeping import Timekeeping
from blendtui.farm import events as ev
from blendtui.farm.model import JobSpec
from blendtui.farm.scheduler import Scheduler
from blendtui.store.day_time import STEPS_AT_MOST, DayTime
from blendtui.store.journal import Journal
from blendtui.store.views import Views
from tests.support.offices import places_in

HOUR = 3600.0


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(-1e9, 1e9)), min_size=1, max_size=20))
def test_each_time_is_put_right_by_what_was_noted_last_before_it(
    steps: list[tuple[float, float]],
) -> None:
    day, at, noted = DayTime(), 0.0, []
    for passed, ahead in steps:
        at += passed
        day.note(at, ahead)
        noted.append((at, ahead))
    again = DayTime(day.text())
    for at, ahead in noted:
        assert again.of(at) == pytest.approx(at - ahead, abs=1.001)
    assert again.of(None) is None


def test_it_stays_small_and_keeps_the_newest() -> None:
    day = DayTime()
    for number in range(3 * STEPS_AT_MOST):
        day.note(float(number), 10.0 * number)
    assert len(day.text()) < 50 * STEPS_AT_MOST
    assert day.of(1000.0) == 1000.0 - 10.0 * (3 * STEPS_AT_MOST - 1)


class Wall:
    """The time of day, which somebody sets; stands in for the machine's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.passed = 1e9, 0.0
        monkeypatch.setattr("time.time", lambda: self.now)
        monkeypatch.setattr("time.monotonic", lambda: self.passed)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.passed += seconds


@pytest.mark.parametrize("moved", [-HOUR, HOUR, -24 * HOUR, 400 * 24 * HOUR])
def test_a_job_begins_before_it_ends_though_the_clock_was_moved_and_engines_were_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: float
) -> None:
    wall, places = Wall(monkeypatch), places_in(tmp_path)
    journal = Journal(places.store)
    scheduler = Scheduler()

    def engine() -> Timekeeping:
        return Timekeeping(places, journal)

    def tell(keeping: Timekeeping, event: ev.Event) -> float:
        now = keeping.clock.now()
        step = scheduler.handle(event, now)
        journal.commit(now, step.changed, [(1, note) for note in step.notes], {})
        return now

    begun = wall.now
    first = engine()
    added = tell(first, ev.JobAdded(JobSpec("shot", "shot.blend", (1,))))
    wall.wait(10)
    wall.now += moved
    second = engine()
    assert second.clock.now() >= added
    wall.wait(10)
    tell(second, ev.JobPaused("shot"))
    wall.now -= moved
    wall.wait(10)
    third = engine()
    ended = tell(third, ev.JobCancelled("shot"))
    assert ended >= second.clock.now() - 10
    views = Views(places.store)
    job = views.job("shot")
    assert job is not None
    assert job.added == pytest.approx(begun, abs=1)
    assert job.ended == pytest.approx(begun + 30, abs=1)
    (last,) = [row for row in views.history() if row.kind == "job-ended"]
    assert last.at == pytest.approx(begun + 30, abs=1)
    views.close()
    journal.close()
