"""`blendtui status`: jobs and devices as the store has them, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from blendtui.farm.faults import Fault
from blendtui.locks import engine_runs
from blendtui.places import Places
from blendtui.store.movie_rows import MovieState
from blendtui.store.shown import in_parts
from blendtui.store.views import DeviceRow, ForecastRow, JobRow, MovieRow, PartsRow, RunRow, Views
from blendtui.tables import table
from blendtui.wording import clock, explain, safe


def collect(views: Views, places: Places) -> dict[str, Any]:
    """Gather all that `--json` prints; times in ISO 8601, UTC."""
    engine = engine_runs(places)
    forecasts = views.forecasts() if engine else {}  # without one they are of another time
    runs = [run for run in views.runs() if run.state in ("starting", "ready", "stopping")]
    return {
        "share": str(places.share),
        "engine": engine,
        "done_at": _when(forecasts.get("")),
        "jobs": [_job(job, forecasts.get(job.name), views) for job in views.jobs()],
        "devices": [_device(device, runs) for device in views.devices()],
    }


def _job(job: JobRow, forecast: ForecastRow | None, views: Views) -> dict[str, Any]:
    movie = views.movie(job.name)
    return {
        "name": job.name,
        "state": job.state,
        "priority": job.priority,
        "frames": job.total,
        "done": job.done,
        "failed": job.failed,
        "added": _time(job.added),
        "ended": _time(job.ended),
        "done_at": _when(forecast if job.state == "active" else None),
        "parts": [asdict(row) for row in views.parts(job.name)] if job.given else [],
        "reason": _words(job.fault),
        "warnings": [str(explain(warning)) for warning in job.warnings],
        "movie": _movie(movie),
        "contact_sheet": movie.sheet or None,
    }


def _movie(movie: MovieRow) -> dict[str, Any] | None:
    if movie.state is MovieState.NONE:
        return None
    return {
        "state": movie.state,
        "file": movie.file or None,
        "encoded": round(movie.part, 3),
        "problem": _words(movie.fault),
        "warnings": [str(explain(note)) for note in movie.notes],
    }


def _device(device: DeviceRow, runs: list[RunRow]) -> dict[str, Any]:
    return {
        "name": device.name,
        "connected": device.contact,
        "enabled": device.enabled,
        "mode": device.mode,
        "resting": device.spec.resting,
        "problem": _words(device.fault),
        "blenders": list(device.blenders),
        "compute": device.spec.compute,
        "slots": [
            {"slot": run.slot, "job": run.job, "state": run.state, "frame": run.frame}
            for run in runs
            if run.device == device.name
        ],
        "set_aside": {job: str(explain(fault)) for job, fault in device.set_aside.items()},
    }


def _when(forecast: ForecastRow | None) -> dict[str, str | None] | None:
    if forecast is None:
        return None
    times = {"expected": forecast.expected, "low": forecast.low, "high": forecast.high}
    return {name: _time(at) for name, at in times.items()}


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _words(fault: Fault | None) -> str | None:
    return None if fault is None else str(explain(fault))


def _movie_text(movie: dict[str, Any]) -> str:
    if movie["state"] == MovieState.ENCODING:
        return f"its movie is encoded, {int(movie['encoded'] * 100)}%"
    return movie["problem"] or f"its movie is {safe(movie['file'] or '')}"


def text(shown: dict[str, Any]) -> str:
    """Lay the same out for a person."""
    engine = "is running" if shown["engine"] else "is not running (start it: blendtui --watch)"
    lines = [f"Share   {safe(shown['share'])}", f"Engine  {engine}", ""]
    lines += table(
        ("JOB", "STATE", "DONE", "FAILED", "PRIORITY", "DONE AT"),
        [
            (
                safe(job["name"]),
                job["state"],
                f"{job['done']}/{job['frames']}",
                str(job["failed"]),
                str(job["priority"]),
                _clock(job["done_at"]),
            )
            for job in shown["jobs"]
        ],
        "No jobs. Drop a .zip or .blend into the share.",
    )
    lines += [f"  {safe(job['name'])}: {job['reason']}" for job in shown["jobs"] if job["reason"]]
    lines += [
        f"  {safe(job['name'])}: {in_parts(PartsRow(**row))}"
        for job in shown["jobs"]
        for row in job["parts"]
    ]
    lines += [
        f"  {safe(job['name'])}: {_movie_text(job['movie'])}"
        for job in shown["jobs"]
        if job["movie"]
    ]
    if shown["done_at"] and sum(job["done_at"] is not None for job in shown["jobs"]) > 1:
        lines.append(f"  All of them: {_clock(shown['done_at'])}")
    lines.append("")
    lines += table(
        ("DEVICE", "STATE", "SLOTS"),
        [(safe(device["name"]), _state(device), _slots(device)) for device in shown["devices"]],
        "No devices have been seen yet.",
    )
    lines += [
        f"  {safe(one['name'])}: {one['problem']}" for one in shown["devices"] if one["problem"]
    ]
    lines += [
        f"  {safe(one['name'])} is kept from {safe(job)}: {reason}"
        for one in shown["devices"]
        for job, reason in one["set_aside"].items()
    ]
    return "\n".join(lines)


def _clock(done_at: dict[str, str] | None) -> str:
    """Give a forecast as local times: expected, then the range."""
    if done_at is None:
        return "-"
    expected, low, high = (_local(done_at[name]) for name in ("expected", "low", "high"))
    return expected if low == high else f"{expected} ({low} to {high})"


def _local(at: str) -> str:
    return clock(datetime.fromisoformat(at).timestamp())


def _state(device: dict[str, Any]) -> str:
    if not device["enabled"] or device["mode"] == "off":
        return "disabled"
    if device["mode"] == "draining":
        return "draining"
    if device["resting"]:
        return "outside its hours"
    return "connected" if device["connected"] else "not connected"


def _slots(device: dict[str, Any]) -> str:
    shown = []
    for slot in device["slots"]:
        frame = "" if slot["frame"] is None else f" frame {slot['frame']}"
        shown.append(f"{safe(slot['job'])}{frame} ({slot['state']})")
    return ", ".join(shown) or "idle"
