"""A question that is answered by a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label


class AskScreen(ModalScreen[str]):
    """Gives the text, or None; `check` says what is wrong with one, nothing if nothing is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(self, question: str, value: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._question = question
        self._value = value
        self._check = check

    def compose(self) -> ComposeResult:
        """Lay out the question, the field and what is wrong."""
        with Vertical(classes="dialog"):
            yield Label(self._question, classes="dialog-title", markup=False)
            yield Input(self._value, select_on_focus=True)
            yield Label("", id="wrong", markup=False)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        wrong = self._check(event.value) if event.value.strip() else ""
        self.query_one("#wrong", Label).update(wrong)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value)
        if wrong:
            self.query_one("#wrong", Label).update(wrong)
        else:
            self.dismiss(event.value.strip())


def frames_wrong(text: str) -> str:
    """Say what is wrong with a frames text, nothing if nothing is."""
    from blendtui.farm.frames import parse_frames  # noqa: PLC0415 - only when it's asked

    try:
        parse_frames(text)
    except ValueError as error:
        return str(error)
    return ""


def priority_wrong(text: str) -> str:
    """Say what is wrong with a priority, nothing if nothing is."""
    digits = text.strip()
    right = digits.isdecimal() and len(digits) <= 3 and int(digits) <= 100
    return "" if right else "A whole number from 0 to 100 is needed."
