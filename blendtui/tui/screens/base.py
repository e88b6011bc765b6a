"""What all screens have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.screen import Screen

from blendtui.tui.feed import Feed, News
from blendtui.tui.words import Colors

if TYPE_CHECKING:
    from blendtui.tui.app import ControlCentre


class FarmScreen(Screen[None]):
    """A screen that shows a part of the farm: `show` is called with everything, then with news."""

    HELP_TEXT = ""
    """What the screen is for, in a few sentences, for its help."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
    ]

    @property
    def centre(self) -> ControlCentre:
        """The app."""
        return cast("ControlCentre", self.app)

    @property
    def feed(self) -> Feed:
        """What is known of the farm."""
        return self.centre.feed

    @property
    def palette(self) -> Colors:
        """The theme's colors, by name."""
        return self.app.theme_variables

    def show(self, news: News) -> None:
        """Show what changed; overridden by each screen."""

    def engine_changed(self) -> None:
        """Show whether an engine runs; overridden where that is shown."""

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was in front."""
        if self.centre.places is not None:
            self.show(self.feed.everything())

    def action_back(self) -> None:
        """Go back to the screen before."""
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
