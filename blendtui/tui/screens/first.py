"""What to do first, where there is no devices.toml, one with mistakes, or no share."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Button, Static

from blendtui.farm.faults import FaultKind
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.widgets.keyline import KeyLine
from blendtui.wording import explain

WELCOME = """\
blendtui turns the computers that you have into a render farm.

1. Say which computers render: any that you can reach by SSH and that has Blender.
2. Choose the share: the folder in which you drop projects and find their frames.
3. Drop a .zip or a .blend there, and watch.
"""


class FirstScreen(FarmScreen):
    """A first start."""

    TITLE = "First steps"
    HELP_TEXT = "Nothing is set up yet: add a device, choose the share, or try the demo."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "demo", "Demo", tooltip="Render a sample project on this machine"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Lay out what is wrong, or the welcome, and what to do."""
        with VerticalScroll(id="first"):
            yield Static(self._words(), id="first-words")
            yield Button("Add devices and choose the share (e)", id="editor", variant="primary")
            yield Button("Try the demo on this machine (m)", id="demo")
            yield Button("Leave (q)", id="leave")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with what most people need."""
        self.query_one("#editor").focus()

    def _words(self) -> Text:
        faults = [
            fault
            for fault in self.centre.faults
            if fault.kind not in (FaultKind.NO_DEVICES, FaultKind.SHARE_UNNAMED)
        ]
        if not faults:
            return Text(WELCOME)
        text = Text()
        for fault in faults:
            said = explain(fault)
            text.append(f"{said.what}\n", "bold")
            text.append(f"{said.cure}\n\n")
        return text

    def on_screen_resume(self) -> None:
        """See whether another screen has brought what was missing, and say what still is."""
        if self.is_mounted:
            self.centre.find_again()
            self.query_one("#first-words", Static).update(self._words())

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what was chosen."""
        if event.button.id == "editor":
            self.centre.action_editor()
        elif event.button.id == "demo":
            self.action_demo()
        else:
            self.app.exit(0)

    def action_demo(self) -> None:
        """Render the sample project, outside of this screen."""
        with self.app.suspend():
            subprocess.run([sys.executable, "-m", "blendtui", "demo"], check=False)
            input("Press Enter to go back. ")
