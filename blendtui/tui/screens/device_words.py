"""What the device screen tells in words. Pure: what is known in, texts out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text

from blendtui.store.shown import DeviceRow, DeviceTotals, RunRow, VitalsRow
from blendtui.tui import words
from blendtui.tui.words import Colors
from blendtui.wording import duration, explain, safe, size

HOTTEST = 100.0
"""Degrees Celsius at which a graph of temperatures is full."""

GRAPHS = ("load", "memory", "gpu", "temperature")

Point = float | None


def about_device(device: DeviceRow, runs: list[RunRow], host: str, colors: Colors) -> Text:
    """Sum a device up in two lines."""
    text = Text.assemble((safe(device.name, 60), "bold"), "  ")
    text.append(words.shown(words.device_look(device, runs), colors))
    if host:
        text.append(f"  {safe(host, 60)}")
    slots = "1 slot" if device.slots == 1 else f"{device.slots} slots"
    text.append(f"\n{slots}")
    if device.spec.tags:
        text.append(f"  tags {', '.join(safe(tag, 30) for tag in sorted(device.spec.tags))}")
    if device.blenders:
        text.append(f"  Blender {', '.join(safe(one, 20) for one in device.blenders)}")
    if device.spec.compute:
        text.append(f"  Cycles on {safe(device.spec.compute, 10)}")
    return text


def facts(
    device: DeviceRow,
    runs: Sequence[RunRow],
    totals: DeviceTotals | None,
    checkup: dict[str, Any] | None,
    colors: Colors,
) -> Text:
    """Tell what a device does, what it has done, and what is wrong."""
    text = Text()
    for run in runs:
        text.append(f"slot {run.slot}  ", "dim").append(words.slot(run, colors)).append("\n")
        if run.memory:
            text.append(f"        {size(run.memory)} of memory\n", "dim")
    if not runs:
        text.append("no Blender is up\n", "dim")
    if totals is not None:
        text.append(_done(totals))
    if checkup is not None:
        text.append("\n").append(_found(checkup))
    text.append(_troubles(device, colors))
    return text


def _done(totals: DeviceTotals) -> str:
    frames = "1 frame" if totals.frames == 1 else f"{totals.frames} frames"
    each = f", {duration(totals.seconds / totals.frames)} each" if totals.frames else ""
    failed = f", {totals.failed} failed" if totals.failed else ""
    return f"{frames} done{each}{failed}\n"


def _troubles(device: DeviceRow, colors: Colors) -> Text:
    text = Text()
    if device.fault is not None:
        said = explain(device.fault)
        text.append("\n✗ ", words.color(colors, "error")).append(said.what, "bold")
        text.append(f"\n  {said.cure}\n")
    for job, fault in device.set_aside.items():
        text.append("\n! ", words.color(colors, "warning"))
        text.append(f"is kept from {safe(job, 60)}: ", "bold").append(f"{explain(fault)}\n")
    return text


def _found(checkup: dict[str, Any]) -> str:
    lines = []
    for label, value in found_rows(checkup):
        if label in ("Blender", "GPUs"):
            lines.append(f"{label}  {value}\n")
    return "".join(lines)


def found_rows(checkup: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Tell what a checkup found, name by name."""
    blenders = [
        f"{safe(str(one['version']), 20)} ({safe(str(one['path']), 60)})"
        for one in checkup.get("blenders") or ()
    ]
    gpus = checkup.get("gpus")
    yield "Blender", ", ".join(blenders) or "none found"
    named = [f"{safe(str(gpu['name']), 40)} ({safe(str(gpu['kind']), 10)})" for gpu in gpus or ()]
    yield "GPUs", "not known" if gpus is None else ", ".join(named) or "none"
    drawn = {True: "renders", False: "can NOT render"}
    yield "EEVEE", drawn.get(checkup.get("eevee"), "not known")  # type: ignore[arg-type]
    yield "System", safe(str(checkup.get("system") or "not known"), 80)
    yield "Cores", _or(checkup.get("cores"), str)
    yield "Memory", _or(checkup.get("memory"), size)
    yield "Free", _or(checkup.get("disk_free"), size)
    yield "Clock", _or(checkup.get("clock_skew"), lambda skew: f"{skew:+.1f} s")
    yield "Answers in", _or(checkup.get("round_trip"), lambda trip: f"{trip:.1f} ms")
    writable = {True: "can be written", False: "can NOT be written"}
    yield "work_dir", writable.get(checkup.get("work_dir_writable"), "not known")  # type: ignore[arg-type]


def _or(value: Any, write: Any) -> str:
    return "not known" if value is None else str(write(value))


def graphs(seen: Sequence[VitalsRow]) -> dict[str, tuple[str, list[Point]]]:
    """Give for each graph its newest value in words, and its points from 0 to 1."""
    last = seen[-1] if seen else None
    return {
        "load": (_load(last), [_part(one.load, one.cores) for one in seen]),
        "memory": (_memory(last), [_part(one.memory_used, one.memory_total) for one in seen]),
        "gpu": (
            f"{last.gpu_use:.0%}" if last and last.gpu_use is not None else "",
            [one.gpu_use for one in seen],
        ),
        "temperature": (
            f"{last.gpu_temperature:.0f} °C" if last and last.gpu_temperature is not None else "",
            [_part(one.gpu_temperature, HOTTEST) for one in seen],
        ),
    }


def _part(value: float | None, whole: float | None) -> Point:
    return None if value is None or not whole else value / whole


def _load(last: VitalsRow | None) -> str:
    if last is None or last.load is None:
        return ""
    return f"{last.load:.1f}" + (f" of {last.cores}" if last.cores else "")


def _memory(last: VitalsRow | None) -> str:
    if last is None or last.memory_used is None:
        return ""
    return size(last.memory_used) + (f" of {size(last.memory_total)}" if last.memory_total else "")
