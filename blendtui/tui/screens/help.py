"""The keys of a screen, and what it is for."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label, RichLog, Static

from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.widgets.rows import RowTable

EVERYWHERE = (
    ("enter", "open what the cursor is on"),
    ("tab", "go to the next part of the screen"),
    ("escape", "go back"),
    ("ctrl+p", "all actions by name"),
)


TOLD_BELOW = (
    "command_palette",
    "back",
    "app.focus_next",
    "app.focus_previous",
    "screen.copy_text",
)
"""Actions that every screen has."""


class HelpScreen(ModalScreen[None]):
    """Help for the screen below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "Close"),
    ]

    def __init__(self, screen: FarmScreen) -> None:
        super().__init__()
        self._about = screen

    def compose(self) -> ComposeResult:
        """Lay out the words, then the keys."""
        with VerticalScroll(classes="dialog wide"):
            yield Label(self._about.title or "Help", classes="dialog-title", markup=False)
            yield Static(self._about.HELP_TEXT, markup=False)
            yield Static(self._keys(), classes="keys")

    def _keys(self) -> Text:
        rows: dict[str, str] = {}
        for active in self._about.active_bindings.values():
            binding = active.binding
            # A table's own keys are those of every table.
            own = not isinstance(active.node, RowTable | RichLog)
            if own and binding.description and binding.action not in TOLD_BELOW:
                key = self.app.get_key_display(binding)
                rows.setdefault(key, binding.tooltip or binding.description)
        rows.update(EVERYWHERE)
        width = max(len(key) for key in rows)
        lines = [
            Text.assemble((f"{key:>{width}}", "bold"), "  ", what) for key, what in rows.items()
        ]
        return Text("\n").join(lines)
