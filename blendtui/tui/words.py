"""Short texts for cells and lines: bars, states, times. Nothing here is markup."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from blendtui.farm.faults import FaultKind
from blendtui.store.shown import DeviceRow, JobRow, RunRow
from blendtui.tui.themes import DEVICE_LOOKS, FRAME_LOOKS, JOB_LOOKS, Look
from blendtui.wording import duration, safe

EIGHTHS = " ▏▎▍▌▋▊▉"

_UNTRIED = (FaultKind.LINK_LOST, FaultKind.DEVICE_CHANGED)
"""Faults of a device that is not known to be unreachable."""

Colors = dict[str, str]
"""A theme's variables, from names such as "success" to colors."""


def color(colors: Colors, name: str) -> Style:
    """Give the style of a theme's color; none where the terminal knows no such color."""
    value = colors.get(name, "")
    return Style(color=value) if value.startswith("#") else Style()


def behind(colors: Colors) -> Style:
    """Give the style of a bar's empty part."""
    value = colors.get("panel-lighten-2", "")
    return Style(bgcolor=value) if value.startswith("#") else Style()


def bar(part: float, width: int) -> str:
    """Draw how far something is, to an eighth of a cell."""
    eighths = round(max(0.0, min(1.0, part)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def progress(done: int, total: int, width: int, style: Style) -> Text:
    """Draw a bar with its share in percent; 100 only when all is done."""
    part = done / total if total else 0.0
    percent = 100 if done == total and total else min(99, int(part * 100))
    text = Text(no_wrap=True)
    text.append(bar(part, width), style)
    text.append(f" {percent:3d}%")
    return text


def shown(look: Look, colors: Colors) -> Text:
    """Write a state: its symbol and its word."""
    return Text.assemble((look.symbol, color(colors, look.color)), " ", look.word)


def job_look(job: JobRow) -> Look:
    """Say how a job's state is shown."""
    return JOB_LOOKS[job.state]


def frame_look(state: str) -> Look:
    """Say how a frame's state is shown."""
    return FRAME_LOOKS[state]


def device_look(device: DeviceRow, runs: list[RunRow]) -> Look:
    """Say how a device's state is shown, by what its Blenders do."""
    if not device.enabled or device.mode == "off":
        return DEVICE_LOOKS["disabled"]
    if not device.contact:
        tried = device.fault is not None and device.fault.kind not in _UNTRIED
        return DEVICE_LOOKS["lost" if tried or device.lost_since is not None else "trying"]
    if device.mode == "draining":
        return DEVICE_LOOKS["draining"]
    if any(run.frame is not None for run in runs):
        return DEVICE_LOOKS["rendering"]
    if device.spec.resting:
        return DEVICE_LOOKS["resting"]
    return DEVICE_LOOKS["starting" if any(run.state == "starting" for run in runs) else "idle"]


def slot(run: RunRow, colors: Colors, width: int = 6) -> Text:
    """Say what a slot's Blender does: job, frame, and how many of its samples are done."""
    name = safe(run.job, 24)
    waits = {"starting": "opening", "stopping": "leaving"}.get(run.state)
    if waits is None and run.frame is None:
        waits = "ready"
    text = Text(f"{name}: {waits}" if waits else f"{name} {run.frame}", no_wrap=True)
    if not waits and run.sample and run.samples:
        style = color(colors, "primary") + behind(colors)
        text.append(" ").append(bar(run.sample / run.samples, width), style)
    return text


def rate(frames_per_hour: float | None) -> str:
    """Write how many frames are done in an hour."""
    if frames_per_hour is None:
        return "-"
    return f"{frames_per_hour:,.0f}/h" if frames_per_hour >= 10 else f"{frames_per_hour:.1f}/h"


def elapsed(job: JobRow, now: float) -> str:
    """Write for how long a job goes on, or went on."""
    return duration(max(0.0, (job.ended or now) - job.added))
