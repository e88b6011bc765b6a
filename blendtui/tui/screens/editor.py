"""The editor of devices.toml: the share, what holds for all devices, and each device."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Label, OptionList, Static
from textual.widgets.option_list import Option

from blendtui import config
from blendtui.config import editing, writing
from blendtui.config.lines import TomlPath
from blendtui.config.writing import Kept, Overtaken
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import Fault, FaultKind
from blendtui.places import Places
from blendtui.settings import Settings
from blendtui.tui import words
from blendtui.tui.child import places_of
from blendtui.tui.draft import DEFAULTS, SHARE, Draft, Setting
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.screens.checkup import CheckScreen
from blendtui.tui.screens.clash import ClashScreen
from blendtui.tui.screens.sure import SureScreen
from blendtui.tui.widgets.form import Form
from blendtui.tui.widgets.keyline import KeyLine
from blendtui.wording import explain, safe

TAKE_OVER_AFTER = 0.12
"""Seconds after a key until what was typed is taken over and checked."""

FIXED = {SHARE: "The share", DEFAULTS: "All devices"}

NAME_MEANS = "What you call it: letters (a to z), digits, - _ and ., a letter or digit first."


class EditorScreen(FarmScreen):
    """Adds, changes, copies and removes devices."""

    TITLE = "devices.toml"
    HELP_TEXT = (
        "Choose at the left what to change; an empty field means what it says in gray. Nothing is"
        " written until you save. Remarks and the order of the file stay."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", tooltip="Write devices.toml"),
        Binding("ctrl+n", "new", "New device", tooltip="Add a device"),
        Binding("ctrl+t", "test", "Test", tooltip="Connect to the device as it is typed here"),
        Binding("ctrl+y", "copy", "Copy", tooltip="Add a device with the same settings"),
        Binding("ctrl+r", "remove", "Remove", tooltip="Take the device away"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._draft: Draft | None = None
        self._place: TomlPath = SHARE
        self._wrong_name = ""
        self._pending: tuple[TomlPath, str] | None = None
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="about-file")
        with Horizontal(id="editor-body"):
            yield OptionList(id="places")
            with Vertical(id="editing"):
                yield Form(id="form")
                yield Label(id="meaning", markup=False)
        yield KeyLine()

    async def on_mount(self) -> None:
        """Read the file."""
        self.query_one("#places").border_title = "Devices"
        path = self.centre.config or Places.config_dir() / config.FILE_NAME
        try:
            self._draft = Draft(path)
        except Failure as failure:
            self._refuse([failure.fault])
            return
        if not self._draft.is_readable:
            self._refuse(self._draft.faults)
            return
        await self._show_all(self._draft.devices[:1])
        self.query_one("#places").focus()

    def _refuse(self, faults: list[Fault] | tuple[Fault, ...]) -> None:
        """Say why the file can't be changed here."""
        self._draft = None
        text = Text("This file can't be changed here as it is.\n\n", "bold")
        for fault in faults:
            said = explain(fault)
            text.append(f"{said.what}\n").append(f"  {said.cure}\n")
        self.query_one("#editor-body").display = False
        self.query_one("#about-file", Static).update(text)
        self.query_one("#about-file").add_class("whole")

    # what is shown

    async def _show_all(self, chosen: list[str]) -> None:
        """Show the list anew, and the form of the chosen device."""
        self._place = ("devices", chosen[0]) if chosen else SHARE
        self._show_places()
        await self._show_form()

    def _places(self) -> list[TomlPath]:
        devices = self._draft.devices if self._draft else []
        return [*FIXED, *(("devices", name) for name in devices)]

    def _show_places(self) -> None:
        if self._draft is None:
            return
        places = self._places()
        options = [Option(self._label(self._draft, place)) for place in places]
        view = self.query_one("#places", OptionList)
        with self.prevent(OptionList.OptionHighlighted):
            view.set_options(options)
            if self._place in places:
                view.highlighted = places.index(self._place)
        self._show_status()

    def _label(self, draft: Draft, place: TomlPath) -> Text:
        is_wrong = draft.faults_in(place) or (place == self._place and self._wrong_name)
        mark = ("✗ ", words.color(self.palette, "error")) if is_wrong else "  "
        return Text.assemble(mark, FIXED.get(place, safe(place[-1], 40)), no_wrap=True)

    def _show_status(self) -> None:
        draft = self._draft
        if draft is None:
            return
        text = Text(safe(draft.path.name, 40), "bold", no_wrap=True)
        if draft.kept.data is None:
            text.append("  a new file", "not bold")
        elif draft.is_changed:
            text.append("  changed", words.color(self.palette, "warning"))
        if not draft.devices:
            text.append("  no device yet: ctrl+n adds one", words.color(self.palette, "accent"))
        elif count := len(draft.faults):
            counted = f"  ✗ {count} problem{'s' if count > 1 else ''}"
            text.append(counted, words.color(self.palette, "error"))
        text.append(f"  in {safe(str(draft.path.parent), 120)}", "dim not bold")
        self.query_one("#about-file", Static).update(text)

    async def _show_form(self) -> None:
        draft = self._draft
        if draft is None:
            return
        self._wrong_name = ""
        fields = [(one, draft.value(one.path)) for one in draft.settings(self._place)]
        if self._place not in FIXED:
            name = Setting(self._place, "name", NAME_MEANS, "")
            fields.insert(0, (name, self._place[-1]))
        form = self.query_one(Form)
        self._show_title()
        await form.show_fields(fields)
        self._show_problems()

    def _show_title(self) -> None:
        title = FIXED.get(self._place, safe(self._place[-1], 60))
        self.query_one(Form).border_title = Text(title).markup

    def _show_problems(self) -> None:
        if self._draft is not None:
            problems = self._draft.problems(self._place)
            if self._wrong_name:
                problems[self._place] = self._wrong_name
            self.query_one(Form).tell(problems)

    @on(OptionList.OptionHighlighted, "#places")
    async def place_chosen(self, event: OptionList.OptionHighlighted) -> None:
        """Show the form of the chosen place."""
        self._take_over()
        place = self._places()[event.option_index]
        if place != self._place:
            self._place = place
            await self._show_form()

    @on(OptionList.OptionSelected, "#places")
    def place_entered(self) -> None:
        """Go into the form."""
        self.query_one(Form).focus_first()

    @on(Form.Chosen)
    def field_chosen(self, event: Form.Chosen) -> None:
        """Say what the setting means."""
        self.query_one("#meaning", Label).update(event.setting.meaning)

    # changes

    @on(Form.Typed)
    def typed(self, event: Form.Typed) -> None:
        """Keep what was typed, and take it over soon: a large file takes longer than a key."""
        path = event.setting.path
        if path[: len(self._place)] != self._place:
            return
        within = path[len(self._place) :]
        if self._pending is not None and self._pending[0] != path:
            self._take_over()  # which may give the device another name
        self._pending = ((*self._place, *within), event.value)
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(TAKE_OVER_AFTER, self._check)

    def _take_over(self) -> None:
        """Put what was typed last into the draft."""
        if self._pending is None or self._draft is None:
            return
        (path, value), self._pending = self._pending, None
        try:
            if path == self._place:
                self._wrong_name = self._draft.rename(path[-1], value)
                if not self._wrong_name:
                    self._renamed(value)
            else:
                self._draft.put(path, value)
        except Failure as failure:
            self._tell(failure.fault)

    def _renamed(self, name: str) -> None:
        """Have the form's fields be about the device's new name."""
        self._place = ("devices", name)
        self.query_one(Form).move(self._place)
        self._show_title()

    def _check(self) -> None:
        self._take_over()
        self._show_problems()
        self._show_places()

    def _tell(self, fault: Fault) -> None:
        said = explain(fault)
        self.notify(f"{said.what}\n{said.cure}", severity="error", markup=False)

    async def action_new(self) -> None:
        """Add a device."""
        self._take_over()
        if self._draft is not None:
            await self._added(self._draft.add())

    async def action_copy(self) -> None:
        """Add a device like this one."""
        self._take_over()
        if self._draft is not None and self._place not in FIXED:
            await self._added(self._draft.copy(self._place[-1]))

    async def _added(self, name: str) -> None:
        await self._show_all([name])
        self.query_one(Form).focus_first()

    def action_remove(self) -> None:
        """Take the device away, if that is meant."""
        self._take_over()
        draft = self._draft
        if draft is None or self._place in FIXED:
            return
        name = self._place[-1]

        async def remove(sure: bool | None) -> None:
            if sure:
                draft.remove(name)
                await self._show_all(draft.devices[:1])
                self.query_one("#places").focus()

        self.app.push_screen(SureScreen(f"Remove {safe(name, 60)}?", "Remove it"), remove)

    # test

    def action_test(self) -> None:
        """Connect to the device as it is typed here; nothing is written but a file for that."""
        self._take_over()
        draft = self._draft
        if draft is None or self._place in FIXED:
            self.notify("Choose a device to test.", markup=False)
            return
        wrong = [one for one in (SHARE, DEFAULTS) if draft.faults_in(one)]
        if self._wrong_name or draft.faults_in(self._place) or DEFAULTS in wrong:
            self.notify("Mend what is marked with ✗ first.", severity="warning", markup=False)
            return
        name = self._place[-1]
        path = _for_a_test(draft.path, draft.alone(name))
        where = places_of(self.centre)
        where = [*where, "--devices", str(path)]
        if "--share" not in where:
            where += ["--share", str(path.parent)]
        self.app.push_screen(CheckScreen(name, where), lambda _: path.unlink(missing_ok=True))

    # save

    def action_save(self) -> None:
        """Write the file, unless something is wrong with it."""
        self._take_over()
        draft = self._draft
        if draft is None:
            return
        if draft.faults or self._wrong_name:
            first = str(explain(draft.faults[0])) if draft.faults else self._wrong_name
            self.notify(first, title="Not saved", severity="error", markup=False)
            return
        try:
            draft.take_over(writing.write(draft.kept, draft.text))
        except Overtaken as overtaken:
            self._ask_which(draft, overtaken.theirs)
            return
        except Failure as failure:
            self._tell(failure.fault)
            return
        self._show_places()
        self.notify(f"Saved {safe(str(draft.path), 120)}.", markup=False)
        self.centre.config = draft.path
        self._saved(config.check(draft.path)[0])

    def _saved(self, settings: Settings | None) -> None:
        """Have the new settings known, and what they still need told."""
        if settings is None:
            return
        if self.centre.settings is not None:
            self.centre.settings = settings
        share = settings.share.path
        if self.centre.places is not None:
            return
        if share is None:
            self.notify("Choose the share, too: the folder for projects.", markup=False)
        elif not share.exists():
            question = f"The share {safe(str(share), 200)} is not there yet. Make the folder?"
            self.app.push_screen(
                SureScreen(question, "Make it"), lambda sure: self._make(share) if sure else None
            )

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            fault = Fault.of(FaultKind.SHARE_WRITE, path=folder, reason=reason_of(error))
            self._tell(fault)

    def _ask_which(self, draft: Draft, theirs: Kept) -> None:
        both = _merged(draft, theirs)

        async def choose(which: str | None) -> None:
            if which is None:
                return
            text = {"both": both, "mine": draft.text, "theirs": theirs.text}[which]
            draft.take_over(theirs, text)
            if not draft.is_readable:
                self._refuse(draft.faults)
                return
            await self._show_all([self._place[-1]] if self._place in self._places()[2:] else [])
            if which != "theirs":
                self.action_save()

        screen = ClashScreen(theirs.text, draft.text, can_merge=both is not None)
        self.app.push_screen(screen, choose)

    def action_back(self) -> None:
        """From the form to the list; from there back, if what was changed may be lost."""
        self._take_over()
        places = self.query_one("#places", OptionList)
        if self._draft is not None and not places.has_focus:
            places.focus()
        elif self._draft is not None and self._draft.is_changed:
            question = "Leave without saving what you changed?"
            self.app.push_screen(SureScreen(question, "Leave"), self._leave)
        else:
            super().action_back()

    def _leave(self, sure: bool | None) -> None:
        if sure:
            super().action_back()


def _merged(draft: Draft, theirs: Kept) -> str | None:
    """Lay the changes of both together; None where that can't be done."""
    try:
        base = editing.tables_of(draft.kept.text)
        return editing.merged(base, draft.tables, theirs.text)
    except (Failure, ValueError):
        return None


def _for_a_test(beside: Path, text: str) -> Path:
    """Write a file for a test: beside the real one, where relative paths lead to the same."""
    folder = beside.absolute().parent
    usable = folder.is_dir() and os.access(folder, os.W_OK)
    with contextlib.suppress(OSError):
        folder = folder if usable else Path(tempfile.gettempdir())
    handle, name = tempfile.mkstemp(dir=folder, prefix=".test-", suffix=".toml", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    return Path(name)
