"""The table of rows: only what is seen is asked for, and the cursor stays where it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from blendtui.tui.widgets.rows import Cell, RowTable

KEYS = [f"row{number:03d}" for number in range(500)]


class Shown(App[None]):
    """An app with one table; `opened` has the keys of rows that were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.opened: list[str] = []

    def compose(self) -> ComposeResult:
        yield RowTable(("Name", "State"), id="rows")

    def cells(self, key: str) -> Sequence[Cell]:
        self.asked.append(key)
        return [Text(key, "red"), f"state of {key}"]

    def on_row_table_selected(self, event: RowTable.Selected) -> None:
        self.opened.append(event.key)

    @property
    def table(self) -> RowTable:
        return self.query_one(RowTable)

    @property
    def lines(self) -> list[str]:
        return [self.table.render_line(y).text.rstrip() for y in range(self.table.size.height)]


@pytest.fixture
async def pilot() -> Iterator[Pilot[None]]:  # type: ignore[misc]
    app = Shown()
    async with app.run_test(size=(40, 12)) as pilot:
        app.table.styles.height = 12
        await pilot.pause()
        app.table.tell(KEYS, app.cells)
        app.table.focus()
        await pilot.pause()
        yield pilot


def app_of(pilot: Pilot[None]) -> Shown:
    assert isinstance(pilot.app, Shown)
    return pilot.app


async def test_only_rows_on_the_screen_are_asked_for(pilot: Pilot[None]) -> None:
    app = app_of(pilot)
    assert set(app.asked) == set(KEYS[:11])
    await pilot.press("end")
    await pilot.pause()
    assert set(app.asked) == set(KEYS[:11]) | set(KEYS[-11:])
    assert app.lines[0].split() == ["Name", "State"]
    assert app.lines[-1].split() == ["row499", "state", "of", "row499"]


async def test_the_cursor_stays_on_its_row_when_others_come_and_go(pilot: Pilot[None]) -> None:
    app = app_of(pilot)
    await pilot.press("down", "down", "down")
    assert app.table.chosen == "row003"
    app.table.tell(["new", *reversed(KEYS[2:])], app.cells)
    assert app.table.chosen == "row003"
    app.table.tell(["new"], app.cells)
    assert app.table.chosen == "new"


async def test_a_table_without_rows_has_nothing_to_open(pilot: Pilot[None]) -> None:
    app = app_of(pilot)
    app.table.tell([], app.cells)
    assert app.table.chosen is None
    await pilot.press("down", "enter")
    assert app.opened == []


async def test_a_wide_cell_makes_its_column_wide(pilot: Pilot[None]) -> None:
    app = app_of(pilot)
    app.table.tell(KEYS, lambda key: ["カット" * 3 if key == "row001" else key, "x"])
    await pilot.pause()
    places = {line.index("x") for line in (app.lines[1], app.lines[3])}
    assert places == {2 + 18 + 1}
    assert app.lines[2] == " カットカットカット  x"


async def test_a_click_chooses_a_row_and_another_opens_it(pilot: Pilot[None]) -> None:
    app = app_of(pilot)
    await pilot.click(RowTable, offset=(3, 4))
    assert (app.table.chosen, app.opened) == ("row003", [])
    await pilot.click(RowTable, offset=(3, 4))
    assert app.opened == ["row003"]
    await pilot.click(RowTable, offset=(3, 0))
    assert app.opened == ["row003"]


async def test_paging_and_the_wheel_keep_to_the_rows(pilot: Pilot[None]) -> None:
    app = app_of(pilot)
    await pilot.press("pagedown")
    assert app.table.chosen == "row011"
    await pilot.press("pageup", "pageup")
    assert app.table.chosen == "row000"
