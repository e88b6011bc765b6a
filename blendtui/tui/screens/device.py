"""One device: its Blenders' logs, how it is, what it did, and what can be done."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, RichLog, Static

from blendtui.store.shown import DeviceRow, DeviceTotals, RunRow
from blendtui.store.views import DeviceWish, Views
from blendtui.tui import actions
from blendtui.tui.child import places_of
from blendtui.tui.feed import News
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.screens.checkup import CheckScreen
from blendtui.tui.screens.device_words import GRAPHS, about_device, facts, graphs
from blendtui.tui.screens.sure import SureScreen
from blendtui.tui.screens.trust import TrustScreen
from blendtui.tui.widgets.graph import Graph
from blendtui.tui.widgets.keyline import KeyLine
from blendtui.tui.widgets.livelog import LiveLog
from blendtui.wording import safe

WATCH_EVERY = 3.0
"""Seconds between two words to the engine that somebody looks at a log."""

LOOK_AT_VITALS = 5.0
"""Seconds between two looks at how the device is."""

COUNT_EVERY = 10.0
"""Seconds between two counts of what the device has done."""

TITLES = dict(zip(GRAPHS, ("Load", "Memory", "GPU", "GPU temp."), strict=True))


class DeviceScreen(FarmScreen):
    """Everything about one device."""

    HELP_TEXT = (
        "What the device's Blenders say is below; [ and ] go to another slot's, / searches. The"
        " graphs show the last hour, the newest at the right."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "check", "Check", tooltip="Connect and say what the device can do"),
        Binding("t", "trust", "Trust", tooltip="Look at its host key, and trust it"),
        Binding("d", "drain", "Drain", tooltip="Drain the device, or give it work again"),
        Binding("o", "disable", "Disable", tooltip="Stop the device at once"),
        Binding("b", "restart", "Restart", tooltip="Start its Blenders anew, between two frames"),
        Binding("k", "clear", "Clear", tooltip="Remove project files that no job needs"),
        Binding("l", "log", "Log", show=False, tooltip="Go to the log"),
        Binding("slash", "find", "Search", key_display="/", tooltip="Show only lines with…"),
        Binding("left_square_bracket", "slot(-1)", "Slot before", key_display="[", show=False),
        Binding("right_square_bracket", "slot(1)", "Next slot", key_display="]", show=False),
    ]

    def __init__(self, device: str) -> None:
        super().__init__()
        self.title = safe(device, 60)
        self._device_name = device
        self._slot = 1
        self._run: str | None = None
        self._totals: DeviceTotals | None = None
        self._checkup: dict[str, Any] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="about-device")
        with Horizontal(id="device-upper"):
            with VerticalScroll(id="device-facts"):
                yield Static(id="facts")
            with Vertical(id="graphs"):
                for name, title in TITLES.items():
                    yield Graph(title, id=name)
        yield LiveLog(id="device-log")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with the log."""
        self.query_one("#device-facts").border_title = "Now"
        self.query_one("#graphs").border_title = "Last hour"
        self.query_one("#device-log RichLog").focus()
        self._choose_run()
        self.set_interval(WATCH_EVERY, self._watch)
        self.set_interval(LOOK_AT_VITALS, self._show_vitals)
        self.set_interval(COUNT_EVERY, self._count)
        self._count()

    @property
    def device(self) -> DeviceRow | None:
        """The device as it stands; None when devices.toml no longer has it."""
        return self.feed.devices.get(self._device_name)

    def _runs(self) -> list[RunRow]:
        return self.feed.runs_on(self._device_name)

    # what is shown

    def show(self, news: News) -> None:
        """Show what changed of this device."""
        if not self.is_mounted:
            return
        mine = self._device_name
        touched = {row.name for row in news.devices} | {row.device for row in news.runs}
        touched.update(row.device for row in news.history if row.device is not None)
        if mine in touched or news.everything or self._run not in (None, *self.feed.runs):
            self._show_facts()
            self._choose_run()
        if news.everything:
            self._show_vitals()
            self._watch()

    def _show_facts(self) -> None:
        head, body = self.query_one("#about-device", Static), self.query_one("#facts", Static)
        device, runs = self.device, self._runs()
        if device is None:
            head.update(safe(self._device_name, 60))
            body.update("This device is not in devices.toml any more.")
            return
        head.update(about_device(device, runs, self._host(), self.palette))
        body.update(facts(device, runs, self._totals, self._checkup, self.palette))

    def _host(self) -> str:
        devices = self.centre.settings.devices if self.centre.settings else ()
        return next((one.host for one in devices if one.name == self._device_name), "")

    def _show_vitals(self) -> None:
        seen = self.feed.views.vitals_of(self._device_name)
        for name, (value, points) in graphs(seen).items():
            self.query_one(f"#{name}", Graph).tell(value, points)

    def _count(self) -> None:
        if self.is_current:
            self.run_worker(self._count_all(), group="count", exclusive=True)

    async def _count_all(self) -> None:
        """Count in a thread, with a connection of its own: a store can hold many tries."""
        store, device = self.centre.places.store if self.centre.places else None, self._device_name

        def count() -> DeviceTotals | None:
            if store is None:
                return None
            views = Views(store)
            try:
                return views.totals_of(device)
            finally:
                views.close()

        self._totals = await asyncio.to_thread(count)
        self._show_facts()

    # the log

    def _choose_run(self) -> None:
        """Follow the chosen slot's Blender, or the first one that is up."""
        runs = self._runs()
        run = next((one for one in runs if one.slot == self._slot), runs[0] if runs else None)
        log = self.query_one(LiveLog)
        if run is None:
            # What the last one said stays: it may say why it is gone.
            if self._run is None:
                log.follow(None, "No Blender is up; what it says will stand here.")
            log.border_title = "Log: no Blender is up"
            return
        more = f", {len(runs)} slots: [ and ]" if len(runs) > 1 else ""
        log.border_title = f"Log of slot {run.slot}: {safe(run.job, 40)}{more}".replace("[", r"\[")
        if run.id != self._run:
            self._run = run.id
            self._watch()
            log.follow(self.feed.views.log_path(run.id), "Waiting for what Blender says…")

    def _watch(self) -> None:
        if self._run is not None and self.is_current and self._run in self.feed.runs:
            self.feed.views.watch_log(self._run)

    def action_slot(self, by: int) -> None:
        """Follow another slot's Blender."""
        runs = self._runs()
        if runs:
            at = next((n for n, run in enumerate(runs) if run.id == self._run), 0)
            self._slot = runs[(at + by) % len(runs)].slot
            self._choose_run()

    def action_log(self) -> None:
        """Go to the log."""
        self.query_one("#device-log RichLog").focus()

    def action_find(self) -> None:
        """Search the log."""
        self.query_one(LiveLog).action_find()

    def action_back(self) -> None:
        """End the search, else go back."""
        field = self.query_one("#device-log Input", Input)
        if field.display:
            field.value = ""
            field.display = False
            self.query_one("#device-log RichLog", RichLog).focus()
        else:
            super().action_back()

    # what can be done

    def action_check(self) -> None:
        """Connect, and say what the device can do."""
        screen = CheckScreen(self._device_name, places_of(self.centre))
        self.app.push_screen(screen, self._checked)

    def _checked(self, checkup: dict[str, Any] | None) -> None:
        self._checkup = checkup or self._checkup
        self._show_facts()

    def action_trust(self) -> None:
        """Look at the device's host key, and trust it."""
        self.app.push_screen(TrustScreen(self._device_name, places_of(self.centre)))

    def action_drain(self) -> None:
        """Drain the device, or give it work again."""
        device = self.device
        if device is not None:
            wish: DeviceWish = "drain" if device.mode == "on" else "enable"
            actions.ask_device(self.centre, wish, device.name)

    def action_disable(self) -> None:
        """Stop the device, if that is meant."""
        name = self._device_name
        question = f"Stop {safe(name, 60)} at once? Others render the frames that it is at."
        self.app.push_screen(
            SureScreen(question, "Stop it"),
            lambda sure: actions.ask_device(self.centre, "disable", name) if sure else None,
        )

    def action_restart(self) -> None:
        """Have the device's Blenders start anew."""
        actions.ask_device(self.centre, "restart", self._device_name)

    def action_clear(self) -> None:
        """Have project files removed that no job needs."""
        actions.ask_device(self.centre, "clear-cache", self._device_name)
