"""A job's movie on its screen: how it stands, what is wrong with it, and the key that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import OutputFile
from blendtui.store.movie_rows import MovieState
from blendtui.store.shown import AttemptRow
from blendtui.tui.screens.job_words import about_frame
from tests.support.centres import Prepared, until


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Prepared]:
    with Prepared(tmp_path) as prepared:
        prepared.devices(1)
        prepared.jobs(1)
        yield prepared


def words(pilot: Pilot[int], name: str) -> str:
    return str(pilot.app.screen.query_one(f"#{name}").render())


async def test_it_is_shown_how_a_movie_stands_as_it_goes(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "movie" not in words(pilot, "about-job")
        say = farm.journal.say_of_movie
        say("bouncing", state=MovieState.ENCODING, done=21, total=50)
        await until(pilot, lambda: "movie 42% encoded" in words(pilot, "about-job"))
        fault = Fault.of(FaultKind.MOVIE_FAILED, job="bouncing", detail="no room")
        say("bouncing", state=MovieState.FAILED, fault=fault)
        await until(pilot, lambda: "movie failed (m makes it)" in words(pilot, "about-job"))
        say("bouncing", state=MovieState.DONE, fault=None, file="film[red].mp4")
        await until(pilot, lambda: "movie film[red].mp4" in words(pilot, "about-job"))


async def test_what_is_wrong_with_a_movie_is_among_the_problems(farm: Prepared) -> None:
    fault = Fault.of(FaultKind.MOVIE_FAILED, job="bouncing", detail="no room")
    note = Fault.of(FaultKind.MOVIE_SILENT, job="bouncing", frame=1)
    farm.journal.say_of_movie("bouncing", state=MovieState.FAILED, fault=fault, notes=(note,))
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(
            pilot, lambda: "could not be encoded: no room" in words(pilot, "about-problems")
        )
        assert "no device has mixed it down" in words(pilot, "about-problems")


async def test_a_key_asks_for_the_movie(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("m")
        await until(pilot, farm.requests)
        assert farm.requests() == [("movie", "bouncing", "")]


def test_what_comes_beside_a_frame_is_called_by_what_it_is() -> None:
    paths = ("shot_0001.png", "@sound/0001_from_1_to_8.flac", "@display/0001.jpg")
    files = tuple(OutputFile(path, 2048, "") for path in paths)
    done = AttemptRow("shot", 1, 1, "run", "tower", "done", None, None, 2.0, files, None)
    told = str(about_frame(1, "done", [done], {}))
    assert "shot_0001.png  2.0 KiB" in told
    assert "the movie's sound  2.0 KiB" in told
    assert "the picture for the contact sheet  2.0 KiB" in told
    assert "@" not in told
