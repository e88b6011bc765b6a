"""A device's host key: shown, and trusted if a person says that it is the right one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label, LoadingIndicator, Static

from blendtui.tui.child import run
from blendtui.wording import safe


class TrustScreen(ModalScreen[bool]):
    """Gives whether the key is trusted now. Exactly the key that was shown is trusted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "No"),
        Binding("y", "answer(True)", "Yes"),
    ]

    def __init__(self, device: str, places: Sequence[str]) -> None:
        super().__init__()
        self._device = device
        self._places = list(places)
        self._key: dict[str, Any] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the key and the question."""
        with Vertical(classes="dialog wide"):
            name = safe(self._device, 60)
            yield Label(f"Asking {name} for its host key…", id="asked", markup=False)
            yield LoadingIndicator()
            yield Static(id="key")
            with Horizontal(classes="buttons"):
                yield Button("It is the same: trust it (y)", id="yes", variant="warning")
                yield Button("No (n)", id="no", variant="primary")

    def on_mount(self) -> None:
        """Ask for the key."""
        self.query_one("#asked").add_class("dialog-title")
        self.query_one("#no").focus()
        self.query_one("#yes").display = False
        self.run_worker(self._ask(), exclusive=True)

    async def _ask(self) -> None:
        said = await run("devices", "trust", self._device, "--json", *self._places)
        key = said.data
        self.query_one(LoadingIndicator).display = False
        name, shown = safe(self._device, 60), self.query_one("#key", Static)
        title = self.query_one("#asked", Label)
        if not isinstance(key, dict):
            title.update(f"{name} shows no host key")
            shown.update(Text(safe(said.trouble, 1000)))
        elif key.get("local"):
            title.update(f"{name} is this machine")
            shown.update("There is no host key to trust.")
        else:
            self._key = key
            title.update(f"Trust the host key of {name}?")
            shown.update(_words(key))
            self.query_one("#yes").display = True

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the answer."""
        self.action_answer(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Trust the key, or leave."""
        if not yes:
            self.dismiss(False)
        elif self._key is not None:
            self.run_worker(self._trust(str(self._key["fingerprint"])), exclusive=True)

    async def _trust(self, fingerprint: str) -> None:
        self.query_one("#yes").display = False
        words = ("--fingerprint", fingerprint, *self._places)
        said = await run("devices", "trust", self._device, *words)
        if said.code != 0:
            self.query_one("#asked", Label).update("Nothing was changed.")
            self.query_one("#key", Static).update(Text(safe(said.trouble, 1000)))
            return
        self.app.notify(f"{safe(self._device, 60)} is trusted from now on.", markup=False)
        self.dismiss(True)


def _words(key: dict[str, Any]) -> Text:
    return Text.assemble(
        safe(str(key["host"]), 80),
        " shows the host key\n\n  ",
        (safe(str(key["fingerprint"]), 120), "bold"),
        "\n\nCompare it with what this says on the device itself:\n\n  ",
        ("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub", "bold"),
    )
