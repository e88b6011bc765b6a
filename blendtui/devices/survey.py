"""What a device has to render with: its Blenders with their versions, and its cards' memory.

Done whenever a device is reached. A Blender that is still the same file is not asked again.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable

import msgspec

from blendtui.devices import probe_scripts as scripts
from blendtui.devices.link import Link, Output
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.versions import is_named, rank
from blendtui.settings import DeviceSettings

START = 90.0
"""Seconds for a first start of Blender, from a cold disk or in a container."""

_ANSWER = 20.0
_AT_ONCE = 4
_BLENDERS_AT_MOST = 32
_CARDS_AT_MOST = 64


class FoundBlender(msgspec.Struct, frozen=True):
    """A Blender on a device; `chosen` is one that devices.toml names, or the first one found.

    `name` is what devices.toml calls it.
    `stamp` tells the file from a later one in its place; empty where that can't be told.
    """

    path: str
    version: str
    chosen: bool = False
    stamp: str = ""
    name: str = ""


class Card(msgspec.Struct, frozen=True):
    """A graphics card as the system knows it; `memory` in bytes, None where it isn't known."""

    name: str
    memory: int | None = None


class Survey(msgspec.Struct, frozen=True):
    """What was found on a device; Blenders in the order of devices.toml, or of the usual places."""

    blenders: tuple[FoundBlender, ...] = ()
    cards: tuple[Card, ...] = ()

    @property
    def versions(self) -> frozenset[str]:
        """The versions of all Blenders that may be used."""
        return frozenset(one.version for one in self.blenders)

    @property
    def gpu_memory(self) -> int | None:
        """The memory of the smallest card in bytes; None where one's isn't known, or there is none.

        With several cards together, the scene has to fit each of them.
        """
        sizes = [one.memory for one in self.cards if one.memory is not None]
        return min(sizes) if sizes and len(sizes) == len(self.cards) else None

    def path(self, wanted: str) -> str | None:
        """Give the newest Blender of a version ("4.2"), or the first of all without one."""
        fitting = [one for one in self.blenders if is_named(one.version, wanted)]
        if not wanted or not fitting:
            return fitting[0].path if fitting else None
        return max(fitting, key=lambda one: rank(one.version)).path


async def survey(link: Link, device: DeviceSettings, known: Survey | None = None) -> Survey:
    """Look at a device; `known` is what was found before.

    Raises:
        Failure: LINK_LOST; BLENDER_NOT_STARTED where `launch` can't be read.
    """
    blenders, cards = await asyncio.gather(
        find_blenders(link, device, known.blenders if known else ()), find_cards(link)
    )
    return Survey(blenders, cards)


async def find_blenders(
    link: Link, device: DeviceSettings, known: Iterable[FoundBlender] = ()
) -> tuple[FoundBlender, ...]:
    """Find the Blenders that devices.toml names, or else those in the usual places.

    Raises:
        Failure: LINK_LOST; BLENDER_NOT_STARTED where `launch` can't be read.
    """
    words, behind = prefix(device), bool(device.launch.strip())
    output = await within(_ANSWER, link, scripts.BLENDERS, *device.blender)
    places = _places(device, scripts.read_places(output.stdout if output else b""), behind)
    before = {(one.path, one.stamp): one.version for one in known if one.stamp}
    turns = asyncio.Semaphore(_AT_ONCE)

    async def version(path: str, stamp: str, _: str) -> str | None:
        if (path, stamp) in before:
            return before[path, stamp]
        async with turns:
            return await _version(link, path, *words)

    versions = await asyncio.gather(*(version(*place) for place in places))
    found = [
        FoundBlender(path, said, bool(name), stamp, name)
        for (path, stamp, name), said in zip(places, versions, strict=True)
        if said
    ]
    if found and not device.blender:
        found[0] = msgspec.structs.replace(found[0], chosen=True)
    return tuple(found)


def _places(
    device: DeviceSettings, listed: list[tuple[str, str]], behind: bool
) -> list[tuple[str, str, str]]:
    """Give paths to try, with the file's stamp and devices.toml's name for it; each file once.

    A launcher may lead to another machine: what lies here at a path says nothing of it there.
    """
    if behind:
        named = device.blender or ("blender", *(path for path, _ in listed))
        places = [(name, "", name if device.blender else "") for name in dict.fromkeys(named)]
    elif device.blender:
        both = zip(device.blender, listed, strict=False)
        places = [(path, stamp, name) for name, (path, stamp) in both if path]
    else:
        files = {stamp or path: (path, stamp, "") for path, stamp in reversed(listed)}
        places = list(reversed(files.values()))
    return places[:_BLENDERS_AT_MOST]


async def _version(link: Link, blender: str, *words: str) -> str | None:
    output = await within(START, link, scripts.VERSION, blender, *words)
    return scripts.read_version(output.stdout) if output else None


async def find_cards(link: Link) -> tuple[Card, ...]:
    """Ask the system for its graphics cards and their memory.

    Raises:
        Failure: LINK_LOST.
    """
    output = await within(_ANSWER, link, scripts.CARDS)
    found = scripts.read_cards(output.stdout if output else b"")
    return tuple(Card(name, memory) for name, memory in found[:_CARDS_AT_MOST])


async def within(seconds: float, link: Link, script: str, *args: str) -> Output | None:
    """Run a script; None if it has not ended in time, and is ended then."""
    try:
        async with asyncio.timeout(seconds):
            return await link.run_watched(script, *args)
    except TimeoutError:
        return None


def prefix(device: DeviceSettings) -> list[str]:
    """Give the words before Blender's command: its environment and the launcher.

    Raises:
        Failure: BLENDER_NOT_STARTED.
    """
    settings = [f"{name}={value}" for name, value in device.env.items()]
    try:
        launcher = shlex.split(device.launch)
    except ValueError as error:
        detail = f"`launch` cannot be read: {error}"
        raise Failure.of(
            FaultKind.BLENDER_NOT_STARTED, device=device.name, detail=detail
        ) from error
    return (["env", *settings] if settings else []) + launcher
