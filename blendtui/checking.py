"""`blendtui devices check`: all devices asked at once, told as a table or as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from blendtui.devices.local_server import LocalServer
from blendtui.devices.probe import Checkup, probe
from blendtui.settings import DeviceSettings
from blendtui.wording import explain, safe, size


def run(devices: Sequence[DeviceSettings], known_hosts: Path, *, as_json: bool) -> int:
    """Check devices and print what was found; 1 if any of them has a problem."""
    found = asyncio.run(_probe_all(devices, known_hosts))
    print(_json(found) if as_json else text(found))
    return int(any(one.problems for one in found))


async def _probe_all(devices: Sequence[DeviceSettings], known_hosts: Path) -> list[Checkup]:
    local = LocalServer()
    await local.start()
    try:
        return list(
            await asyncio.gather(*(probe(device, known_hosts, local) for device in devices))
        )
    finally:
        await local.close()


def _json(found: Sequence[Checkup]) -> str:
    told = []
    for one in found:
        whole = msgspec.to_builtins(one)
        whole["problems"] = [
            {"kind": problem.kind, "what": explain(problem).what, "cure": explain(problem).cure}
            for problem in one.problems
        ]
        told.append(whole)
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
