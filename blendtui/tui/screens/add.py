"""Adding a project: choose it, see what it is, say what is to be rendered, send it to the share."""

from __future__ import annotations

import asyncio
import os
import shlex
import threading
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Paste
from textual.widgets import Button, DirectoryTree, Input, Label, ProgressBar, Static

from blendtui.errors import Failure
from blendtui.sending import Stopped, send
from blendtui.tui.child import places_of, run
from blendtui.tui.screens.add_words import (
    about_project,
    choices,
    is_undecided,
    jobfile,
    offered,
    wrong,
)
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.widgets.blends import BlendList
from blendtui.tui.widgets.form import Field, Form
from blendtui.tui.widgets.keyline import KeyLine
from blendtui.tui.widgets.projects import SUFFIXES, ProjectTree
from blendtui.wording import explain, safe

FIRST_WORDS = "Choose a .zip or a .blend: in the tree, or by its path above."

RENDERABLE = "a project that can be rendered"


def path_in(text: str) -> Path:
    """Read a path as it is typed, or as terminals write it: with quotes or backslashes."""
    text = text.strip()
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - pathlib's raises
    if os.path.exists(path):  # noqa: PTH110 - pathlib's raises for a name that is too long
        return path
    try:
        words = shlex.split(text)
    except ValueError:
        return path
    return Path(words[0]) if len(words) == 1 else path


