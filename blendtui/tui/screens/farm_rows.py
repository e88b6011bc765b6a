"""The rows of the home screen's two tables. Pure: what is known in, cells out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from blendtui.shown import DeviceRow, JobRow, RunRow, VitalsRow
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
    "Done at",
    "Prio",
    "Rate",
    "Elapsed",
    "!",
)
DEVICE_COLUMNS = ("Device", "State", "Renders", "s/frame", "Share", "Load", "Memory", "GPU")

BAR = 10
"""Cells of a job's bar."""

RECENT = 50
"""Lines of what happened by which a device's seconds for a frame are told."""

Row = tuple[str, Sequence[str | Text]]


def job_rows(feed: Feed, colors: Colors, now: float) -> Iterator[Row]:
    """Give the jobs' rows: those that go on by rank, then those that ended, the latest first."""
    going = [job for job in feed.jobs.values() if job.ended is None]
    ended = [job for job in feed.jobs.values() if job.ended is not None]
    going.sort(key=lambda job: (-job.priority, job.position))
    ended.sort(key=lambda job: (-(job.ended or 0.0), job.position))
    for job in (*going, *ended):
        yield job.name, _job_cells(feed, job, colors, now)


def _job_cells(feed: Feed, job: JobRow, colors: Colors, now: float) -> list[str | Text]:
    look = words.job_look(job)
    forecast = feed.forecasts.get(job.name) if job.state == "active" else None
    style = words.color(colors, look.color) + words.behind(colors)
    return [
        Text(safe(job.name, 40), no_wrap=True),
        words.shown(look, colors),
        words.progress(job.done, job.total, BAR, style),
        f"{job.done}/{job.total}",
        Text(str(job.failed), words.color(colors, "error")) if job.failed else "0",
        clock(forecast.expected) if forecast else "-",
        str(job.priority),
        words.rate(feed.rate(job)),
        words.elapsed(job, now),
        Text(str(len(job.warnings)), words.color(colors, "warning")) if job.warnings else "",
    ]


def device_rows(feed: Feed, colors: Colors, now: float) -> Iterator[Row]:
    """Give the devices' rows, by name."""
    done, seconds = _recent(feed)
    vitals = feed.views.vitals()
    runs: dict[str, list[RunRow]] = {}
    for run in feed.runs.values():
        if run.state in ("starting", "ready", "stopping"):
            runs.setdefault(run.device, []).append(run)
    whole = sum(done.values())
    for device in feed.devices.values():
        name = device.name
        share = f"{done[name] / whole:.0%}" if whole else "-"
        each = f"{seconds[name] / done[name]:.1f}" if done[name] else "-"
        own = sorted(runs.get(name, ()), key=lambda run: run.slot)
        yield (
            name,
            [
                Text(safe(name, 30), no_wrap=True),
                words.shown(words.device_look(device, own), colors),
                _renders(device, own, colors, now),
                each,
                share,
                *_vitals(vitals.get(name)),
            ],
        )


def _recent(feed: Feed) -> tuple[Counter[str], Counter[str]]:
    """Count the frames, and add up the seconds, that each device has done of late."""
    done: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for row in feed.history:
        if row.kind == "frame-done" and row.device is not None:
            done[row.device] += 1
            seconds[row.device] += float(row.detail or 0.0)  # type: ignore[assignment]
    return done, seconds


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
