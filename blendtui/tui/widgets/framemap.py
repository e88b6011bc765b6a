"""All frames of a job, a cell each: seen at a glance, moved through with a cursor."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from blendtui.tui import words
from blendtui.tui.themes import FRAME_LOOKS

CELL = 2
"""Columns of a cell: its symbol and a space."""

SHADES = "▁▂▃▄▅▆▇█"
"""Symbols of frames by how long they took, the quickest first."""

UNKNOWN = "?"


class FrameMap(ScrollView, can_focus=True):
    """Frames in ascending order, wrapped to the width; each line begins with its first frame."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("up", "move_line(-1)", show=False),
        Binding("down", "move_line(1)", show=False),
        Binding("pageup", "move_page(-1)", show=False),
        Binding("pagedown", "move_page(1)", show=False),
        Binding("home", "go_to(0)", show=False),
        Binding("end", "go_to(-1)", show=False),
        Binding("n", "next_failed(1)", "Next failed", show=False),
        Binding("N", "next_failed(-1)", "Failed before", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """The cursor is on another frame."""

        frame: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._numbers: Sequence[int] = ()
        self._states: dict[int, str] = {}
        self._seconds: dict[int, float] = {}
        self.by_time = False
        self._bounds = (0.0, 0.0)
        self._cursor = 0

    # what is shown

    def set_frames(self, numbers: Sequence[int], states: Mapping[int, str]) -> None:
        """Show other frames (in ascending order); the cursor stays on its frame if it's there."""
        chosen = self.chosen
        self._numbers, self._states = numbers, dict(states)
        place = bisect_left(numbers, chosen) if chosen is not None else 0
        self._cursor = min(place, max(0, len(numbers) - 1))
        self._measure()
        self.refresh()

    def update_states(self, states: Iterable[tuple[int, str]]) -> None:
        """Change frames' states; only their lines are drawn anew."""
        for number, state in states:
            if self._states.get(number) != state:
                self._states[number] = state
                self._draw(number)

    def update_seconds(self, seconds: Mapping[int, float]) -> None:
        """Tell how long frames took, in seconds of rendering."""
        self._seconds.update(seconds)
        known = sorted(self._seconds.values())
        if known:
            bounds = (known[len(known) // 50], known[-1 - len(known) // 50])
            changed, self._bounds = bounds != self._bounds, bounds
            if self.by_time:
                if changed:
                    self.refresh()
                else:
                    for number in seconds:
                        self._draw(number)

    def toggle_time(self) -> bool:
        """Show how long frames took instead of their states, or the states again; gives which."""
        self.by_time = not self.by_time
        self.refresh()
        return self.by_time

    @property
    def chosen(self) -> int | None:
        """The frame that the cursor is on."""
        return self._numbers[self._cursor] if self._numbers else None

    def state_of(self, frame: int) -> str:
        """Give a frame's state."""
        return self._states.get(frame, "waiting")

    def choose(self, frame: int) -> bool:
        """Put the cursor on a frame, if there is such a one."""
        place = bisect_left(self._numbers, frame)
        if place >= len(self._numbers) or self._numbers[place] != frame:
            return False
        self._go(place)
        return True

    # geometry

    @property
    def _label(self) -> int:
        if not self._numbers:
            return 2
        return max(len(str(self._numbers[0])), len(str(self._numbers[-1]))) + 1

    @property
    def _per_line(self) -> int:
        fit = max(1, (self.scrollable_content_region.width - self._label) // CELL)
        return fit - fit % 10 if fit >= 20 else fit

    def _measure(self) -> None:
        lines = -(-len(self._numbers) // self._per_line)
        self.virtual_size = Size(self._label + self._per_line * CELL, lines)

    def on_resize(self) -> None:
        """Wrap the frames to the new width."""
        self._measure()
        self._follow()

    def _draw(self, number: int) -> None:
        place = bisect_left(self._numbers, number)
        self.refresh_line(place // self._per_line)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        begin = line * self._per_line
        numbers = self._numbers[begin : begin + self._per_line]
        if not numbers:
            return Strip.blank(width, self.rich_style)
        palette, plain = self.app.theme_variables, self.rich_style
        segments = [Segment(f"{numbers[0]:>{self._label - 1}} ", plain + Style(dim=True))]
        for place, number in enumerate(numbers, begin):
            symbol, style = self._cell(number, palette)
            if place == self._cursor:
                style += Style(reverse=True, bold=True)
            segments.append(Segment(symbol, plain + style))
            segments.append(Segment(" " * (CELL - 1), plain))
        return Strip(segments).adjust_cell_length(width, plain)

    def _cell(self, number: int, palette: words.Colors) -> tuple[str, Style]:
        state = self._states.get(number, "waiting")
        look = FRAME_LOOKS.get(state, FRAME_LOOKS["waiting"])
        if self.by_time and state == "done":
            return self._shade(number, palette)
        return look.symbol, words.color(palette, look.color)

    def _shade(self, number: int, palette: words.Colors) -> tuple[str, Style]:
        took, (low, high) = self._seconds.get(number), self._bounds
        if took is None:
            return UNKNOWN, Style()
        part = 0.0
        if high > low > 0:
            part = max(0.0, min(1.0, log(max(took, low) / low) / log(high / low)))
        names = ("success", "accent", "error")
        color = names[min(len(names) - 1, int(part * len(names)))]
        return SHADES[round(part * (len(SHADES) - 1))], words.color(palette, color)

    # the cursor

    def _go(self, place: int) -> None:
        if not self._numbers:
            return
        place = max(0, min(len(self._numbers) - 1, place))
        if place == self._cursor:
            return
        before, self._cursor = self._cursor, place
        for one in (before, place):
            self._draw(self._numbers[one])
        self._follow()
        self.post_message(self.Chosen(self._numbers[place]))

    def _follow(self) -> None:
        line, height = self._cursor // self._per_line, self.scrollable_content_region.height
        top = self.scroll_offset.y
        if line < top:
            self.scroll_to(y=line, animate=False)
        elif height and line >= top + height:
            self.scroll_to(y=line - height + 1, animate=False)

    def action_move(self, by: int) -> None:
        """Go some frames on."""
        self._go(self._cursor + by)

    def action_move_line(self, by: int) -> None:
        """Go some lines on."""
        self._go(self._cursor + by * self._per_line)

    def action_move_page(self, by: int) -> None:
        """Go some pages on."""
        self._go(self._cursor + by * self._per_line * max(1, self.size.height - 1))

    def action_go_to(self, place: int) -> None:
        """Go to the first frame (0) or the last (-1)."""
        self._go(place if place >= 0 else len(self._numbers) - 1)

    def action_next_failed(self, by: int) -> None:
        """Go to the next failed frame, or the one before."""
        count = len(self._numbers)
        for step in range(1, count + 1):
            place = (self._cursor + by * step) % count
            if self._states.get(self._numbers[place]) == "failed":
                self._go(place)
                return
        self.app.bell()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the cell."""
        place = event.get_content_offset(self)
        if place is None:
            return
        column = (place.x - self._label) // CELL
        if 0 <= column < self._per_line:
            self._go((place.y + self.scroll_offset.y) * self._per_line + column)
