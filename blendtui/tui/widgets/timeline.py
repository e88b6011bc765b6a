"""Who rendered when: a line a slot, time from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from blendtui.store.shown import SpanRow
from blendtui.tui import words
from blendtui.wording import clock, safe

CALM = 20.0
"""Times as long as drawing took during which it isn't drawn anew: 100,000 tries take a while."""

NAME = 18
"""Columns for a slot's name."""

DONE, FAILED, RENDERING, DROPPED, NOTHING = "█", "✗", "▸", "░", " "
"""What a column shows; a failure hides all else, since it must be seen."""

COLORS = {DONE: "success", FAILED: "error", RENDERING: "primary", DROPPED: "secondary"}
WEIGHT = {NOTHING: 0, DROPPED: 1, DONE: 2, RENDERING: 3, FAILED: 4}


def drawn(spans: Sequence[SpanRow], begin: float, end: float, width: int) -> str:
    """Draw one slot's tries from `begin` to `end` (seconds since the epoch), a column a symbol.

    A column shows the weightiest of what happened in it; a gap is one in which nothing did.
    """
    columns = [NOTHING] * width
    scale = width / max(end - begin, 1e-9)
    for span in spans:
        if span.started is None:
            continue
        symbol = _symbol(span)
        first = max(0, int((span.started - begin) * scale))
        last = min(width - 1, int(((span.ended or end) - begin) * scale))
        for column in range(first, last + 1):
            if WEIGHT[symbol] > WEIGHT[columns[column]]:
                columns[column] = symbol
    return "".join(columns)


def _symbol(span: SpanRow) -> str:
    if span.ended is None:
        return RENDERING
    return {"done": DONE, "failed": FAILED, "rendered": DONE}.get(span.state, DROPPED)


class Timeline(ScrollView, can_focus=True):
    """The tries of a job by slot, from its beginning to now or its end."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._slots: dict[tuple[str, int], list[SpanRow]] = {}
        self._begin = self._end = 0.0
        self._lines: list[tuple[str, str]] = []
        self._next = 0.0

    def show_spans(self, spans: Mapping[tuple[int, int], SpanRow], end: float) -> None:
        """Show all tries of a job up to `end`, in seconds since the epoch.

        Does nothing where it was drawn just now, compared with how long drawing took.
        """
        begun = monotonic()
        if begun < self._next:
            return
        self._slots = {}
        for span in spans.values():
            if span.started is not None:
                self._slots.setdefault((span.device, span.slot), []).append(span)
        starts = (span.started for slot in self._slots.values() for span in slot)
        self._begin = min((at for at in starts if at is not None), default=end)
        self._end = end
        self._lay_out()
        self._next = begun + CALM * (monotonic() - begun)

    def on_resize(self) -> None:
        """Draw to the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(1, self.scrollable_content_region.width - NAME)
        self._lines = [
            (safe(f"{device}/{slot}", NAME - 1), drawn(spans, self._begin, self._end, width))
            for (device, slot), spans in sorted(self._slots.items())
        ]
        self.virtual_size = Size(NAME + width, len(self._lines) + 1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one slot's line; below the last the times of both ends."""
        line, plain = y + self.scroll_offset.y, self.rich_style
        width = self.scrollable_content_region.width
        if line == len(self._lines) and self._lines:
            begin, end = clock(self._begin), clock(self._end)
            room = max(1, width - NAME - len(begin))
            text = f"{'':{NAME}}{begin}{end:>{room}}"
            return Strip([Segment(text, plain + Style(dim=True))]).adjust_cell_length(width, plain)
        if line >= len(self._lines):
            return Strip.blank(width, plain)
        name, columns = self._lines[line]
        segments = [Segment(name, plain)]
        segments.append(Segment(" " * max(1, NAME - Strip(segments).cell_length), plain))
        palette = self.app.theme_variables
        for symbol in columns:
            style = words.color(palette, COLORS[symbol]) if symbol in COLORS else Style()
            segments.append(Segment(symbol, plain + style))
        return Strip(segments).simplify().adjust_cell_length(width, plain)
