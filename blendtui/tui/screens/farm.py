"""The home of the control centre: all jobs, all devices, and what happens."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from blendtui.store.shown import JobRow
from blendtui.store.views import DeviceWish, JobWish
from blendtui.tui import actions
from blendtui.tui.feed import News
from blendtui.tui.keeper import EngineState
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.screens.farm_rows import (
    DEVICE_COLUMNS,
    JOB_COLUMNS,
    device_cells,
    job_cells,
    ranked,
)
from blendtui.tui.widgets.happenings import Happenings
from blendtui.tui.widgets.keyline import KeyLine
from blendtui.tui.widgets.picture import FramePicture
from blendtui.tui.widgets.rows import RowTable
from blendtui.wording import clock, safe, size

LOOK_AT_SPACE = 10.0
"""Seconds between two looks at the room that is left on the share."""

ANSWERED = 2.0
"""Seconds in which the engine answers a wish: until then the wish counts, not the store."""

LOW_SPACE = 2 * 2**30
"""Bytes below which the room left on the share is shown as a warning."""

ENGINE_WORDS = {
    EngineState.OTHER: ("●", "success", "engine runs"),
    EngineState.OWN: ("●", "success", "engine runs"),
    EngineState.STARTING: ("◔", "accent", "engine starts"),
    EngineState.GONE: ("✗", "error", "no engine: ctrl+e starts one"),
}


class HomeScreen(FarmScreen):
    """Jobs, devices, the last picture, and what happened."""

    TITLE = "The farm"
    HELP_TEXT = (
        "Drop a .zip or .blend into the share and it becomes a job. Jobs are above, devices below;"
        " the last lines tell what happens."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause", tooltip="Pause the job, or let it go on"),
        Binding(
            "plus,equals_sign",
            "priority(10)",
            "Prio",
            key_display="+",
            tooltip="Raise the job's priority",
        ),
        Binding(
            "minus",
            "priority(-10)",
            "Prio -",
            show=False,
            key_display="-",
            tooltip="Lower the job's priority",
        ),
        Binding("r", "retry", "Retry", tooltip="Try the job's failed frames again"),
        Binding("x", "cancel", "Cancel", tooltip="End the job as it is"),
        Binding("d", "drain", "Drain", tooltip="Drain the device, or give it work again"),
        Binding("a", "app.add", "Add", tooltip="Send a project to the share"),
        Binding("e", "app.editor", "Devices", tooltip="Change devices.toml"),
        Binding(
            "slash", "filter", "Filter", show=False, key_display="/", tooltip="Filter what happened"
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._space = ""
        self._picture: tuple[str, int] | None = None
        self._asked: dict[str, tuple[int, float]] = {}

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="summary")
        with Horizontal(id="upper"):
            yield RowTable(JOB_COLUMNS, id="jobs")
            yield FramePicture(id="last-picture")
        yield Static(id="no-jobs")
        yield RowTable(DEVICE_COLUMNS, id="devices")
        with Vertical(id="lower"):
            yield Input(placeholder="show only lines with…", id="filter")
            yield Happenings(id="happenings")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with the jobs."""
        self.query_one("#filter").display = False
        for name, title in (("jobs", "Jobs"), ("devices", "Devices"), ("lower", "What happened")):
            self.query_one(f"#{name}").border_title = title
        self.query_one("#no-jobs", Static).update(_first_words(str(self.centre.share)))
        self.query_one("#jobs").focus()
        self.set_interval(1.0, self._show_rows)
        self.set_interval(LOOK_AT_SPACE, self._look_at_space)
        self._look_at_space()

    # what is shown

    def show(self, news: News) -> None:
        """Show what changed."""
        self._show_rows()
        happenings = self.query_one(Happenings)
        if news.everything:
            happenings.replace(news.history)
        else:
            happenings.add(news.history)
        if news.everything or any(row.kind == "frame-done" for row in news.history):
            self._show_picture()

    def _show_rows(self) -> None:
        now = self.centre.now()
        feed, colors = self.feed, self.palette
        self.query_one("#jobs", RowTable).tell(
            ranked(feed.jobs.values()),
            lambda name: job_cells(feed, feed.jobs[name], colors, now),
        )
        self.query_one("#upper").display = bool(self.feed.jobs)
        self.query_one("#no-jobs").display = not self.feed.jobs
        self.query_one("#devices", RowTable).tell(
            list(feed.devices),
            lambda name: device_cells(feed, feed.devices[name], colors, now),
        )
        self._sum_up()

    def _sum_up(self) -> None:
        """Tell how the farm is; the line has one height, so nothing is laid out anew."""
        self.query_one("#summary", Static).update(self._summary(), layout=False)

    def _summary(self) -> Text:
        symbol, color, words = ENGINE_WORDS[self.centre.engine]
        parts = [Text("blendtui", "bold"), Text(safe(str(self.centre.share), 60))]
        parts.append(Text.assemble((symbol, self.palette.get(color, "")), f" {words}"))
        whole = self.feed.forecasts.get("")
        if whole is not None and self.feed.has_open_jobs:
            parts.append(Text(f"all done at {clock(whole.expected)}"))
        if self._space:
            parts.append(Text(self._space))
        return Text("  ").join(parts)

    def engine_changed(self) -> None:
        """Show whether an engine runs."""
        self._sum_up()

    def _look_at_space(self) -> None:
        self.run_worker(self._measure_space(), group="space", exclusive=True)

    async def _measure_space(self) -> None:
        try:
            free = await asyncio.to_thread(free_space, self.centre.share)
        except OSError:
            self._space = "the share is not there"
        else:
            self._space = f"{size(free)} free" + (" (low)" if free < LOW_SPACE else "")
        self._sum_up()

    def _show_picture(self) -> None:
        found = self.feed.views.last_picture()
        if found is not None and self._picture != found[:2]:
            job, frame, path = found
            self._picture = (job, frame)
            caption = f"{safe(job, 40)}, frame {frame}"
            self.query_one(FramePicture).show_picture(path, caption)

    # what can be done

    @on(RowTable.Selected, "#jobs")
    def open_job(self, event: RowTable.Selected) -> None:
        """Show the job."""
        self.centre.open_job(event.key)

    @on(RowTable.Selected, "#devices")
    def open_device(self, event: RowTable.Selected) -> None:
        """Show the device."""
        if event.key in self.feed.devices:
            self.centre.open_device(event.key)

    def _job(self) -> JobRow | None:
        return self.feed.jobs.get(self.query_one("#jobs", RowTable).chosen or "")

    def action_pause(self) -> None:
        """Pause the job, or let it go on."""
        job = self._job()
        if job is not None:
            wish: JobWish = "resume" if job.state == "paused" else "pause"
            actions.ask_job(self.centre, wish, job.name)

    def action_priority(self, by: int) -> None:
        """Change the job's priority."""
        job = self._job()
        if job is not None:
            # Keys come quicker than answers: two presses are two steps.
            asked, until = self._asked.get(job.name, (job.priority, 0.0))
            before = asked if monotonic() < until else job.priority
            priority = max(0, min(100, before + by))
            self._asked[job.name] = (priority, monotonic() + ANSWERED)
            actions.ask_job(self.centre, "priority", job.name, str(priority))

    def action_retry(self) -> None:
        """Try the job's failed frames again."""
        job = self._job()
        if job is not None:
            actions.ask_job(self.centre, "retry", job.name)

    def action_cancel(self) -> None:
        """End the job, if that is meant."""
        from blendtui.tui.screens.sure import SureScreen  # noqa: PLC0415

        job = self._job()
        if job is not None:
            name = job.name
            question = f"Cancel {safe(name, 60)}? Its finished frames stay on the share."
            self.app.push_screen(
                SureScreen(question, "Cancel the job"),
                lambda sure: actions.ask_job(self.centre, "cancel", name) if sure else None,
            )

    def action_drain(self) -> None:
        """Drain the device, or give it work again."""
        device = self.feed.devices.get(self.query_one("#devices", RowTable).chosen or "")
        if device is not None:
            wish: DeviceWish = "drain" if device.mode == "on" else "enable"
            actions.ask_device(self.centre, wish, device.name)

    # the filter

    def action_filter(self) -> None:
        """Ask which lines to show of what happened."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#filter")
    def filter_changed(self, event: Input.Changed) -> None:
        """Show only lines with these words."""
        self.query_one(Happenings).filter(event.value)

    @on(Input.Submitted, "#filter")
    def filter_done(self) -> None:
        """Keep the filter, and go back to the lines."""
        self.query_one(Happenings).focus()

    def action_back(self) -> None:
        """Take the filter away."""
        field = self.query_one("#filter", Input)
        if field.display:
            field.value = ""
            field.display = False
            self.query_one("#jobs").focus()


def free_space(share: Path) -> int:
    """Give the bytes that are free on the share."""
    return shutil.disk_usage(share).free


def _first_words(share: str) -> Text:
    return Text.assemble(
        ("No jobs yet.\n\n", "bold"),
        "Drop a .zip or a .blend into ",
        (safe(share, 200), "bold"),
        "\nor press ",
        ("a", "bold"),
        " to choose a project here. Its frames come back to the same folder.",
    )
