"""The screen of one job: what is seen of a frame, and what each key asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import RichLog

from blendtui.farm import events as ev
from blendtui.tui.widgets.framemap import FrameMap
from tests.support.centres import Prepared, until

SAFE = "Fra:3\\x1b[31m [red]no[/]"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Prepared]:
    with Prepared(tmp_path) as prepared:
        prepared.devices(2)
        prepared.jobs(1)
        prepared.ready()
        prepared.render(10, failing=(4,))
        prepared.begin()
        yield prepared


def words(pilot: Pilot[int], name: str) -> str:
    return str(pilot.app.screen.query_one(f"#{name}").render())


async def test_the_frame_under_the_cursor_is_described(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        states = {frame.number: frame.state for frame in app.feed.views.frames("bouncing")}
        done = next(number for number, state in states.items() if state == "done")
        app.screen.query_one(FrameMap).choose(done)
        await until(pilot, lambda: f"Frame {done}  ■ done" in words(pilot, "about-frame"))
        assert f"bouncing_{done:04d}.png" in words(pilot, "about-frame")


async def test_a_failed_try_is_told_with_its_words(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        failed = next(one for one in app.feed.views.spans("bouncing") if one.state == "failed")
        app.screen.query_one(FrameMap).choose(failed.frame)
        await until(pilot, lambda: "Out of memory" in words(pilot, "about-frame"))


async def test_the_log_of_a_failed_try_is_shown_and_its_control_characters_are_not(
    farm: Prepared,
) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        failed = next(one for one in app.feed.views.spans("bouncing") if one.state == "failed")
        logs = farm.places.share / "bouncing" / "logs"
        logs.mkdir(parents=True)
        (logs / f"frame-{failed.frame}-try-1.log").write_text("Fra:3\x1b[31m [red]no[/]\n")
        app.screen.query_one(FrameMap).choose(failed.frame)
        await pilot.press("l")
        view = app.screen.query_one("LogView .lines", RichLog)
        await until(pilot, lambda: [line.text.rstrip() for line in view.lines][:1] == [SAFE])


@pytest.mark.parametrize(
    ("keys", "wish"),
    [
        ("space", ("pause", "bouncing", "")),
        ("r", ("retry", "bouncing", "")),
        ("g 7 enter", ("again", "bouncing", "7")),
        ("c 1 minus 9 enter", ("frames", "bouncing", "1-9")),
        ("g minus 7 enter", ("again", "bouncing", "-7")),
        ("c minus 9 minus 1 enter", ("frames", "bouncing", "-9-1")),
        ("f minus minus 5 enter escape", None),
        ("p 8 0 enter", ("priority", "bouncing", "80")),
        ("p 8 0 0 enter escape", None),
        ("x y", ("cancel", "bouncing", "")),
    ],
)
async def test_each_key_asks_for_one_thing(
    farm: Prepared, keys: str, wish: tuple[str, str, str] | None
) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(*keys.split())
        await pilot.pause()
        asked = [one for one in farm.requests() if one[0] != "picture"]
        assert asked == ([] if wish is None else [wish])


async def test_frames_that_are_done_meanwhile_fill_the_map(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        grid = app.screen.query_one(FrameMap)
        before = sum(grid.state_of(number) == "done" for number in range(1, 61))
        farm.render(5)
        app.look()
        assert sum(grid.state_of(number) == "done" for number in range(1, 61)) == before + 5
        farm.tell(ev.JobFramesSet("bouncing", tuple(range(1, 71))))
        app.look()
        assert grid.choose(70)


@pytest.mark.parametrize("frame", [-2, 0])
async def test_the_frame_under_the_cursor_is_offered_whichever_number_it_has(
    farm: Prepared, frame: int
) -> None:
    farm.tell(ev.JobFramesSet("bouncing", tuple(range(-3, 61))))
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("f", *("minus" if one == "-" else one for one in str(frame)), "enter")
        await until(pilot, lambda: f"Frame {frame} " in words(pilot, "about-frame"))
        await pilot.press("g", "enter")
        await pilot.pause()
        asked = [one for one in farm.requests() if one[0] != "picture"]
        assert asked == [("again", "bouncing", str(frame))]
