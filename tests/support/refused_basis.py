"""What make_refusals.py and refused_stills.py begin with; runs inside Blender, bpy only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

MAKERS: dict[str, Callable[[], None]] = {}


def maker(function: Callable[[], None]) -> Callable[[], None]:
    MAKERS[function.__name__] = function
    return function


def small() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 3
    render = scene.render
    render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    render.resolution_x = render.resolution_y = 16
    render.filepath = "//out/shot_####"
    scene.camera = add("Camera", bpy.data.cameras.new("Camera"))
    scene.camera.location = (0, 0, 10)
    return scene


def add(name: str, data: Any) -> Any:
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def grid(name: str) -> Any:
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=3, y_subdivisions=3)
    bpy.context.object.name = name
    return bpy.context.object


def image(path: str) -> Any:
    made = bpy.data.images.new(Path(path).name, 4, 4)
    made.source, made.filepath, made.use_fake_user = "FILE", path, True
    return made


def bake(cache: Any) -> None:
    cache.frame_start, cache.frame_end = 1, 3
    with bpy.context.temp_override(point_cache=cache):
        bpy.ops.ptcache.bake(bake=True)
