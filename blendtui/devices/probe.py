"""What is this device: reachable, how far, its Blenders and GPUs, its room; and what is wrong."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

from blendtui.devices import probe_scripts as scripts
from blendtui.devices.connection import connect
from blendtui.devices.driver_trouble import display_trouble
from blendtui.devices.link import Link, Output
from blendtui.devices.local_server import LocalServer
from blendtui.devices.survey import (
    START,
    Card,
    FoundBlender,
    find_blenders,
    find_cards,
    prefix,
    within,
)
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.settings import DeviceSettings
from blendtui.wording import duration, explain

_ANSWER = 20.0
# Below this, a difference between two clocks harms nothing here.
_SKEW = 5.0


class Gpu(msgspec.Struct, frozen=True):
    """A card as Cycles sees it; `kind` is OPTIX, CUDA, HIP, METAL or ONEAPI."""

    kind: str
    name: str


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """What a device says of itself; None is what could not be learned.

    `round_trip` is in milliseconds, `memory` and `disk_free` (at work_dir) in bytes,
    `clock_skew` in seconds, positive where the device's clock is ahead. `gpus` are cards as Cycles
    sees them, `cards` as the system does; `eevee` says whether EEVEE made a picture there. `notes`
    are what is no problem, unless somebody needs it. `share_mount` says
    whether that folder is there, None where devices.toml names none.
    """

    name: str
    reachable: bool = False
    round_trip: float | None = None
    system: str | None = None
    blenders: tuple[FoundBlender, ...] = ()
    gpus: tuple[Gpu, ...] | None = None
    cards: tuple[Card, ...] = ()
    eevee: bool | None = None
    cores: int | None = None
    memory: int | None = None
    disk_free: int | None = None
    clock_skew: float | None = None
    work_dir_writable: bool | None = None
    share_mount: bool | None = None
    problems: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_data(self) -> dict[str, object]:
        """Give it as plain data for --json, each problem with its words."""
        data: dict[str, object] = msgspec.to_builtins(self)
        data["problems"] = [_said(fault) for fault in self.problems]
        data["notes"] = [_said(fault) for fault in self.notes]
        return data


async def probe(
    device: DeviceSettings, known_hosts: Path, local: LocalServer | None = None
) -> Checkup:
    """Look at one device; never raises Failure, what is wrong stands in `problems`.

    Takes as long as a start of Blender there; call it for many devices at once.
    """
    try:
        link = await connect(device, known_hosts, local)
    except Failure as failure:
        return Checkup(name=device.name, problems=(failure.fault,))
    checkup = Checkup(name=device.name, reachable=True)
    try:
        for look in (_far, _machine, _blenders, _gpus):
            checkup = await look(link, device, checkup)
    except Failure as failure:
        return _with(checkup, failure.fault)
    finally:
        await link.close()
    return checkup


async def _far(link: Link, device: DeviceSettings, checkup: Checkup) -> Checkup:
    """How far, and by what clock."""
    try:
        async with asyncio.timeout(_ANSWER):
            latency = await link.latency(9)
            begun, ticking = time.time(), time.perf_counter()
            output = await link.run(scripts.CLOCK)
            there = scripts.read_clock(output.stdout)
    except TimeoutError:
        return _with(checkup, _silent(device))
    # `date` ran somewhere between asking and answer: after the login shell's own start, which is
    # most of it. So the answer's way back is what is left to take off.
    now = begun + time.perf_counter() - ticking
    skew = None if there is None else round(there - (now - latency / 2), 2)
    checkup = msgspec.structs.replace(checkup, round_trip=round(latency * 1000, 2), clock_skew=skew)
    if skew is None or abs(skew) < _SKEW:
        return checkup
    direction = "ahead of" if skew > 0 else "behind"
    facts = {"skew": duration(abs(skew)), "direction": direction}
    return _with(checkup, Fault.of(FaultKind.CLOCK_WRONG, device=device.name, **facts))


async def _machine(link: Link, device: DeviceSettings, checkup: Checkup) -> Checkup:
    """Cores, memory, room, and the folders that we need."""
    output = await within(_ANSWER, link, scripts.FACTS, device.work_dir, device.share_mount or "")
    if output is None:
        return _with(checkup, _silent(device))
    facts = scripts.read_facts(output.stdout)
    writable, mounted = "writable" in facts, "mounted" in facts
    checkup = msgspec.structs.replace(
        checkup,
        system=facts.get("system"),
        cores=scripts.read_size(facts, "cores"),
        memory=scripts.read_size(facts, "memory"),
        disk_free=scripts.read_size(facts, "free"),
        work_dir_writable=writable,
        share_mount=mounted if device.share_mount else None,
    )
    if not writable:
        told = {"path": device.work_dir, "detail": facts.get("refused", "no reason given")}
        fault = Fault.of(FaultKind.WORK_DIR_UNWRITABLE, device=device.name, **told)
        checkup = _with(checkup, fault)
    if device.share_mount and not mounted:
        told = {"path": device.share_mount}
        checkup = _with(
            checkup, Fault.of(FaultKind.SHARE_MOUNT_MISSING, device=device.name, **told)
        )
    return checkup


async def _blenders(link: Link, device: DeviceSettings, checkup: Checkup) -> Checkup:
    """The Blenders that devices.toml names, or those in the usual places, and their cards."""
    found = await find_blenders(link, device)
    cards = await find_cards(link)
    checkup = msgspec.structs.replace(checkup, blenders=found, cards=cards)
    answered = {one.name for one in found}
    for name in device.blender or ("blender",):
        if name not in answered and (device.blender or not found):
            fault = Fault.of(FaultKind.BLENDER_MISSING, device=device.name, blender=name)
            checkup = _with(checkup, fault)
    return checkup


async def _gpus(link: Link, device: DeviceSettings, checkup: Checkup) -> Checkup:
    """The cards that Cycles sees in the configured Blender."""
    if not checkup.blenders:
        return checkup
    blender, expression = checkup.blenders[0].path, scripts.GPU_EXPRESSION
    output = await within(START, link, scripts.GPUS, blender, expression, *prefix(device))
    found = scripts.read_gpus(output.stdout) if output else None
    if found is None:
        fault = Fault.of(FaultKind.BLENDER_NOT_STARTED, device=device.name, detail=_last(output))
        return _with(checkup, fault)
    gpus = tuple(dict.fromkeys(Gpu(kind, name) for kind, name in found))
    return _drawing(msgspec.structs.replace(checkup, gpus=gpus), device, output)


def _drawing(checkup: Checkup, device: DeviceSettings, output: Output | None) -> Checkup:
    """Whether EEVEE and Workbench can draw there; a device without is none that is wrong."""
    if output is None or scripts.has_drawn(output.stdout):
        return msgspec.structs.replace(checkup, eevee=output is not None or None)
    if output.status == 0:
        return checkup
    detail = display_trouble(output.stdout + b"\n" + output.stderr) or _last(output)
    fault = Fault.of(FaultKind.DISPLAY_MISSING, device=device.name, detail=detail)
    return msgspec.structs.replace(checkup, eevee=False, notes=(*checkup.notes, fault))


def _last(output: Output | None) -> str:
    if output is None:
        return f"no answer within {duration(START)}"
    told = output.stderr.decode("utf-8", "replace").strip().splitlines()
    return told[-1] if told else f"exit status {output.status}"


def _silent(device: DeviceSettings) -> Fault:
    detail = f"no answer within {duration(_ANSWER)}"
    return Fault.of(FaultKind.LINK_LOST, device=device.name, detail=detail)


def _with(checkup: Checkup, fault: Fault) -> Checkup:
    return msgspec.structs.replace(checkup, problems=(*checkup.problems, fault))


def _said(fault: Fault) -> dict[str, str]:
    words = explain(fault)
    return {"kind": str(fault.kind), "what": words.what, "cure": words.cure}
