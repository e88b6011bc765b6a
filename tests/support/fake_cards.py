"""Runs in Blender before the driver: a stand-in for two graphics cards that are not there.

Cycles' list of devices is what it stands in for; which of them it then tells Cycles to use, and
what each frame is rendered with, is written to Blender's output.
"""

from __future__ import annotations

import os
from typing import Any

import _cycles
import bpy
from bpy.app.handlers import persistent

FIELDS = len(_cycles.available_devices("CPU")[0])
"""How many a version tells of a card: what it can do besides comes last."""

CARDS = (("Card A", "CUDA", "A0"), ("Card B", "CUDA", "B1"), ("Processor", "CPU", "CPU"))


def available_devices(kind: str = "") -> tuple[tuple[str | bool, ...], ...]:
    """Give them as Cycles does: name, kind, id, and what they can do, which is nothing."""
    found = CARDS if kind in ("CUDA", "") else CARDS[2:]
    return tuple(card + (False,) * (FIELDS - len(card)) for card in found)


def tell(scene: Any, *_: object) -> None:
    """Say what a frame is about to be rendered with."""
    preferences = bpy.context.preferences.addons["cycles"].preferences
    used = sorted(entry.name for entry in preferences.devices if entry.use)
    device = scene.cycles.device
    os.write(1, f"\nCOMPUTE {device} {preferences.compute_device_type} {used}\n".encode())


_cycles.available_devices = available_devices
bpy.app.handlers.render_pre.append(persistent(tell))
