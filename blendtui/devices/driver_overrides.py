"""On the device: changes a scene in memory as job.toml asks for; the .blend stays as it is.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from blendtui.devices.driver_engines import set_engine
    from blendtui.devices.driver_project import RunFailure
else:
    from driver_engines import set_engine
    from driver_project import RunFailure

_NAMED = 20


def apply_overrides(scene: Any, wanted: dict[str, Any]) -> None:
    """Change the scene. Raises RunFailure for what this file or this Blender does not have."""
    render = scene.render
    if "engine" in wanted:
        set_engine(render, wanted["engine"])
    if "percentage" in wanted:
        render.resolution_percentage = wanted["percentage"]
    if "format" in wanted:
        _set_format(scene, wanted["format"])
    if "camera" in wanted:
        _set_camera(scene, wanted["camera"])
    if "view_layers" in wanted:
        _set_layers(scene, wanted["view_layers"])
    if "samples" in wanted:
        _set_samples(scene, wanted["samples"])


def _set_format(scene: Any, name: str) -> None:
    image = scene.render.image_settings
    try:
        if hasattr(image, "media_type"):  # 5.0 and later: it says which formats there are
            is_layered = name == "OPEN_EXR_MULTILAYER"
            image.media_type = "MULTI_LAYER_IMAGE" if is_layered else "IMAGE"
        image.file_format = name
    except TypeError as error:
        version = bpy.app.version_string
        raise _refused(scene, "format", name, f"Blender {version} does not write it") from error
    if not image.views_format:  # several views in one file, which the new format does not have
        image.views_format = "INDIVIDUAL"
    scene.render.use_file_extension = True


def _set_camera(scene: Any, name: str) -> None:
    cameras = {one.name: one for one in scene.objects if one.type == "CAMERA"}
    if name not in cameras:
        raise _refused(scene, "camera", name, f"its cameras are: {_named(cameras)}")
    scene.camera = cameras[name]
    for marker in scene.timeline_markers:
        marker.camera = None  # it would switch to another one


def _set_layers(scene: Any, names: list[str]) -> None:
    known = {layer.name: layer for layer in scene.view_layers}
    for name in names:
        if name not in known:
            raise _refused(scene, "view_layers", name, f"its view layers are: {_named(known)}")
    for layer in scene.view_layers:
        layer.use = layer.name in names


def _set_samples(scene: Any, count: int) -> None:
    """Set the samples of a frame, those of single view layers too."""
    if hasattr(scene, "cycles"):
        scene.cycles.samples = count
        scene.cycles.use_layer_samples = "IGNORE"
    scene.eevee.taa_render_samples = count


def _named(found: Any) -> str:
    names = list(found)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more if names else "none"


def _refused(scene: Any, setting: str, value: str, detail: str) -> RunFailure:
    facts = {"setting": setting, "value": value, "scene": scene.name, "detail": detail}
    return RunFailure("override-refused", **facts)
