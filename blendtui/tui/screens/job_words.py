"""What is said about a job and its frames. Pure: rows in, text out."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from blendtui.store.movie_rows import MovieRow, MovieState
from blendtui.store.shown import AttemptRow, FrameRow, JobRow, in_parts
from blendtui.tui import words
from blendtui.tui.feed import Feed
from blendtui.tui.words import Colors
from blendtui.wording import clock, duration, explain, safe, size

BESIDE = {"@sound": "the movie's sound", "@display": "the picture for the contact sheet"}
"""What the driver sends beside frames, by its folder there (driver_movie.py)."""

SHOWN = 50
"""Failed frames that are told one by one."""

ENDS = {
    "done": "done",
    "failed": "failed",
    "dropped": "dropped",
    "given-up": "given up: the device was out of reach",
    "rendered": "rendered, on its way",
    "started": "being rendered",
    "ordered": "waits on the device",
    "dropping": "taken back",
}
"""What has become of a try."""


def about_job(job: JobRow, feed: Feed, colors: Colors, now: float) -> Text:
    """Sum a job up in two lines."""
    look = words.job_look(job)
    style = words.color(colors, look.color) + words.behind(colors)
    text = Text.assemble((safe(job.name, 80), "bold"), "  ")
    text.append(words.shown(look, colors)).append("  ")
    text.append(words.progress(job.done, job.total, 20, style))
    text.append(f"  {job.done} of {job.total} frames")
    if job.failed:
        text.append(f", {job.failed} failed", words.color(colors, "error"))
    text.append(f"\npriority {job.priority}  {words.rate(feed.rate(job))}")
    text.append(f"  for {words.elapsed(job, now)}")
    forecast = feed.forecasts.get(job.name) if job.state == "active" else None
    if forecast is not None:
        low, high = clock(forecast.low), clock(forecast.high)
        span = "" if low == high else f" ({low} to {high})"
        text.append(f"  done at {clock(forecast.expected)}{span}")
    if job.warnings:
        text.append(f"  {len(job.warnings)} warnings", words.color(colors, "warning"))
    text.append(about_movie(feed.views.movie(job.name), colors))
    for row in feed.views.parts(job.name) if job.given else ():
        text.append(f"\n{in_parts(row)}")
    return text


def about_movie(movie: MovieRow, colors: Colors) -> Text:
    """Tell how a job's movie stands; nothing of a job that has none."""
    text = Text()
    match movie.state:
        case MovieState.ENCODING:
            text.append(f"  movie {int(movie.part * 100)}% encoded")
        case MovieState.DONE:
            text.append(f"  movie {safe(movie.file, 60)}")
            if movie.notes:
                text.append(" (see problems)", words.color(colors, "warning"))
        case MovieState.FAILED | MovieState.INCOMPLETE:
            said = "failed" if movie.state is MovieState.FAILED else "lacks frames"
            text.append(f"  movie {said} (m makes it)", words.color(colors, "error"))
    return text


def about_frame(frame: int, state: str, tries: Sequence[AttemptRow], colors: Colors) -> Text:
    """Tell a frame's story: its state, and all its tries."""
    text = Text.assemble((f"Frame {frame}", "bold"), "  ")
    text.append(words.shown(words.frame_look(state), colors))
    for one in reversed(tries):
        text.append(f"\ntry {one.number} on {safe(one.device, 40)}: {ENDS.get(one.state, '')}")
        if one.seconds is not None:
            text.append(f", {duration(one.seconds)}")
        if one.ended is not None and one.started is not None:
            text.append(f", {clock(one.started)} to {clock(one.ended)}")
        for file in one.files if one.state == "done" else ():
            text.append(f"\n  {_file(file.path)}  {size(file.size)}")
        if one.fault is not None:
            said = explain(one.fault)
            text.append(f"\n  {said.what}", words.color(colors, "error"))
            text.append(f"\n  {said.cure}")
    return text


def _file(path: str) -> str:
    """Name a file of a frame; those that come beside it have no name that says something."""
    return BESIDE.get(path.partition("/")[0]) or safe(path, 120)


def problems(job: JobRow, failed: Sequence[FrameRow], movie: MovieRow) -> Text:
    """Tell all that is wrong with a job, each with its cure."""
    text = Text()
    if job.fault is not None:
        text.append("The job: ", "bold").append(f"{explain(job.fault)}\n\n")
    for warning in job.warnings:
        text.append("Warning: ", "bold").append(f"{explain(warning)}\n\n")
    for fault in (*((movie.fault,) if movie.fault else ()), *movie.notes):
        text.append("The movie: ", "bold").append(f"{explain(fault)}\n\n")
    for row in failed[:SHOWN]:
        text.append(f"Frame {row.number}: ", "bold")
        last = row.failures[-1] if row.failures else None
        text.append(f"{explain(last.fault)}\n\n" if last else "no reason is known.\n\n")
    if len(failed) > SHOWN:
        text.append(f"and {len(failed) - SHOWN} more failed frames.")
    if not text:
        text.append("Nothing is wrong.")
    text.rstrip()
    return text
