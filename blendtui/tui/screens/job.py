"""One job: its frames, who rendered them when, what is wrong, and what can be done."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static, TabbedContent, TabPane

from blendtui.farm.frames import format_frames
from blendtui.store.shown import JobRow, SpanRow
from blendtui.store.views import JobWish, MovieRow
from blendtui.tui import actions, folders
from blendtui.tui.feed import News
from blendtui.tui.screens.ask import AskScreen, frames_wrong, priority_wrong
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.screens.job_words import about_frame, about_job, problems
from blendtui.tui.screens.sure import SureScreen
from blendtui.tui.widgets.framemap import FrameMap
from blendtui.tui.widgets.keyline import KeyLine
from blendtui.tui.widgets.logview import LogView
from blendtui.tui.widgets.picture import FramePicture
from blendtui.tui.widgets.timeline import Timeline
from blendtui.wording import safe

DESCRIBE_AFTER = 0.15
"""Seconds that the cursor must rest on a frame before its picture and log are fetched."""


class JobScreen(FarmScreen):
    """Everything about one job."""

    HELP_TEXT = (
        "Each cell is a frame: · waits, ▸ is being rendered, ■ is done, ✗ has failed. The arrow"
        " keys choose one; its story, its picture and its log are below and beside."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause", tooltip="Pause the job, or let it go on"),
        Binding("t", "time", "Times", tooltip="Show how long frames took, or their states"),
        Binding("f", "find", "Go to", tooltip="Go to a frame"),
        Binding("r", "retry", "Retry", show=False, tooltip="Try failed frames again"),
        Binding("g", "again", "Again", tooltip="Render some frames again"),
        Binding("m", "movie", "Movie", show=False, tooltip="Make the movie, or make it again"),
        Binding("c", "range", "Frames", tooltip="Change which frames the job has"),
        Binding("p", "priority", "Prio", tooltip="Change the job's priority"),
        Binding("x", "cancel", "Cancel", tooltip="End the job as it is"),
        Binding("o", "folder", "Folder", show=False, tooltip="Open the folder with its frames"),
        Binding(
            "l", "tab('log')", "Log", show=False, tooltip="Show the log of the frame's failed try"
        ),
    ]

    def __init__(self, job: str) -> None:
        super().__init__()
        self.title = safe(job, 60)
        self._job_name = job
        self._revision = self._spans_revision = -1
        self._numbers: tuple[int, ...] = ()
        self._spans: dict[tuple[int, int], SpanRow] = {}
        self._frame: int | None = None
        self._pictured: tuple[int, bool] | None = None
        self._asked: set[int] = set()
        self._movie = MovieRow()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="about-job")
        with Horizontal(id="frames"):
            yield FrameMap(id="framemap")
            yield FramePicture(id="frame-picture")
        with TabbedContent(id="more", initial="frame"):
            with TabPane("Frame", id="frame"), VerticalScroll():
                yield Static(id="about-frame")
            with TabPane("Timeline", id="time"):
                yield Timeline(id="timeline")
            with TabPane("Problems", id="problems"), VerticalScroll():
                yield Static(id="about-problems")
            with TabPane("Log", id="log"):
                yield LogView(id="frame-log")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin with the frames."""
        self.query_one("#framemap").border_title = "Frames"
        self.query_one(FrameMap).focus()
        self.set_interval(1.0, self._show_time)

    @property
    def job(self) -> JobRow | None:
        """The job as it stands."""
        return self.feed.jobs.get(self._job_name)

    # what is shown

    def show(self, news: News) -> None:
        """Show what changed of this job."""
        job = self.job
        if job is None or not self.is_mounted:
            return
        others = job.spec.frames != self._numbers
        revision = self.feed.views.revision()
        states = self.feed.views.states(self._job_name, -1 if others else self._revision)
        self._revision = revision
        grid = self.query_one(FrameMap)
        if others:
            self._numbers = job.spec.frames
            grid.set_frames(self._numbers, dict(states))
        else:
            grid.update_states(states)
        self._show_time()
        if others or any(number == self._frame for number, _ in states):
            self._describe()
        movie = self.feed.views.movie(self._job_name)
        if states or news.everything or movie != self._movie:
            self._movie = movie
            failed = self.feed.views.frames(self._job_name, state="failed") if job.failed else []
            self.query_one("#about-problems", Static).update(problems(job, failed, movie))

    def _show_time(self) -> None:
        job = self.job
        if job is None:
            return
        now = self.centre.now()
        self.query_one("#about-job", Static).update(about_job(job, self.feed, self.palette, now))
        if self._frame is not None:
            self._show_picture(self._frame)  # it may have been made meanwhile
        grid, seen = self.query_one(FrameMap), self.query_one("#more", TabbedContent).active
        if seen == "time" or grid.by_time:
            self._read_spans()
        if seen == "time":
            self.query_one(Timeline).show_spans(self._spans, job.ended or now)

    def _read_spans(self) -> None:
        """Read what happened to tries since it was read last; only for who looks at times."""
        revision = self.feed.views.revision()
        spans = self.feed.views.spans(self._job_name, self._spans_revision)
        self._spans_revision = revision
        self._spans.update(((span.frame, span.number), span) for span in spans)
        self.query_one(FrameMap).update_seconds(
            {one.frame: one.seconds for one in spans if one.state == "done" and one.seconds}
        )

    @on(TabbedContent.TabActivated)
    def tab_activated(self) -> None:
        """Draw what was not drawn while it could not be seen."""
        self._show_time()
        self._show_log()

    @on(FrameMap.Chosen)
    def frame_chosen(self) -> None:
        """Describe the frame when the cursor rests on it."""
        self.set_timer(DESCRIBE_AFTER, self._describe_rested)

    def _describe_rested(self) -> None:
        if self.query_one(FrameMap).chosen != self._frame:
            self._describe()

    def _describe(self) -> None:
        frame = self.query_one(FrameMap).chosen
        if frame is None:
            return
        changed, self._frame = frame != self._frame, frame
        tries = self.feed.views.attempts(self._job_name, frame=frame)
        words_of_it = about_frame(frame, self._state(frame), tries, self.palette)
        self.query_one("#about-frame", Static).update(words_of_it)
        self._show_picture(frame)
        if changed:
            self._show_log()

    def _state(self, frame: int) -> str:
        return self.query_one(FrameMap).state_of(frame)

    def _show_picture(self, frame: int) -> None:
        path = self.feed.views.picture(self._job_name, frame)
        if path is None and self._state(frame) == "done" and frame not in self._asked:
            self._asked.add(frame)
            self.feed.views.ask_job("picture", self._job_name, str(frame))
        shown = (frame, path is not None)
        if shown != self._pictured:
            self._pictured = shown
            caption = f"Frame {frame}" if path else f"Frame {frame}: no picture yet"
            self.query_one(FramePicture).show_picture(path, caption)

    def _show_log(self) -> None:
        if self._frame is None or self.query_one("#more", TabbedContent).active != "log":
            return
        view = self.query_one(LogView)
        found = sorted(self._folder.glob(f"logs/frame-{self._frame}-try-*.log"))
        if not found:
            view.replace([f"Frame {self._frame} has no failed try: only their logs are kept."])
            return
        view.replace(folders.last_lines(found[-1]))

    # what can be done

    @property
    def _folder(self) -> Path:
        return self.centre.share / self._job_name

    def _ask(self, wish: JobWish, detail: str = "") -> None:
        actions.ask_job(self.centre, wish, self._job_name, detail)

    def action_pause(self) -> None:
        """Pause the job, or let it go on."""
        job = self.job
        self._ask("resume" if job is not None and job.state == "paused" else "pause")

    def action_retry(self) -> None:
        """Try failed frames again."""
        self._ask("retry")

    def action_time(self) -> None:
        """Show how long frames took, or their states."""
        by_time = self.query_one(FrameMap).toggle_time()
        self.query_one("#framemap").border_title = "Frames by time" if by_time else "Frames"
        self._show_time()

    def action_find(self) -> None:
        """Go to a frame."""
        self.app.push_screen(
            AskScreen("Go to which frame?", self._shown_frame, self._frame_wrong),
            self._go_to,
        )

    @property
    def _shown_frame(self) -> str:
        return "" if self._frame is None else str(self._frame)

    def _go_to(self, text: str | None) -> None:
        if text:
            self.query_one(FrameMap).choose(int(text))

    def _frame_wrong(self, text: str) -> str:
        right = text.strip() in map(str, self._numbers)
        return "" if right else f"The job has the frames {format_frames(self._numbers)}."

    def action_again(self) -> None:
        """Render some frames again."""
        self.app.push_screen(
            AskScreen("Render which frames again?", self._shown_frame, frames_wrong),
            lambda text: self._ask("again", text) if text else None,
        )

    def action_movie(self) -> None:
        """Have the movie made, or made again."""
        self._ask("movie")

    def action_range(self) -> None:
        """Change which frames the job has."""
        self.app.push_screen(
            AskScreen("Which frames shall it have?", format_frames(self._numbers), frames_wrong),
            lambda text: self._ask("frames", text) if text else None,
        )

    def action_priority(self) -> None:
        """Change the job's priority."""
        job = self.job
        if job is not None:
            self.app.push_screen(
                AskScreen("Which priority, 0 to 100?", str(job.priority), priority_wrong),
                lambda text: self._ask("priority", str(int(text))) if text else None,
            )

    def action_cancel(self) -> None:
        """End the job, if that is meant."""
        question = f"Cancel {self.title}? Its finished frames stay on the share."
        self.app.push_screen(
            SureScreen(question, "Cancel the job"),
            lambda sure: self._ask("cancel") if sure else None,
        )

    def action_folder(self) -> None:
        """Open the folder with the frames, or say where it is."""
        folder = self._folder / "frames"
        if not folders.opened(folder):
            self.app.notify(safe(str(folder)), title="The frames are in", markup=False)

    def action_tab(self, tab: str) -> None:
        """Show one of the parts below."""
        self.query_one("#more", TabbedContent).active = tab
