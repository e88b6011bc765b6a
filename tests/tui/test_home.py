"""The home screen: what is seen, and what each key asks of the farm."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from blendtui.tui.screens.farm import HomeScreen
from blendtui.tui.widgets.happenings import Happenings
from blendtui.tui.widgets.rows import RowTable
from tests.support.centres import Prepared


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Prepared]:
    with Prepared(tmp_path) as prepared:
        prepared.devices(3, lost=1)
        prepared.jobs(3)
        prepared.ready()
        prepared.render(10, failing=(4,))
        prepared.begin()
        yield prepared


def table(pilot: Pilot[int], name: str) -> RowTable:
    return pilot.app.screen.query_one(f"#{name}", RowTable)


def cells(pilot: Pilot[int], name: str) -> list[list[str]]:
    shown = table(pilot, name)
    return [[str(cell) for cell in shown.cells(key)] for key in shown.keys]


async def test_all_jobs_and_devices_are_shown(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert [row[0] for row in cells(pilot, "jobs")] == [
            "bouncing",
            "shot_[red]010",
            "カット 🎬",
        ]
        first = cells(pilot, "jobs")[0]
        assert first[1] == "▶ active"
        assert first[3] == "9/60"
        by_name = {row[0]: row[1] for row in cells(pilot, "devices")}
        assert by_name["oldpc"] == "✗ not connected"
        assert by_name["tower"] == "▶ rendering"


@pytest.mark.parametrize(
    ("keys", "wish"),
    [
        ("space", ("pause", "bouncing", "")),
        ("down space", ("pause", "shot_[red]010", "")),
        ("plus", ("priority", "bouncing", "60")),
        ("minus", ("priority", "bouncing", "40")),
        ("r", ("retry", "bouncing", "")),
        ("x y", ("cancel", "bouncing", "")),
        ("x n", None),
        ("x escape", None),
        ("tab d", ("drain", "laptop", "")),
    ],
)
async def test_each_key_asks_for_one_thing(
    farm: Prepared, keys: str, wish: tuple[str, str, str] | None
) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press(*keys.split())
        await pilot.pause()
        assert farm.requests() == ([] if wish is None else [wish])


async def test_two_presses_are_two_steps_however_late_the_engine_answers(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.press("plus", "plus", "minus", "plus")
        await pilot.pause()
        assert [detail for _, _, detail in farm.requests()] == ["60", "70", "60", "70"]


async def test_news_changes_rows_and_leaves_the_cursor_where_it_is(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down")
        farm.render(3)
        app.look()
        await pilot.pause()
        assert cells(pilot, "jobs")[0][3] == "12/60"
        assert table(pilot, "jobs").chosen == "shot_[red]010"


async def test_the_filter_shows_only_lines_with_its_words(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.press("slash", *"memory", "enter")
        await pilot.pause()
        lines = pilot.app.screen.query_one(Happenings).lines
        assert lines
        assert all("memory" in line for line in lines)


async def test_without_jobs_it_says_what_to_do(tmp_path: Path) -> None:
    with Prepared(tmp_path) as farm:
        async with farm.centre().run_test(size=(80, 24)) as pilot:
            words = str(pilot.app.screen.query_one("#no-jobs").render())
            assert "Drop a .zip or a .blend into" in words


async def test_help_names_every_key_and_goes_away(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        said = str(pilot.app.screen.query_one(".keys").render())
        assert "Pause the job, or let it go on" in said
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_without_an_engine_of_its_own_q_leaves_at_once(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert app.return_value == 0
    assert not logging.getLogger("blendtui").handlers
