"""What a run's log says is heard once, however often a device says it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blendtui.devices.protocol import DriverLine, Ended, Entry, Hello
from blendtui.engine.follower import Follower
from blendtui.engine.office import Heard, Work
from blendtui.farm.model import JobSpec, Run, RunState, SlotId
from blendtui.farm.project import Project
from blendtui.store.journal import Journal
from tests.support.offices import office, places_in


@pytest.mark.parametrize(
    ("line", "looks", "told"),
    [
        (Hello(pid=1, blender="4.2.0", at=0.0), 1, 0),
        (Hello(pid=1, blender="3.4.1", at=0.0), 1, 1),
        (Ended(status=1), 0, 1),
    ],
)
def test_a_line_that_comes_again_and_again_costs_nothing(
    tmp_path: Path, line: DriverLine, looks: int, told: int
) -> None:
    places = places_in(tmp_path)
    journal = Journal(places.store)
    heard: list[Heard] = []
    looked: list[str] = []

    def work(job: str) -> Work:
        looked.append(job)
        spec = JobSpec(job, "shot.blend", (1,))
        return Work(spec, Project("shot.blend", ()), None, tmp_path, blender="4.2")

    run = Run("box.1.1", "shot", SlotId("box", 1), RunState.STARTING, started=0.0)
    follower = Follower(run, replace(office(places, journal, heard), work=work))
    for number in range(1000):
        follower.hear(Entry(number, line))
    journal.close()
    assert (len(looked), len(heard)) == (looks, told)
