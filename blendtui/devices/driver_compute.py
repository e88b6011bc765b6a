"""On the device: what Cycles renders with, as devices.toml says; and frames on the CPU instead.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blendtui.devices.driver_project import RunFailure
else:
    from driver_project import RunFailure

_KINDS = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")


def use_compute(scene: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """Have Cycles render with the wanted kind of device, on one card or all of that kind.

    Gives the facts `compute` and `lacks_gpu`. Raises RunFailure where Blender does not see it:
    Cycles itself would render on the CPU then, and say nothing.
    """
    if scene.render.engine != "CYCLES":
        return {}
    kind = wanted.get("kind")
    preferences = bpy.context.preferences.addons["cycles"].preferences
    if kind is None:
        return _as_set_up(scene, preferences)
    if kind == "CPU":
        _set_device("CPU")
        return {"compute": "CPU"}
    if scene.cycles.shading_system and kind != "OPTIX":
        # Other GPUs leave out what is written in the Open Shading Language, without a word.
        _set_device("CPU")
        return {"compute": "CPU, for its Open Shading Language"}
    chosen = _chosen(preferences, kind, wanted.get("card"))
    told = _named(kind, chosen)
    try:
        preferences.compute_device_type = kind
    except TypeError as error:
        raise _missing(preferences, f"it is to render with {kind}") from error
    _enable(preferences, kind, {card.id for card in chosen})
    _set_device("GPU")
    if not preferences.has_active_device():
        raise _missing(preferences, f"it is to render with {kind}")
    return {"compute": told}


def _as_set_up(scene: Any, preferences: Any) -> dict[str, Any]:
    if scene.cycles.device != "GPU":
        return {"compute": "CPU"}
    if not preferences.has_active_device():
        return {"compute": "CPU", "lacks_gpu": True}
    kind = preferences.compute_device_type
    return {"compute": _named(kind, [card for card in _cards(preferences, kind) if card.use])}


def _named(kind: str, cards: list[Any]) -> str:
    return f"{kind}: " + ", ".join(card.name for card in cards)


def _cards(preferences: Any, kind: str) -> list[Any]:
    """Give the entries of cards that are there; `preferences.devices` goes on naming others."""
    return [card for card in preferences.get_devices_for_type(kind) if card.type == kind]


def _chosen(preferences: Any, kind: str, number: int | None) -> list[Any]:
    """Give the card of that number, or all of them."""
    cards = _cards(preferences, kind)
    if number is None and cards:
        return cards
    if number is not None and number <= len(cards):
        return [cards[number - 1]]
    wanted = f"it is to render with {kind}"
    if number is not None:
        wanted = f"slot {number} is to have a {kind} card of its own"
    raise _missing(preferences, wanted)


def _missing(preferences: Any, wanted: str) -> RunFailure:
    found = [f"{card.name} ({kind})" for kind in _KINDS for card in _cards(preferences, kind)]
    return RunFailure("gpu-missing", wanted=wanted, seen=", ".join(found) or "no GPU")


def _enable(preferences: Any, kind: str, cards: set[str]) -> None:
    """Switch these cards on and all else off, the CPU beside them too."""
    for entry in preferences.devices:
        entry.use = entry.type == kind and entry.id in cards
    bpy.context.preferences.use_preferences_save = False  # the device's user has their own


def _set_device(device: str) -> None:
    """Set it for all scenes: compositing can render others as well."""
    for scene in bpy.data.scenes:
        if hasattr(scene, "cycles"):
            scene.cycles.device = device


@contextlib.contextmanager
def on_cpu(wanted: bool) -> Iterator[None]:
    """Render with the CPU for a while, if that is wanted."""
    before = [(scene, scene.cycles.device) for scene in bpy.data.scenes if hasattr(scene, "cycles")]
    if wanted:
        _set_device("CPU")
    try:
        yield
    finally:
        for scene, device in before:
            scene.cycles.device = device


def uses_gpu(scene: Any) -> bool:
    """Whether a frame of the scene needs a GPU's memory, as it is set now."""
    return bool(scene.render.engine != "CYCLES" or scene.cycles.device == "GPU")
