"""On the device: whether Cycles may keep its scene from frame to frame.

That saves most of the time of a heavy scene, and gives the same pixels as rendering each frame
anew, with two exceptions that Cycles does not notice. They were seen in 3.4, 4.2 and 5.0, among
some fifty kinds of animation: Simplify's settings that change, and what Python changes in an
image's pixels. docs/engines.md has the list.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

_HANDLERS = (
    *("frame_change_pre", "frame_change_post", "render_init", "render_pre"),
    *("depsgraph_update_pre", "depsgraph_update_post"),
)


def may_keep(scene: Any, wanted: bool | None) -> bool:
    """Whether a scene's data may be kept between frames; `wanted` is job.toml's word, if any."""
    if wanted is not None:
        return wanted
    return not _changes_simplify(scene) and not _has_handlers()


def _has_handlers() -> bool:
    """Whether Python of the file or of an add-on runs at each frame: it may change anything."""
    return any(getattr(bpy.app.handlers, name, None) for name in _HANDLERS)


def _changes_simplify(scene: Any) -> bool:
    data = scene.animation_data
    if data is None:
        return False
    if data.nla_tracks:
        return bool(scene.render.use_simplify)  # what strips animate is nested deep
    curves = [*_curves(data.action), *data.drivers]
    return any("simplify" in curve.data_path for curve in curves)


def _curves(action: Any) -> Iterator[Any]:
    if action is None:
        return
    if not hasattr(action, "layers"):
        yield from action.fcurves
        return
    for layer in action.layers:  # from 4.4 on
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield from bag.fcurves
