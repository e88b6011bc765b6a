"""A table that is told its rows again and again, and draws only what is seen and has changed.

Textual's DataTable draws all that is seen anew for each cell that changes: with 500 devices that
is most of a core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

Cell = str | Text
Draw = Callable[[str], Sequence[Cell]]
"""Gives the cells of the row with a key."""

PADDING = 1
"""Columns on each side of a cell."""


class RowTable(ScrollView, can_focus=True):
    """Rows by key, in the order given, below a line of titles; one of them has the cursor.

    Cells are asked for only when their row is on the screen: 500 rows cost what 20 do. Cursor and
    scroll stay where they are when rows change.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--titles",
        "rows--even",
        "rows--odd",
        "rows--cursor",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "A page up", show=False),
        Binding("pagedown", "page(1)", "A page down", show=False),
        Binding("home,ctrl+home", "go_to(0)", "The first", show=False),
        Binding("end,ctrl+end", "go_to(-1)", "The last", show=False),
        Binding("enter", "select", "Open", show=False),
    ]

    @dataclass
    class Selected(Message):
        """Somebody wants to see more of a row."""

        table: RowTable
        key: str

        @property
        def control(self) -> RowTable:
            """The table, for `on`."""
            return self.table

    def __init__(self, columns: Sequence[str], *, id: str) -> None:
        super().__init__(id=id)
        self._titles = list(columns)
        self._widths = [cell_len(title) for title in columns]
        self._keys: list[str] = []
        self._shown: dict[str, Sequence[Cell]] = {}
        self._strips: dict[str, tuple[Style, Strip]] = {}
        self._cells: Draw = lambda _: ()
        self._cursor = 0

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all rows, in their order."""
        return self._keys

    @property
    def chosen(self) -> str | None:
        """The key of the row with the cursor."""
        return self._keys[self._cursor] if self._keys else None

    def cells(self, key: str) -> Sequence[Cell]:
        """Give a row's cells as they are now."""
        return self._cells(key)

    def tell(self, keys: Sequence[str], cells: Draw) -> None:
        """Show these rows and no others."""
        self._cells = cells
        if list(keys) != self._keys:
            self._arrange(list(keys))
        self._look_at_cells()

    def _arrange(self, keys: list[str]) -> None:
        chosen = self.chosen
        grown = len(keys) != len(self._keys)
        self._keys = keys
        known = set(keys)
        for gone in [key for key in self._shown if key not in known]:
            del self._shown[gone]
            self._strips.pop(gone, None)
        if chosen in known:
            self._cursor = keys.index(chosen)
        self._cursor = max(0, min(len(keys) - 1, self._cursor))
        if grown:
            self._measure()
        self.refresh()

    def _measure(self) -> None:
        width = sum(self._widths) + 2 * PADDING * len(self._widths)
        self.virtual_size = Size(width, 1 + len(self._keys))

    # what is seen

    @property
    def _room(self) -> int:
        """How many rows fit below the titles."""
        return max(1, self.scrollable_content_region.height - 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Look at the cells of the rows that come to be seen."""
        super().watch_scroll_y(old_value, new_value)
        self._look_at_cells()

    def on_resize(self) -> None:
        """Look at the cells of the rows that come to be seen."""
        self._look_at_cells()

    def notify_style_update(self) -> None:
        """Draw all anew, for a theme or a focus that changed."""
        super().notify_style_update()
        self._strips.clear()

    def _look_at_cells(self) -> None:
        top = self.scroll_offset.y
        for place, key in enumerate(self._keys[top : top + self._room], top):
            cells = self._cells(key)
            if self._shown.get(key) != cells:
                self._shown[key] = cells
                self._strips.pop(key, None)
                self._make_room(cells)
                self.refresh_line(place + 1)

    def _make_room(self, cells: Sequence[Cell]) -> None:
        for place, cell in enumerate(cells):
            width = cell.cell_len if isinstance(cell, Text) else cell_len(cell)
            if width > self._widths[place]:
                self._widths[place] = width
                self._strips.clear()
                self._measure()
                self.refresh()

    # drawing

    def render_line(self, y: int) -> Strip:
        """Draw one line: the titles, or a row."""
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        if y == 0:
            style = self.get_component_rich_style("rows--titles")
            strip = self._join(self._titles, style)
        elif top + y - 1 < len(self._keys):
            place = top + y - 1
            style = self._style_of(place)
            strip = self._row(self._keys[place], style)
        else:
            return Strip.blank(width, self.rich_style)
        return strip.crop_extend(left, left + width, style)

    def _style_of(self, place: int) -> Style:
        if place == self._cursor:
            return self.get_component_rich_style("rows--cursor")
        return self.get_component_rich_style("rows--odd" if place % 2 else "rows--even")

    def _row(self, key: str, style: Style) -> Strip:
        known = self._strips.get(key)
        if known is not None and known[0] == style:
            return known[1]
        strip = self._join(self._shown.get(key, ()), style)
        self._strips[key] = (style, strip)
        return strip

    def _join(self, cells: Sequence[Cell], style: Style) -> Strip:
        has_cursor = style == self.get_component_rich_style("rows--cursor")
        segments = []
        for cell, width in zip(cells, self._widths, strict=False):
            segments.append(Segment(" " * PADDING, style))
            if isinstance(cell, str):
                segments.append(Segment(set_cell_size(cell, width), style))
            else:
                for part in cell.render(self.app.console):
                    own = part.style if isinstance(part.style, Style) else Style()
                    joined = style + own if not has_cursor else own + style
                    segments.append(Segment(part.text, joined))
                segments.append(Segment(" " * (width - cell.cell_len), style))
            segments.append(Segment(" " * PADDING, style))
        return Strip(segments).simplify()

    # the cursor

    def choose(self, place: int) -> None:
        """Put the cursor on a row, counted from 0."""
        if not self._keys:
            return
        before, self._cursor = self._cursor, max(0, min(len(self._keys) - 1, place))
        for one in {before, self._cursor}:
            self.refresh_line(one + 1)
        self._follow()

    def _follow(self) -> None:
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= top + self._room:
            self.scroll_to(y=self._cursor - self._room + 1, animate=False)

    def action_move(self, by: int) -> None:
        """Go some rows on."""
        self.choose(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Go some pages on."""
        self.choose(self._cursor + by * self._room)

    def action_go_to(self, place: int) -> None:
        """Go to the first row (0) or the last (-1)."""
        self.choose(place if place >= 0 else len(self._keys) - 1)

    def action_select(self) -> None:
        """Show more of the row with the cursor."""
        if self.chosen is not None:
            self.post_message(self.Selected(self, self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Choose a row; show more of the one that is chosen already."""
        at = event.get_content_offset(self)
        place = -1 if at is None or at.y == 0 else self.scroll_offset.y + at.y - 1
        if not 0 <= place < len(self._keys):
            return
        if place == self._cursor:
            self.action_select()
        else:
            self.choose(place)
