"""What happened, line by line, the newest last; only lines with the words of a filter."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from blendtui import telling
from blendtui.store.shown import HistoryRow
from blendtui.wording import exact_clock

KEPT = 1000
"""Lines that can be scrolled back to."""

TROUBLES = {"try-failed", "frame-failed", "run-failed", "device-lost", "set-aside", "rejected"}
"""Kinds of rows that are marked."""


class Happenings(ScrollView, can_focus=True):
    """A log that follows its end as long as one looks at the end. Only seen lines are drawn."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._all: deque[str] = deque(maxlen=KEPT)
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._wanted = ""
        self._follows = True

    @property
    def lines(self) -> list[str]:
        """The lines that can be scrolled to."""
        return list(self._lines)

    def replace(self, rows: Iterable[HistoryRow]) -> None:
        """Show these rows and no others."""
        self._all.clear()
        self._lines.clear()
        self.add(rows)

    def add(self, rows: Iterable[HistoryRow]) -> None:
        """Show more rows."""
        told = [_line(row) for row in rows]
        self._all.extend(told)
        self._show([line for line in told if self._wanted in line.casefold()])

    def filter(self, words: str) -> None:
        """Show only lines with these words, in upper or lower case."""
        self._wanted = words.casefold().strip()
        self._lines.clear()
        self._show([line for line in self._all if self._wanted in line.casefold()])

    def _show(self, fresh: list[str]) -> None:
        pushed_out = max(0, len(self._lines) + len(fresh) - KEPT)
        self._lines.extend(fresh)
        width = max((cell_len(line) for line in fresh), default=0)
        self.virtual_size = Size(max(self.virtual_size.width, width), len(self._lines))
        if self._follows:
            self.scroll_end(animate=False, x_axis=False)
        elif pushed_out:  # the lines that one reads stay where they are
            self.scroll_to(y=self.scroll_offset.y - pushed_out, animate=False)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end again when somebody has gone back to it."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = new_value >= self.max_scroll_y

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        place, plain = y + top, self.rich_style
        if place >= len(self._lines):
            return Strip.blank(width, plain)
        strip = Strip([Segment(self._lines[place], plain)])
        return strip.crop_extend(left, left + width, plain)


def _line(row: HistoryRow) -> str:
    mark = "! " if row.kind in TROUBLES else "  "
    return f"{exact_clock(row.at)} {mark}{telling.line(row)}"
