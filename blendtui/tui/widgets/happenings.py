"""What happened, line by line, the newest last; only lines with the words of a filter."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rich.text import Text
from textual.widgets import RichLog

from blendtui import telling
from blendtui.shown import HistoryRow
from blendtui.wording import exact_clock

KEPT = 1000
"""Lines that can be scrolled back to."""

TROUBLES = {"try-failed", "frame-failed", "run-failed", "device-lost", "set-aside", "rejected"}
"""Kinds of rows that are marked."""


class Happenings(RichLog):
    """A log that follows its end as long as one looks at the end."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, max_lines=KEPT, wrap=False, markup=False, highlight=False)
        self._rows: deque[HistoryRow] = deque(maxlen=KEPT)
        self._wanted = ""

    def replace(self, rows: Iterable[HistoryRow]) -> None:
        """Show these rows and no others."""
        self._rows.clear()
        self.clear()
        self.add(rows)

    def add(self, rows: Iterable[HistoryRow]) -> None:
        """Show more rows."""
        for row in rows:
            self._rows.append(row)
            self._tell(row)

    def filter(self, words: str) -> None:
        """Show only lines with these words, in upper or lower case."""
        self._wanted = words.casefold().strip()
        self.clear()
        for row in self._rows:
            self._tell(row)

    def _tell(self, row: HistoryRow) -> None:
        text = telling.line(row)
        if self._wanted in text.casefold():
            mark = "! " if row.kind in TROUBLES else "  "
            self.write(Text(f"{exact_clock(row.at)} {mark}{text}", no_wrap=True), scroll_end=None)
