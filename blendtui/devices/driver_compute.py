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
    cards = _cards(kind)
    chosen = _chosen(kind, cards, wanted.get("card"))
    try:
        preferences.compute_device_type = kind
    except TypeError as error:
        raise _missing(f"it is to render with {kind}") from error
    _enable(preferences, kind, {card[2] for card in chosen})
    _set_device("GPU")
    if not preferences.has_active_device():
        raise _missing(f"it is to render with {kind}")
    return {"compute": f"{kind}: " + ", ".join(card[0] for card in chosen)}


def _as_set_up(scene: Any, preferences: Any) -> dict[str, Any]:
    if scene.cycles.device != "GPU":
        return {"compute": "CPU"}
    if not preferences.has_active_device():
        return {"compute": "CPU", "lacks_gpu": True}
    kind = preferences.compute_device_type
    used = {entry.id for entry in preferences.devices if entry.use}
    names = [card[0] for card in _cards(kind) if card[2] in used]
    return {"compute": f"{kind}: " + ", ".join(names)}


def _cards(kind: str) -> list[Any]:
    """Ask Cycles itself: the preferences go on naming cards that are gone. Name, kind and id."""
    import _cycles  # noqa: PLC0415 - only a Blender with Cycles has it

    return [card for card in _cycles.available_devices(kind) if card[1] == kind]


def _chosen(kind: str, cards: list[Any], number: int | None) -> list[Any]:
    """Give the card of that number, or all of them."""
    if number is None and cards:
        return cards
    if number is not None and number <= len(cards):
        return [cards[number - 1]]
    raise _missing(
        f"it is to render with {kind}"
        if number is None
        else f"slot {number} is to have a {kind} card of its own"
    )


def _missing(wanted: str) -> RunFailure:
    found = [f"{card[0]} ({kind})" for kind in _KINDS for card in _cards(kind)]
    return RunFailure("gpu-missing", wanted=wanted, seen=", ".join(found) or "no GPU")


def _enable(preferences: Any, kind: str, cards: set[str]) -> None:
    """Switch these cards on and all else off, the CPU beside them too."""
    preferences.get_devices_for_type(kind)
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
