"""What becomes of the engine when its control centre is left while jobs run."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label


class LeaveScreen(ModalScreen[str]):
    """Gives "stay", "leave" or "hand-over"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,s", "choose('stay')", "Stay"),
        Binding("l", "choose('leave')", "Leave"),
        Binding("h", "choose('hand-over')", "Hand over"),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Lay out the question and its three answers."""
        with Vertical(classes="dialog"):
            yield Label("Jobs are still being rendered.", classes="dialog-title")
            yield Button("Hand over: the farm goes on (h)", id="hand-over")
            yield Button("Leave: devices finish their frames (l)", id="leave")
            yield Button("Stay (s)", id="stay", variant="primary")

    def on_mount(self) -> None:
        """Begin with what changes nothing."""
        self.query_one("#stay").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the answer."""
        self.dismiss(event.button.id)

    def action_choose(self, answer: str) -> None:
        """Take the answer."""
        self.dismiss(answer)
