"""A look at a device, as `blendtui devices check` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Label, LoadingIndicator, Static

from blendtui.tui import words
from blendtui.tui.child import run
from blendtui.tui.screens.device_words import found_rows
from blendtui.tui.screens.trust import TrustScreen
from blendtui.wording import safe

KEY_KINDS = ("host-key-unknown", "host-key-changed")
"""Problems that trusting a key may mend."""


class CheckScreen(ModalScreen[dict[str, Any]]):
    """Checks a device and shows what was found; gives that, or None without an answer.

    `places` are the command's options, such as which devices.toml to read.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close"),
        Binding("c", "again", "Check again"),
        Binding("t", "trust", "Trust its key"),
    ]

    def __init__(self, device: str, places: Sequence[str]) -> None:
        super().__init__()
        self._device = device
        self._places = list(places)
        self._found: dict[str, Any] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the answer and what can be done next."""
        with Vertical(classes="dialog wide", id="checkup"):
            yield Label(f"Checking {safe(self._device, 60)}…", id="checked", markup=False)
            yield LoadingIndicator()
            with VerticalScroll(id="found"):
                yield Static()
            with Horizontal(classes="buttons"):
                yield Button("Trust its key (t)", id="trust", variant="warning")
                yield Button("Check again (c)", id="again")
                yield Button("Close", id="close", variant="primary")

    def on_mount(self) -> None:
        """Begin at once."""
        self.query_one("#checked").add_class("dialog-title")
        self.action_again()

    def action_again(self) -> None:
        """Check the device; leaving ends that."""
        self.run_worker(self._check(), exclusive=True)

    async def _check(self) -> None:
        self.query_one(LoadingIndicator).display = True
        for name in ("#trust", "#again", "#found"):
            self.query_one(name).display = False
        said = await run("devices", "check", self._device, "--json", *self._places)
        found = said.data[0] if isinstance(said.data, list) and said.data else None
        self._found = found
        if found is None:
            self._tell("could not be checked", Text(safe(said.trouble, 1000)))
        else:
            is_well = not found["problems"]
            self._tell("is ready to render" if is_well else "has a problem", self._told(found))
        self.query_one("#trust").display = self._may_trust
        self.query_one("#trust" if self._may_trust else "#close").focus()

    def _tell(self, words_: str, text: Text) -> None:
        self.query_one("#checked", Label).update(f"{safe(self._device, 60)} {words_}")
        self.query_one("#found Static", Static).update(text)
        self.query_one(LoadingIndicator).display = False
        self.query_one("#found").display = self.query_one("#again").display = True

    def _told(self, found: dict[str, Any]) -> Text:
        colors = self.app.theme_variables
        text = Text()
        for problem in found["problems"]:
            text.append("✗ ", words.color(colors, "error")).append(problem["what"], "bold")
            text.append(f"\n  {problem['cure']}\n\n")
        if found["reachable"]:
            rows = list(found_rows(found))
            width = max(len(label) for label, _ in rows)
            for label, value in rows:
                text.append(f"{label:<{width}}  ", "dim").append(f"{value}\n")
        return text

    @property
    def _may_trust(self) -> bool:
        problems = self._found["problems"] if self._found else ()
        return any(one["kind"] in KEY_KINDS for one in problems)

    def action_trust(self) -> None:
        """Look at the key, trust it, and check again."""
        if self._may_trust:
            screen = TrustScreen(self._device, self._places)
            self.app.push_screen(screen, lambda trusted: self.action_again() if trusted else None)

    def action_close(self) -> None:
        """Give what was found."""
        self.dismiss(self._found)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what was chosen."""
        {"trust": self.action_trust, "again": self.action_again, "close": self.action_close}[
            str(event.button.id)
        ]()