class AddScreen(FarmScreen):
    """Chooses a project and sends it to the share."""

    TITLE = "Add a project"
    HELP_TEXT = (
        "Choose a .zip with a .blend and the files it uses, or a .blend alone. It is copied to the"
        " share; your own file stays as it is. What you leave empty is as the project has it. Where"
        " a .zip has several .blend files, enter chooses the one to render."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "Send", tooltip="Copy the project to the share"),
        Binding("ctrl+o", "folder_above", "Folder above", tooltip="Show the folder above"),
        Binding("slash", "path('/')", "Type a path", show=False, tooltip="Begin a path with it"),
        Binding("tilde", "path('~')", "Type a path", show=False, tooltip="Begin a path with it"),
    ]

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._folder = folder or Path.cwd()
        self._project: Path | None = None
        self._blend = ""
        self._found: dict[str, Any] | None = None
        self._stop: threading.Event | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        hint = "path of a .zip or .blend, or of a folder: / or ~ begins one"
        yield Input(placeholder=hint, select_on_focus=False, id="path")
        with Horizontal(id="adding"):
            yield ProjectTree(self._folder, id="tree")
            with Vertical(id="project"):
                with VerticalScroll(id="about-project", can_focus=False):
                    yield Static(FIRST_WORDS)
                yield BlendList(id="blends")
                yield Form(id="choices")
                yield Label(id="choice-meaning", markup=False)
                yield ProgressBar(id="progress", show_eta=True)
                yield Button("Send it to the share (ctrl+s)", id="send", variant="primary")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin in the tree."""
        self.query_one("#path").border_title = "Project"
        self._show_folder()
        for name in ("#blends", "#choices", "#choice-meaning", "#progress", "#send"):
            self.query_one(name).display = False
        self.query_one(ProjectTree).focus()
        if self.centre.places is None:
            self._say("There is no share yet: press escape, then e to choose one.")

    def on_unmount(self) -> None:
        """Leave nothing half-copied behind."""
        if self._stop is not None:
            self._stop.set()

    def _say(self, what: str) -> None:
        self.query_one("#about-project Static", Static).update(Text(what))

    def _show_folder(self) -> None:
        title = safe(str(self._folder), 60)
        self.query_one(ProjectTree).border_title = Text(title).markup

    # choosing

    @on(DirectoryTree.FileSelected)
    def file_chosen(self, event: DirectoryTree.FileSelected) -> None:
        """Look at the file."""
        self.query_one("#path", Input).value = str(event.path)
        self._look_at(event.path)

    @on(Input.Submitted, "#path")
    def path_typed(self, event: Input.Submitted) -> None:
        """Go to the folder, or look at the file."""
        if not event.value.strip():
            return
        self._go_or_look(path_in(event.value))

    def on_paste(self, event: Paste) -> None:
        """Take a path that is pasted, or a file that is dropped on the terminal, anywhere here."""
        if event.text.strip():
            path = path_in(event.text)
            self.query_one("#path", Input).value = str(path)
            self._go_or_look(path)

    def _go_or_look(self, path: Path) -> None:
        if os.path.isdir(path):  # noqa: PTH112 - pathlib's raises for a name that is too long
            self._go_to(path)
        else:
            self._look_at(path)

    def action_path(self, begin: str) -> None:
        """Begin to type a path."""
        typed = self.query_one("#path", Input)
        typed.value = begin
        typed.focus()
        typed.action_end()

    def action_folder_above(self) -> None:
        """Show the folder above."""
        self._go_to(self._folder.absolute().parent)

    def _go_to(self, folder: Path) -> None:
        self._folder = folder
        tree = self.query_one(ProjectTree)
        tree.path = folder
        self._show_folder()
        tree.focus()

    def _look_at(self, path: Path) -> None:
        if self._stop is not None:
            return
        self._found = None
        self._show_choices(False)
        self.query_one(BlendList).display = False
        if path.suffix.lower() not in SUFFIXES:
            self._say(f"“{safe(path.name, 100)}” is neither a .zip nor a .blend.")
            return
        self._project, self._blend = path, ""
        self._say(f"Looking into {safe(path.name, 100)}…")
        self.run_worker(self._inspect(path), group="inspect", exclusive=True)

    @on(BlendList.Chosen)
    def blend_chosen(self, event: BlendList.Chosen) -> None:
        """Look at another .blend of the zip."""
        if self._project is None or self._stop is not None:
            return
        self._found, self._blend = None, event.path
        self._show_choices(False)
        self._say(f"Looking into {safe(event.path, 100)}…")
        self.run_worker(self._inspect(self._project), group="inspect", exclusive=True)

    async def _inspect(self, path: Path) -> None:
        words = [f"--blend={self._blend}"] if self._blend else []
        said = await run("inspect", str(path), "--json", *words, *places_of(self.centre))
        found = said.data
        if not isinstance(found, dict):
            self._say(said.trouble)
            return
        self._found = found
        self.query_one("#about-project Static", Static).update(about_project(found, self.palette))
        self.query_one("#about-project").scroll_home(animate=False)
        blends = self.query_one(BlendList)
        blends.show(offered(found), found.get("blend", ""))
        is_sendable = found["problem"] is None
        self.query_one("#project").set_class(blends.display and is_sendable, "-several")
        if is_sendable:
            fields = [(one, "") for one in choices(found, self._tags())]
            await self.query_one("#choices", Form).show_fields(fields)
            self._show_choices(True)
            self.query_one("#choices", Form).focus_first()
        elif blends.display:
            blends.focus()

    def _show_choices(self, shown: bool) -> None:
        for name in ("#choices", "#choice-meaning", "#send"):
            self.query_one(name).display = shown

    def _tags(self) -> set[str]:
        devices = self.centre.settings.devices if self.centre.settings else ()
        return {tag for device in devices for tag in device.tags}

    def _typed(self) -> dict[tuple[str, ...], str]:
        return {field.setting.path: field.typed for field in self.query(Field)}

    @on(Form.Typed)
    def choice_typed(self) -> None:
        """Say what is wrong with the choices."""
        self.query_one("#choices", Form).tell(wrong(self._typed(), self._tags()))

    @on(Form.Chosen)
    def choice_entered(self, event: Form.Chosen) -> None:
        """Say what the choice means."""
        self.query_one("#choice-meaning", Label).update(event.setting.meaning)

    # sending

    def on_button_pressed(self) -> None:
        """Send it."""
        self.action_send()

    def action_send(self) -> None:
        """Copy the project to the share."""
        found, project = self._found, self._project
        if self._stop is not None or self.centre.places is None:
            return
        if found is None or project is None or found["problem"] is not None:
            what = "the .blend to render" if found and is_undecided(found) else RENDERABLE
            self.notify(f"Choose {what}.", markup=False)
            return
        problems = wrong(self._typed(), self._tags())
        if problems:
            first = next(iter(problems.values()))
            self.notify(first, title="Not sent", severity="error", markup=False)
            return
        job = jobfile(found, self._typed(), blend=self._blend)
        self._stop = threading.Event()
        self._show_choices(False)
        bar = self.query_one(ProgressBar)
        bar.update(total=None, progress=0)
        bar.display = True
        self.run_worker(self._send(project, job, self._stop), group="send")

    async def _send(self, project: Path, job: dict[str, object], stop: threading.Event) -> None:
        share = self.centre.share
        try:
            place = await asyncio.to_thread(send, project, share, job, self._teller(stop))
        except Stopped:
            self._sent("Stopped. Nothing was sent.")
        except Failure as failure:
            said = explain(failure.fault)
            self._sent(f"{said.what}\n{said.cure}", is_bad=True)
        else:
            self._sent(f"{safe(place.name, 100)} is in the share; it becomes a job in a moment.")
            self.dismiss()

    def _sent(self, what: str, *, is_bad: bool = False) -> None:
        self._stop = None
        severity = "error" if is_bad else "information"
        self.app.notify(what, severity=severity, markup=False)  # type: ignore[arg-type]
        if self.is_mounted:
            self.query_one(ProgressBar).display = False
            self._show_choices(True)

    def _teller(self, stop: threading.Event) -> Any:
        """Give what the copying thread tells its progress to, a hundred times at most."""
        loop, bar, last = asyncio.get_running_loop(), self.query_one(ProgressBar), [-1]

        def told(done: int, total: int) -> None:
            if stop.is_set():
                raise Stopped
            percent = 100 * done // total if total else 100
            if percent != last[0]:
                last[0] = percent
                loop.call_soon_threadsafe(lambda: bar.update(total=100, progress=percent))

        return told

    def action_back(self) -> None:
        """Stop sending, else go back."""
        if self._stop is not None:
            self._stop.set()
        else:
            super().action_back()
