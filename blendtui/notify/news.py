"""Which lines of the history are news to be told, and in what words. Pure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from blendtui import telling
from blendtui.farm.faults import FaultKind
from blendtui.farm.state import NoteKind
from blendtui.store.views import HistoryRow

_WAITING = frozenset(
    {
        FaultKind.NO_DEVICE_FITS,
        FaultKind.SHARE_WRITE,
        FaultKind.SHARE_MISSING,
        FaultKind.ARCHIVE_WRITE,
        FaultKind.DISK_NO_ROOM,
        FaultKind.STATE_UNWRITABLE,
    }
)
"""Warnings of a job or a drop that waits until somebody does something."""

_MEANT = frozenset({FaultKind.DEVICE_ASLEEP, FaultKind.DEVICE_CHANGED})
"""Why a device goes that was sent away: by its idle_command, or by who edits devices.toml."""

_MOST_LINES = 50

_TITLES = {"done": "{job} is done", "failed": "{job} failed", "stuck": "{job} is stuck"}


@dataclass(frozen=True, slots=True)
class News:
    """One thing to be told: its `kind` is one of those that `on` in devices.toml can name."""

    kind: str
    title: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()


def news_of(row: HistoryRow, on: Sequence[str], share: Path) -> News | None:
    """Make news of a line of the history; None where it is none, or nobody wants it."""
    kind = _kind(row)
    if kind is None or kind not in on:
        return None
    job = row.job or (row.detail if row.kind != NoteKind.DEVICE_LOST else "")
    if kind == "lost":
        title = f"{row.device} is lost"
    elif row.kind == NoteKind.REJECTED:
        title = f"{job} was refused"
    else:
        title = _TITLES[kind].format(job=job or "a drop")
    return News(kind, title, telling.line(row), _facts(row, kind, share))


def _kind(row: HistoryRow) -> str | None:
    if row.kind == NoteKind.JOB_ENDED:
        state = row.detail.partition(" ")[0]
        return state if state in ("done", "failed") else None  # who cancels knows
    if row.kind == NoteKind.REJECTED:
        return "failed"
    if row.kind == NoteKind.DEVICE_LOST:
        return None if row.fault is not None and row.fault.kind in _MEANT else "lost"
    waits = row.kind == NoteKind.WARNING and row.fault and row.fault.kind in _WAITING
    return "stuck" if row.kind == NoteKind.HELD_UP or waits else None


def _facts(row: HistoryRow, kind: str, share: Path) -> tuple[tuple[str, str], ...]:
    facts = {
        "EVENT": kind,
        "TEXT": telling.line(row),
        "AT": datetime.fromtimestamp(row.at, UTC).isoformat(timespec="seconds"),
        "SHARE": str(share),
    }
    if row.job is not None:
        facts |= {"JOB": row.job, "FOLDER": str(share / row.job)}
    if row.device is not None:
        facts["DEVICE"] = row.device
    if row.frame is not None:
        facts["FRAME"] = str(row.frame)
    numbers = row.detail.split()
    if row.kind == NoteKind.JOB_ENDED and len(numbers) == 4:
        facts |= {"FRAMES_DONE": numbers[1], "FRAMES": numbers[2], "SECONDS": numbers[3]}
    if row.kind == NoteKind.REJECTED:
        facts["DROP"] = row.detail
    return tuple((name, value.replace("\0", "")) for name, value in facts.items())


def environment(news: News) -> dict[str, str]:
    """Give the environment of a command that is told something: ours, and BLENDTUI_*."""
    return os.environ | {f"BLENDTUI_{name}": value for name, value in news.facts}


def together(news: Sequence[News]) -> tuple[str, str]:
    """Put what came at once into one message: title and text."""
    if len(news) == 1:
        return f"blendtui: {news[0].title}", news[0].text
    lines = [one.text for one in news[:_MOST_LINES]]
    if len(news) > _MOST_LINES:
        lines.append(f"and {len(news) - _MOST_LINES} more")
    return f"blendtui: {len(news)} things happened", "\n".join(lines)
