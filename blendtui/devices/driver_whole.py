"""On the device: why a scene's frames cannot be rendered in parts, if so.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blendtui.devices.driver_nodes import compositing
else:
    from driver_nodes import compositing

_CRYPTOMATTE = tuple(f"use_pass_cryptomatte_{kind}" for kind in ("object", "material", "asset"))
_CATCHERS = ("MESH", "CURVE", "SURFACE", "META", "FONT", "VOLUME", "CURVES", "POINTCLOUD")
_PENCILS = ("GPENCIL", "GREASEPENCIL")


def part_facts(scene: Any) -> dict[str, Any]:
    """Give how many samples a frame has that may be rendered in parts, or why it may not be."""
    reason = why_whole(scene)
    return {"samples": 0 if reason else scene.cycles.samples, "whole": reason}


def why_whole(scene: Any) -> str:
    """Say why a frame of the scene has to be rendered as a whole; nothing if it need not be."""
    if scene.render.engine != "CYCLES":
        return f"only Cycles renders some of a frame's samples, and this is {scene.render.engine}"
    if importlib.util.find_spec("numpy") is None:
        return "this Blender's Python has no NumPy (Debian: apt-get install python3-numpy)"
    reasons = (_of_blender(scene), _of_cycles(scene), _of_objects(scene), _of_nodes(scene))
    return next((reason for reason in reasons if reason), "")


def denoised_layers(scene: Any) -> set[str]:
    """Name the view layers whose pictures are denoised: each may be left out of it."""
    if not scene.cycles.use_denoising:
        return set()
    return {layer.name for layer in scene.view_layers if layer.cycles.use_denoising}


def _of_blender(scene: Any) -> str:
    render = scene.render
    if render.use_sequencer and _strips(scene.sequence_editor):
        return "its picture comes of the video sequencer"
    if render.use_multiview:
        return "it is rendered for several views (stereo)"
    if render.use_border:
        return "only a region of the picture is rendered"
    if render.use_freestyle:
        return "Freestyle draws its lines when a picture is finished"
    return ""


def _strips(editor: Any) -> list[Any]:
    if editor is None:
        return []
    # 4.4 renamed them.
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    return [one for one in strips if one.type != "SOUND" and not one.mute]


def _of_cycles(scene: Any) -> str:
    cycles = scene.cycles
    if not hasattr(cycles, "sample_offset"):
        return "this Blender's Cycles cannot render some of a frame's samples"
    if getattr(cycles, "use_guiding", False) and cycles.device == "CPU":
        return "path guiding learns from all samples of a frame"
    if getattr(cycles, "use_sample_subset", bool(cycles.sample_offset)):  # 4.3 asks whether
        return "the scene itself renders only some of its samples"
    if cycles.time_limit:
        return "the scene limits the time of a frame, not its samples"
    if getattr(cycles, "auto_scrambling_distance", False):
        return "its scrambling distance depends on the number of samples"
    if denoised_layers(scene) and not _can_denoise():
        return "this Blender is built without a denoiser, which the scene wants"
    return _of_layers(scene)


def _of_layers(scene: Any) -> str:
    for layer in scene.view_layers:
        if layer.samples and scene.cycles.use_layer_samples != "IGNORE":
            return f"the view layer {layer.name} has samples of its own"
        if any(getattr(layer, name, False) for name in _CRYPTOMATTE):
            return "Cryptomatte cannot be merged"
        if getattr(layer.cycles, "use_pass_shadow_catcher", False):
            return "a shadow catcher's pass cannot be merged"
    return ""


def _can_denoise() -> bool:
    import _cycles  # noqa: PLC0415 - it is Cycles' own, and Cycles may be missing

    return bool(_cycles.with_openimagedenoise)


def _of_objects(scene: Any) -> str:
    for item in bpy.data.objects:
        # Those of no scene may be in a collection that is instanced.
        if item.hide_render or (item.users_scene and scene not in item.users_scene):
            continue
        if item.type in _PENCILS:
            return f"Grease Pencil ({item.name}) is drawn when a picture is finished"
        if item.type in _CATCHERS and getattr(item, "is_shadow_catcher", False):
            return f"what the shadow catcher {item.name} shows cannot be merged"
    return ""


def _of_nodes(scene: Any) -> str:
    """Other scenes would be rendered within each part, and once more when they are merged."""
    for node in _nodes(compositing(scene)):
        if node.type == "R_LAYERS" and node.scene not in (None, scene):
            return f"its compositing shows another scene ({node.scene.name})"
    return ""


def _nodes(tree: Any) -> Iterator[Any]:
    for node in tree.nodes if tree is not None else ():
        yield node
        if node.type == "GROUP":
            yield from _nodes(node.node_tree)
