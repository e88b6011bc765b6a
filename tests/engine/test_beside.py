"""Which orders bring the sound of a movie, and pictures for the contact sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blendtui.devices.orders import RenderOrder
from blendtui.engine.beside import Beside
from blendtui.farm.model import Job, JobSpec, Run, RunState, SlotId
from blendtui.farm.movies import MovieAsked
from blendtui.store.journal import Journal

RUN = Run("host.1.1", "shot", SlotId("host", 1), RunState.READY, 0.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "store.db")
    yield made
    made.close()


def job(*frames: int) -> Job:
    return Job(JobSpec("shot", "a.blend", frames), 1, added=0.0, priority=50)


def test_the_first_frame_brings_the_sound_of_all(journal: Journal) -> None:
    beside = Beside(journal, {"shot": job(*range(10, 20))})
    assert beside.order(RUN, 10, 1) == RenderOrder(10, 1, (10, 19), display=True)
    assert beside.order(RUN, 15, 1).sound is None
    assert beside.order(RUN, 19, 1).sound is None
    assert beside.order(RUN, 10, 2).sound == (10, 19), "its second try has to bring it, too"


def test_a_new_last_frame_brings_the_sound_to_the_new_end(journal: Journal) -> None:
    one = job(1, 3, 5)
    beside = Beside(journal, {"shot": one})
    assert beside.order(RUN, 1, 1).sound == (1, 6)
    one.spec = replace(one.spec, frames=(1, 3, 5, 7))
    assert beside.order(RUN, 7, 1).sound == (1, 8)
    assert beside.order(RUN, 7, 2).sound == (1, 8), "its second try has to bring it, too"


def test_nobody_knows_after_a_restart_what_was_ordered_so_the_last_frame_brings_it(
    journal: Journal,
) -> None:
    beside = Beside(journal, {"shot": job(1, 2)})
    assert beside.order(RUN, 2, 1).sound == (1, 2)


def test_a_contact_sheet_s_frames_bring_pictures_and_a_single_frame_none(journal: Journal) -> None:
    beside = Beside(journal, {"shot": job(*range(1, 1001))})
    pictured = [frame for frame in range(1, 1001) if beside.order(RUN, frame, 1).display]
    assert len(pictured) == 24
    assert {pictured[0], pictured[-1]} == {1, 1000}
    assert not Beside(journal, {"shot": job(7)}).order(RUN, 7, 1).display


def test_what_blender_says_of_a_movie_is_kept_once(journal: Journal) -> None:
    beside = Beside(journal, {})
    asked = MovieAsked(is_movie=True, has_sound=True, codec="H264", fps=30, fps_base=1.001)
    beside.opened("shot", asked)
    journal.say_of_movie("shot", file="film.mp4")
    beside.opened("shot", asked)
    row = journal.movie("shot")
    assert (row.asked, row.file) == (asked, "film.mp4")
