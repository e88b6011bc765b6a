"""report.toml: what became of a job, for people and programs that look into its folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import tomli_w

from blendtui.farm.frames import format_frames
from blendtui.wording import safe

_LONGEST = 4000
"""Characters of a text in a report."""


@dataclass(frozen=True, slots=True)
class FailedFrame:
    """A frame that was given up, with why each try failed: device and reason."""

    number: int
    reason: str
    cure: str
    tries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DeviceShare:
    """What a device did: frames on the share, failed tries, seconds of rendering, and parts."""

    name: str
    frames: int
    failed_tries: int
    seconds: float
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A job as it stands; `settings` has what it was rendered with. Times since the epoch."""

    name: str
    state: str
    reason: str
    added: float
    ended: float | None
    frames: tuple[int, ...]
    done: tuple[int, ...]
    failed: tuple[FailedFrame, ...]
    warnings: tuple[str, ...]
    devices: tuple[DeviceShare, ...]
    settings: dict[str, Any]
    movie: dict[str, Any] | None = None
    contact_sheet: str = ""


def write(report: Report) -> str:
    """Write a report as TOML. Foreign text in it is harmless on a terminal."""
    failed = [frame.number for frame in report.failed]
    missing = sorted(set(report.frames) - set(report.done) - set(failed))
    whole: dict[str, Any] = {
        "name": safe(report.name),
        "state": safe(report.state),
        "added": _time(report.added),
    }
    if report.ended is not None:
        whole["ended"] = _time(report.ended)
    if report.reason:
        whole["reason"] = safe(report.reason, _LONGEST)
    whole["warnings"] = [safe(warning, _LONGEST) for warning in report.warnings]
    if report.contact_sheet:
        whole["contact_sheet"] = safe(report.contact_sheet)
    whole["frames"] = {
        "all": format_frames(report.frames),
        "done": format_frames(report.done),
        "failed": format_frames(failed),
        "missing": format_frames(missing),
        "count": len(report.frames),
        "done_count": len(report.done),
    }
    whole["settings"] = _plain(report.settings)
    if report.movie is not None:
        whole["movie"] = _plain(report.movie)
    whole["devices"] = [_device(device, report) for device in report.devices]
    whole["failures"] = [_failure(frame) for frame in report.failed]
    return tomli_w.dumps(whole, multiline_strings=False)


def read(text: str) -> dict[str, Any]:
    """Read a report's tables."""
    return tomllib.loads(text)


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(round(at), UTC)


def _plain(value: object) -> object:
    """Make of a value what TOML can hold."""
    if isinstance(value, dict):
        named = {safe(str(name)): one for name, one in value.items() if one is not None}
        return {name: _plain(one) for name, one in named.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value if one is not None]
    if isinstance(value, (bool, int, float, datetime)):
        return value
    return safe(str(value), _LONGEST)


def _device(device: DeviceShare, report: Report) -> dict[str, Any]:
    total = max(len(report.done), 1)
    return {
        "name": safe(device.name),
        "frames": device.frames,
        **({"parts": device.parts} if device.parts else {}),
        "share": round(device.frames / total, 3),
        "failed_tries": device.failed_tries,
        "seconds": round(device.seconds, 3),
        "seconds_per_frame": round(device.seconds / max(device.frames, 1), 3),
    }


def _failure(frame: FailedFrame) -> dict[str, Any]:
    return {
        "frame": frame.number,
        "reason": safe(frame.reason, _LONGEST),
        "cure": safe(frame.cure, _LONGEST),
        "tries": [
            {"device": safe(device), "reason": safe(reason, _LONGEST)}
            for device, reason in frame.tries
        ],
    }
