"""A text of many lines that can be searched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, RichLog

from blendtui.wording import safe

KEPT = 5000
"""Lines that can be scrolled back to."""

LONGEST = 400
"""Characters of a line that are shown."""


class LogView(Vertical):
    """Lines of foreign text, made harmless; `/` shows only those with some words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Search", key_display="/", tooltip="Show only lines with…"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: list[str] = []
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """Lay out the field above the lines."""
        yield Input(placeholder="show only lines with…", classes="find")
        yield RichLog(max_lines=KEPT, wrap=False, markup=False, highlight=False, classes="lines")

    def on_mount(self) -> None:
        """Hide the field until it's wanted."""
        self.query_one(Input).display = False

    def replace(self, lines: Iterable[str]) -> None:
        """Show these lines and no others."""
        self._lines.clear()
        self.query_one(RichLog).clear()
        self.add(lines)

    def add(self, lines: Iterable[str]) -> None:
        """Show more lines."""
        view = self.query_one(RichLog)
        for line in lines:
            shown = safe(line.rstrip("\r\n").replace("\t", "    "), LONGEST)
            self._lines.append(shown)
            if self._wanted in shown.casefold():
                view.write(Text(shown, no_wrap=True))
        del self._lines[:-KEPT]

    def action_find(self) -> None:
        """Ask which lines to show."""
        field = self.query_one(Input)
        field.display = True
        field.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._wanted = event.value.casefold().strip()
        view = self.query_one(RichLog)
        view.clear()
        for line in self._lines:
            if self._wanted in line.casefold():
                view.write(Text(line, no_wrap=True))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(RichLog).focus()
