"""A devices.toml that was changed by hand meanwhile: both versions, and which is to stand."""

from __future__ import annotations

import difflib
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Static

from blendtui.tui import words
from blendtui.tui.words import Colors
from blendtui.wording import safe


class ClashScreen(ModalScreen[str]):
    """Gives "both", "mine", "theirs", or None to change nothing yet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        Binding("b", "choose('both')", "Both"),
        Binding("m", "choose('mine')", "Mine"),
        Binding("t", "choose('theirs')", "Theirs"),
    ]

    def __init__(self, theirs: str, mine: str, *, can_merge: bool) -> None:
        super().__init__()
        self._theirs = theirs
        self._mine = mine
        self._can_merge = can_merge

    def compose(self) -> ComposeResult:
        """Lay out the difference and the choices."""
        with Vertical(classes="dialog wide"):
            yield Label("devices.toml was changed by hand meanwhile.", classes="dialog-title")
            yield Label("- stands in the file now, + is what you would save:")
            with VerticalScroll(id="difference"):
                yield Static(difference(self._theirs, self._mine, self.app.theme_variables))
            with Horizontal(classes="buttons"):
                yield Button("Both (b)", id="both", disabled=not self._can_merge)
                yield Button("Mine (m)", id="mine", variant="warning")
                yield Button("Theirs (t)", id="theirs")
                yield Button("Back", id="back", variant="primary")
            yield Label("Both: their file with your changes in it.", classes="hint")

    def on_mount(self) -> None:
        """Begin with what changes nothing."""
        self.query_one("#back").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the choice."""
        self.action_choose(str(event.button.id))

    def action_choose(self, which: str) -> None:
        """Take the choice."""
        if which != "both" or self._can_merge:
            self.dismiss(None if which == "back" else which)


def difference(theirs: str, mine: str, colors: Colors) -> Text:
    """Write the lines that differ, with some around them."""
    lines = difflib.unified_diff(theirs.splitlines(), mine.splitlines(), n=1, lineterm="")
    styles = {"+": words.color(colors, "success"), "-": words.color(colors, "error")}
    text = Text()
    for line in list(lines)[2:]:
        shown = "…" if line.startswith("@@") else safe(line, 200)
        text.append(f"{shown}\n", styles.get(line[:1], words.color(colors, "none")))
    return text
