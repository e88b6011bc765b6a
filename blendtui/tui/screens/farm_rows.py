"""The rows of the home screen's two tables. Pure: what is known in, cells out."""

from __future__ import annotations

from collections.abc import Collection

from rich.text import Text

from blendtui.store.shown import DeviceRow, JobRow, RunRow, VitalsRow
from blendtui.tui import words
from blendtui.tui.feed import Feed
from blendtui.tui.words import Colors
from blendtui.wording import clock, duration, safe, size

JOB_COLUMNS = (
    "Job",
    "State",
    "Progress",
    "Done",
    "Failed",
    "!",
    "Done at",
    "Prio",
    "Rate",
    "Elapsed",
)
DEVICE_COLUMNS = ("Device", "State", "Renders", "s/frame", "Share", "Load", "Memory", "GPU")

BAR = 10
"""Cells of a job's bar."""


def ranked(jobs: Collection[JobRow]) -> list[str]:
    """Give the jobs' names: those that go on by rank, then those that ended, the latest first."""
    going = [job for job in jobs if job.ended is None]
    ended = [job for job in jobs if job.ended is not None]
    going.sort(key=lambda job: (-job.priority, job.position))
    ended.sort(key=lambda job: (-(job.ended or 0.0), job.position))
    return [job.name for job in (*going, *ended)]


def job_cells(feed: Feed, job: JobRow, colors: Colors, now: float) -> list[str | Text]:
    """Give the cells of a job's row."""
    look = words.job_look(job)
    forecast = feed.forecasts.get(job.name) if job.state == "active" else None
    style = words.color(colors, look.color) + words.behind(colors)
    return [
        Text(safe(job.name, 40), no_wrap=True),
        words.shown(look, colors),
        words.progress(job.done, job.total, BAR, style),
        f"{job.done}/{job.total}",
        Text(str(job.failed), words.color(colors, "error")) if job.failed else "0",
        Text(str(len(job.warnings)), words.color(colors, "warning")) if job.warnings else "",
        clock(forecast.expected) if forecast else "-",
        str(job.priority),
        words.rate(feed.rate(job)),
        words.elapsed(job, now),
    ]


def device_cells(feed: Feed, device: DeviceRow, colors: Colors, now: float) -> list[str | Text]:
    """Give the cells of a device's row."""
    work = feed.work.get(device.name)
    share = f"{work.frames / feed.work_of_all:.0%}" if work else "-"
    each = f"{work.seconds / work.frames:.1f}" if work else "-"
    runs = feed.runs_on(device.name)
    return [
        Text(safe(device.name, 30), no_wrap=True),
        words.shown(words.device_look(device, runs), colors),
        _renders(device, runs, colors, now),
        each,
        share,
        *_vitals(feed.vitals.get(device.name)),
    ]


def _renders(device: DeviceRow, runs: list[RunRow], colors: Colors, now: float) -> str | Text:
    if not device.contact and device.lost_since is not None:
        return f"for {duration(max(0.0, now - device.lost_since))}"
    return Text("  ").join(words.slot(run, colors) for run in runs)


def _vitals(seen: VitalsRow | None) -> tuple[str, str, str]:
    if seen is None:
        return "", "", ""
    memory = f"{size(seen.memory_used)}" if seen.memory_used is not None else ""
    gpu = f"{seen.gpu_use:.0%}" if seen.gpu_use is not None else ""
    if seen.gpu_temperature is not None:
        gpu = f"{gpu} {seen.gpu_temperature:.0f}°C".strip()
    load = f"{seen.load:.1f}" if seen.load is not None else ""
    return load, memory, gpu
