"""`blendtui devices check`: all devices asked at once, told as a table or as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from blendtui.devices.local_server import LocalServer
from blendtui.devices.probe import Checkup, probe
from blendtui.settings import DeviceSettings
from blendtui.tables import table
from blendtui.wording import explain, safe, size


def check(devices: Sequence[DeviceSettings], known_hosts: Path) -> list[Checkup]:
    """Look at devices, all at once."""
    return asyncio.run(_probe_all(devices, known_hosts))


async def _probe_all(devices: Sequence[DeviceSettings], known_hosts: Path) -> list[Checkup]:
    local = LocalServer()
    await local.start()
    try:
        return list(
            await asyncio.gather(*(probe(device, known_hosts, local) for device in devices))
        )
    finally:
        await local.close()


def as_json(found: Sequence[Checkup]) -> str:
    """Write what was found for a program."""
    return json.dumps([one.as_data() for one in found], indent=2)


def text(found: Sequence[Checkup]) -> str:
    """Lay out what was found for a person: a table, then what is wrong and its cure."""
    header = (
        "DEVICE",
        "REACHED",
        "BLENDER",
        "GPUS",
        "EEVEE",
        "CORES",
        "MEMORY",
        "FREE",
        "CLOCK",
        "WORK_DIR",
    )
    lines = table(header, [_row(one) for one in found], "There are no devices in devices.toml.")
    for one in found:
        for problem in (*one.problems, *one.notes):
            words = explain(problem)
            lines += ["", words.what, f"  {words.cure}"]
    return "\n".join(lines)


def _row(one: Checkup) -> tuple[str, ...]:
    return (
        safe(one.name),
        "no" if one.round_trip is None else f"{one.round_trip:.1f} ms",
        ", ".join(dict.fromkeys(safe(blender.version) for blender in one.blenders)) or "-",
        "?" if one.gpus is None else ", ".join(safe(gpu.name) for gpu in one.gpus) or "none",
        {True: "yes", False: "no", None: "?"}[one.eevee],
        "?" if one.cores is None else str(one.cores),
        "?" if one.memory is None else size(one.memory),
        "?" if one.disk_free is None else size(one.disk_free),
        "?" if one.clock_skew is None else f"{one.clock_skew:+.1f} s",
        {True: "writable", False: "NOT WRITABLE", None: "?"}[one.work_dir_writable],
    )
