"""The app: it opens screens and owns the timer, the theme and the palette; nothing else."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from blendtui.farm.faults import Fault
from blendtui.notify.news import news_of
from blendtui.places import Places
from blendtui.settings import Settings
from blendtui.store.views import HistoryRow
from blendtui.tui.feed import Feed
from blendtui.tui.finding import Found, same_places
from blendtui.tui.keeper import EngineState, Keeper
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.screens.farm import HomeScreen
from blendtui.tui.screens.first import FirstScreen
from blendtui.tui.themes import SIXTEEN, THEMES

LOOK = 0.5
"""Seconds between two looks at the store."""

LOOK_FROM_AFAR = 1.0
"""The same where the terminal is at the other end of an SSH line, which may be a slow one."""

SOON = 0.3
"""Seconds after the first picture in which the other screens' code is loaded."""

LOOK_AT_ENGINE = 2.0
"""Seconds between two looks for the engine."""


class ControlCentre(App[int]):
    """The control centre for one share.

    `look_around` finds devices.toml and the share; where something is missing, the first screen
    says what, and it is looked for again later. If it `keeps_engine`, it starts one where none
    runs. `now` gives seconds since the epoch.
    """

    CSS_PATH = "blendtui.tcss"
    TITLE = "blendtui"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "leave", "Quit"),
        Binding("a", "add", "Add", show=False, tooltip="Send a project to the share"),
        Binding("e", "editor", "Devices", show=False, tooltip="Change devices.toml"),
        Binding("ctrl+e", "start_engine", "Start the engine", show=False),
        Binding("ctrl+q", "leave", "Quit", show=False),
    ]

    def __init__(
        self,
        look_around: Callable[[], Found],
        *,
        config: Path | None = None,
        state: Path | None = None,
        keeps_engine: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.settings: Settings | None = None
        self.places: Places | None = None
        self.config = config
        self.state = state or Places.default_state()
        self.faults: tuple[Fault, ...] = ()
        self.keeper: Keeper | None = None
        self.now = now
        self.engine = EngineState.OTHER
        self._look_around = look_around
        self._keeps_engine = keeps_engine
        self._feed: Feed | None = None
        for theme in THEMES:
            self.register_theme(theme)
        has_few_colors = self.console.color_system in ("standard", "windows")
        self.theme = (SIXTEEN if has_few_colors else THEMES[0]).name

    @property
    def feed(self) -> Feed:
        """What is known of the farm; only where there is a share."""
        if self._feed is None:
            if self.places is None:
                raise RuntimeError("there is no share yet")
            self._feed = Feed(self.places.store, self.now)
        return self._feed

    @property
    def share(self) -> Path:
        """The folder in which projects are dropped."""
        if self.places is None:
            raise RuntimeError("there is no share yet")
        return self.places.share

    def on_mount(self) -> None:
        """Open the first screen and begin to look."""
        self.find()
        if self.places is None:
            self.push_screen(FirstScreen())
        else:
            self._begin()

    def find(self) -> bool:
        """Look for devices.toml and the share; says whether both are there."""
        found = self._look_around()
        self.settings, self.places, self.faults = found.settings, found.places, found.faults
        self.config = found.path or self.config
        return self.places is not None

    def find_again(self) -> None:
        """Open the home screen in place of the first one, if all is there by now."""
        if isinstance(self.screen, FirstScreen) and self.find():
            self.pop_screen()
            self._begin()

    def _begin(self) -> None:
        self.feed.look()
        self.push_screen(HomeScreen())
        if self._keeps_engine and self.settings is not None and self.places is not None:
            self.keeper = Keeper(self.places, same_places(self.settings, self.places))
            self.engine = EngineState.STARTING
        is_far = "SSH_CONNECTION" in os.environ
        self.set_interval(LOOK_FROM_AFAR if is_far else LOOK, self.look)
        self.set_timer(SOON, self._load_screens)
        if self.keeper is not None:
            self.run_worker(self._keep_engine(self.keeper), group="engine", exit_on_error=False)

    def _load_screens(self) -> None:
        """Load what the first picture did without, so that no key waits for it."""
        names = ("job", "device", "help", "add", "editor")
        self.run_worker(
            lambda: [import_module(f"blendtui.tui.screens.{name}") for name in names],
            thread=True,
            group="loading",
        )

    def on_unmount(self) -> None:
        """Close the store."""
        if self._feed is not None:
            self._feed.close()

    def look(self) -> None:
        """Look at the store, and have the screen in front show what changed."""
        news = self.feed.look()
        screen = self._front()
        if news is None:
            return
        if screen is not None:
            screen.show(news)
        self._ring(news.history)

    def _ring(self, happened: Iterable[HistoryRow]) -> None:
        """Ring once for what devices.toml wants to be told; an engine of ours has no terminal."""
        told = self.settings.notify if self.settings is not None else None
        if told is None or not told.bell:
            return
        if any(news_of(row, told.on, self.share) for row in happened):
            self.bell()

    def _front(self) -> FarmScreen | None:
        for screen in reversed(self.screen_stack):
            if isinstance(screen, FarmScreen):
                return screen
        return None

    # the engine

    async def _keep_engine(self, keeper: Keeper) -> None:
        await asyncio.to_thread(keeper.begin)
        while True:
            self._tell_engine(await asyncio.to_thread(keeper.look))
            await asyncio.sleep(LOOK_AT_ENGINE)

    def _tell_engine(self, state: EngineState) -> None:
        before, self.engine = self.engine, state
        if state is before:
            return
        if state is EngineState.GONE:
            self.notify(
                self._why_gone(),
                title="The engine has ended",
                severity="error",
                timeout=20,
                markup=False,
            )
        elif before is EngineState.GONE:
            self.notify("The engine runs again.", markup=False)
        screen = self._front()
        if screen is not None:
            screen.engine_changed()

    def _why_gone(self) -> str:
        said = self.keeper.printed if self.keeper else ""
        last = "\n".join(said.splitlines()[-3:])
        return f"{last}\nNothing is given out until one runs: ctrl+e starts it.".strip()

    async def action_start_engine(self) -> None:
        """Start an engine where none runs."""
        if self.keeper is not None and self.engine is EngineState.GONE:
            await asyncio.to_thread(self.keeper.begin)
            self._tell_engine(EngineState.STARTING)

    # leaving

    async def action_leave(self) -> None:
        """Leave; while jobs run on an engine of ours, ask what becomes of it."""
        keeper = self.keeper
        if keeper is None or not keeper.has_child or self._feed is None:
            self.exit(0)
        elif self.feed.has_open_jobs:
            from blendtui.tui.screens.leave import LeaveScreen  # noqa: PLC0415

            self.push_screen(LeaveScreen(), self._leave)
        else:
            self._leave("leave")

    def _leave(self, choice: str | None) -> None:
        if self.keeper is None or choice in (None, "stay"):
            return
        if choice == "hand-over":
            self.keeper.hand_over()
            self.exit(0)
        else:
            self.run_worker(self._end_and_leave(self.keeper), group="leaving")

    async def _end_and_leave(self, keeper: Keeper) -> None:
        self.notify("Ending the engine. Devices finish what they have.", markup=False)
        await asyncio.to_thread(keeper.end)
        self.exit(0)

    # other screens

    def action_help(self) -> None:
        """Show the keys of the screen in front."""
        from blendtui.tui.screens.help import HelpScreen  # noqa: PLC0415

        screen = self.screen
        if isinstance(screen, FarmScreen):
            self.push_screen(HelpScreen(screen))

    def action_add(self) -> None:
        """Choose a project and send it to the share."""
        from blendtui.tui.screens.add import AddScreen  # noqa: PLC0415

        self._open(AddScreen)

    def action_editor(self) -> None:
        """Change devices.toml."""
        from blendtui.tui.screens.editor import EditorScreen  # noqa: PLC0415

        self._open(EditorScreen)

    def open_job(self, job: str) -> None:
        """Show one job."""
        from blendtui.tui.screens.job import JobScreen  # noqa: PLC0415

        self.push_screen(JobScreen(job))

    def open_device(self, device: str) -> None:
        """Show one device."""
        from blendtui.tui.screens.device import DeviceScreen  # noqa: PLC0415

        self.push_screen(DeviceScreen(device))

    def _open(self, kind: type[FarmScreen]) -> None:
        if not isinstance(self.screen, kind):
            self.push_screen(kind())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action of the screen in front, and the app's own, in the palette."""
        yield from super().get_system_commands(screen)
        seen = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            named = binding.description and binding.action not in seen
            if not named or binding.action in ("command_palette", "back"):
                continue
            seen.add(binding.action)
            yield SystemCommand(
                binding.description,
                binding.tooltip or f"Key: {self.get_key_display(binding)}",
                lambda action=binding.action, node=active.node: self.call_next(
                    self.run_action, action, node
                ),
            )
