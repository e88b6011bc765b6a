"""A form: settings with a field each, what they mean, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Label

from blendtui.config.lines import TomlPath
from blendtui.tui.draft import Setting


class Field(Vertical):
    """One setting: its name, what is typed, and below it what is wrong with that."""

    def __init__(self, setting: Setting, value: str) -> None:
        super().__init__()
        self.setting = setting
        self._value = value
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        with Horizontal():
            yield Label(self.setting.label, classes="field-name", markup=False)
            yield Input(self._value, placeholder=self.setting.otherwise, compact=True)
        yield Label("", classes="field-problem", markup=False)

    def on_mount(self) -> None:
        """Say what was found wrong meanwhile."""
        self.tell(self._problem)

    def tell(self, problem: str) -> None:
        """Say what is wrong; nothing if nothing is."""
        self._problem = problem
        for label in self.query(".field-problem").results(Label):
            label.update(f"✗ {problem}" if problem else "")
            label.display = bool(problem)

    def takes(self, value: str) -> bool:
        """Take what stands in the field now; whether it is another than before."""
        before, self._value = self._value, value
        return value != before

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.query_one(Input).value if self.is_mounted else self._value


class Form(VerticalScroll, can_focus=False):
    """Fields one below the other; up and down go from one to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    class Typed(Message):
        """Something was typed into a field."""

        def __init__(self, field: Field, value: str) -> None:
            super().__init__()
            self._field = field
            self.value = value

        @property
        def setting(self) -> Setting:
            """Give the field's setting as it is now: its device may just have got another name."""
            return self._field.setting

    class Chosen(Message):
        """The cursor is in another field now."""

        def __init__(self, setting: Setting) -> None:
            super().__init__()
            self.setting = setting

    async def show_fields(self, fields: Sequence[tuple[Setting, str]]) -> None:
        """Show these settings, with these values."""
        await self.remove_children()
        await self.mount_all([Field(setting, value) for setting, value in fields])
        self.tell({})
        self.scroll_home(animate=False)

    def tell(self, problems: Mapping[TomlPath, str]) -> None:
        """Say what is wrong with which setting."""
        for field in self.query(Field):
            field.tell(problems.get(field.setting.path, ""))

    def move(self, place: TomlPath) -> None:
        """Have all settings be those of another device: it has got another name."""
        for field in self.query(Field):
            path = (*place, *field.setting.path[len(place) :])
            field.setting = replace(field.setting, path=path)

    def focus_first(self) -> None:
        """Go into the first field."""
        for box in self.query(Input):
            box.focus()
            return

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        field = event.input.parent.parent if event.input.parent else None
        # What stands there from the start is no news; somebody may type before all is shown.
        if isinstance(field, Field) and field.typed == event.value and field.takes(event.value):
            self.post_message(self.Typed(field, event.value))

    def on_descendant_focus(self) -> None:
        """Tell which field the cursor is in."""
        for field in self.query(Field):
            if field.has_focus_within:
                self.post_message(self.Chosen(field.setting))
