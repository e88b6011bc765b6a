"""The .blend files of a zip, of which one is chosen to be rendered."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import OptionList

from blendtui.wording import safe


class BlendList(OptionList):
    """Up and down go through it, and beyond its ends to what stands before and behind it."""

    class Chosen(Message):
        """One was chosen, by its path within the zip."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def on_mount(self) -> None:
        """Say what is chosen here."""
        self.border_title = ".blend to render"
        self._blends: list[str] = []

    def show(self, blends: Sequence[str], chosen: str) -> None:
        """Offer these, one of them perhaps chosen already; nothing is shown where there is none."""
        self._blends = list(blends)
        self.set_class(chosen not in blends, "-undecided")
        marks = ("▸ " if path == chosen else "  " for path in blends)
        self.set_options(
            Text(f"{mark}{safe(path, 200)}", no_wrap=True, overflow="ellipsis")
            for mark, path in zip(marks, blends, strict=True)
        )
        self.display = bool(blends)
        if blends:
            self.highlighted = self._blends.index(chosen) if chosen in blends else 0

    def action_cursor_down(self) -> None:
        """Go to the next one, or on to what follows."""
        if self.highlighted == self.option_count - 1:
            self.screen.focus_next()
        else:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """Go to the one before, or back to what precedes."""
        if self.highlighted == 0:
            self.screen.focus_previous()
        else:
            super().action_cursor_up()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self._blends[event.option_index]))
