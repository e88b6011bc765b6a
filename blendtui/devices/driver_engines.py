"""On the device: the render engines that this Blender has.

A scene whose engine it does not have would be rendered with EEVEE, without a word (seen in 3.4).

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from blendtui.devices.driver_project import RunFailure
else:
    from driver_project import RunFailure

_OTHER_NAMES = {
    "EEVEE": ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"),
    "BLENDER_EEVEE": ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT"),
    "BLENDER_EEVEE_NEXT": ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"),
    "WORKBENCH": ("BLENDER_WORKBENCH",),
}
"""EEVEE has had two identifiers, and each Blender knows one of them."""

_OWN = "BLENDER_"


def set_engine(render: Any, name: str) -> None:
    """Choose an engine. Raises RunFailure where this Blender does not have it."""
    for one in _OTHER_NAMES.get(name, (name,)):
        try:
            render.engine = one
        except TypeError:
            continue
        return
    raise _missing(render, name)


def check_engine(render: Any, written: str) -> None:
    """Raise RunFailure where a file was saved with an engine that this Blender does not have.

    Blender's own are its own business: it knows what became of those of older versions.
    """
    if written and not written.startswith(_OWN) and render.engine != written:
        raise _missing(render, written)


def _missing(render: Any, name: str) -> RunFailure:
    version, known = bpy.app.version_string, ", ".join(_engines(render))
    return RunFailure("engine-missing", engine=name, blender=version, engines=known)


def _engines(render: Any) -> list[str]:
    """Name all engines; only the message of a refusal has those of add-ons among them."""
    try:
        render.engine = "?"
    except TypeError as error:
        return re.findall(r"'([^']+)'", str(error).partition(" not found in ")[2])
    return []
