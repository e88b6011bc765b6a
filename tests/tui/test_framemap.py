"""The frame map: a cell for each frame, a cursor that goes through them."""

from __future__ import annotations

from textual.app import App, ComposeResult

from blendtui.tui.themes import NIGHT
from blendtui.tui.widgets.framemap import FrameMap


class Shown(App[None]):
    """A frame map and nothing else."""

    def __init__(self, frames: int, failed: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.register_theme(NIGHT)
        self.theme = NIGHT.name
        self.numbers = tuple(range(1, frames + 1))
        self.failed = failed
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield FrameMap(id="map")

    def on_mount(self) -> None:
        states = {one: "failed" if one in self.failed else "done" for one in self.numbers}
        self.map.set_frames(self.numbers, states)
        self.map.focus()

    def on_frame_map_chosen(self, message: FrameMap.Chosen) -> None:
        self.chosen.append(message.frame)

    @property
    def map(self) -> FrameMap:
        return self.query_one(FrameMap)

    def lines(self) -> list[str]:
        return [self.map.render_line(y).text.rstrip() for y in range(self.map.size.height)]


async def test_each_frame_has_a_cell_and_each_line_says_where_it_begins() -> None:
    async with Shown(45, failed=(3,)).run_test(size=(50, 10)) as pilot:
        app = pilot.app
        assert isinstance(app, Shown)
        lines = app.lines()
        assert lines[0] == " 1 ■ ■ ✗" + " ■" * 17
        assert lines[1] == "21" + " ■" * 20
        assert lines[2] == "41" + " ■" * 5
        assert "".join(lines[3:]) == ""


async def test_the_cursor_moves_by_keys_and_tells_of_it() -> None:
    async with Shown(100).run_test(size=(50, 10)) as pilot:
        app = pilot.app
        assert isinstance(app, Shown)
        await pilot.press("right", "down", "left", "end", "home", "left")
        assert app.chosen == [2, 22, 21, 100, 1]


async def test_a_click_chooses_a_frame_and_one_beside_all_cells_none() -> None:
    async with Shown(45).run_test(size=(50, 10)) as pilot:
        app = pilot.app
        assert isinstance(app, Shown)
        await pilot.click("#map", offset=(3 + 2 * 4, 1))
        assert app.map.chosen == 25
        await pilot.click("#map", offset=(3 + 2 * 4, 8))
        assert app.map.chosen == 45
        assert app.map.choose(46) is False


async def test_the_next_failed_frame_is_one_key_away() -> None:
    async with Shown(100, failed=(7, 70)).run_test(size=(50, 10)) as pilot:
        app = pilot.app
        assert isinstance(app, Shown)
        await pilot.press("n", "n", "n", "N")
        assert app.chosen == [7, 70, 7, 70]


async def test_ten_thousand_frames_scroll_to_the_cursor() -> None:
    async with Shown(10_000).run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, Shown)
        await pilot.press("end")
        assert app.map.chosen == 10_000
        line = (10_000 - 1) // 30
        assert app.map.scroll_offset.y <= line < app.map.scroll_offset.y + 24


async def test_times_are_shown_by_symbols_of_rising_height() -> None:
    async with Shown(8).run_test(size=(50, 10)) as pilot:
        app = pilot.app
        assert isinstance(app, Shown)
        app.map.update_seconds({number: 2.0**number for number in range(1, 9)})
        app.map.toggle_time()
        assert app.lines()[0] == "1 ▁ ▂ ▃ ▄ ▅ ▆ ▇ █"
