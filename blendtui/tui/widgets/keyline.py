"""The line of keys at the bottom of a screen."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Footer


class KeyLine(Footer):
    """A footer that is made anew only when other keys are to be shown, not for each focus."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._shown: list[tuple[str, str, bool]] | None = None

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Show the keys of what has the focus now."""
        shown = [
            (one.binding.key, one.binding.description, one.enabled)
            for one in screen.active_bindings.values()
            if one.binding.show
        ]
        if shown != self._shown:
            self._shown = shown
            super().bindings_changed(screen)
