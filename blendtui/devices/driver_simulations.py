"""On the device: finds simulations that are not baked, and bakes them in memory before rendering.

Blender computes them frame after frame, but only while a scene is played, not while it's rendered:
`blender -a` renders most of them as they were at the start (seen in 3.4 and 4.2).

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blendtui.devices.driver_project import RunFailure
else:
    from driver_project import RunFailure

_ZONE = "GeometryNodeSimulationOutput"
_MOVING = ("NEWTON", "BOIDS", "FLUID")
_AT_MOST = 50
_DEEPEST = 40


def unbaked(scene: Any) -> list[str]:
    """Name a scene's simulations that are not baked, each as people call it."""
    found = [
        f"{what} of “{owner.name}”" if owner is not None else what
        for what, owner, _ in _open_caches(scene)
    ]
    found += [f"fluid of “{owner.name}”" for owner, _ in _fluids(scene)]
    found += [f"simulation nodes of “{owner.name}”" for owner in _zones(scene)]
    return list(dict.fromkeys(found))[:_AT_MOST]


def simulate(scene: Any, last: int | None, folder: Path) -> bool:
    """Have all that isn't baked computed up to the frame `last`; None leaves it as it is.

    It's kept in memory; fluids write into `folder`. The scene's range is as before at the end.
    Gives whether Blender may keep a frame's data for the next one: hair dynamics then differ (3.4).

    Raises RunFailure where Blender can't.
    """
    if last is None:
        return not _has_hair_dynamics(scene)
    caches = [cache for _, _, cache in _open_caches(scene)]
    fluids = [domain for _, domain in _fluids(scene)]
    steps = bool(fluids) or bool(list(_zones(scene)))
    if not caches and not steps:
        return False
    first = min([scene.frame_start, *(cache.frame_start for cache in caches)])
    for cache in caches:
        if cache.use_disk_cache:
            cache.use_disk_cache = False  # its files would be beside the project's own
    for number, domain in enumerate(fluids, start=1):
        # All at once can only be baked by hand, and a replay is computed while it's played.
        domain.cache_type = "REPLAY"
        domain.cache_directory = str(folder / f"fluid-{number}")
    try:
        with _told(last), _range(scene, first, last):
            if caches:
                _bake(scene)
            if steps:
                for frame in range(first, last + 1):
                    scene.frame_set(frame)
    except RuntimeError as error:
        raise RunFailure("not-simulated", scene=scene.name, detail=str(error).strip()) from error
    return False


def _has_hair_dynamics(scene: Any) -> bool:
    return any(
        modifier.particle_system.settings.type == "HAIR"
        and modifier.particle_system.use_hair_dynamics
        for _, modifier in _modifiers(scene, "PARTICLE_SYSTEM")
    )


def _bake(scene: Any) -> None:
    """Bake the point caches, as Bake All Dynamics does; it leaves out hair (3.4)."""
    context = {"scene": scene, "view_layer": scene.view_layers[0]}
    _call(bpy.ops.ptcache.bake_all, context)
    for _, owner, cache in list(_open_caches(scene)):
        if owner is not None:
            own = {"object": owner, "active_object": owner, "point_cache": cache}
            _call(bpy.ops.ptcache.bake, {**context, **own})


def _call(bake: Any, context: dict[str, Any]) -> None:
    if hasattr(bpy.context, "temp_override"):  # 3.2 and later
        with bpy.context.temp_override(**context):
            bake(bake=True)
    else:
        bake({**bpy.context.copy(), **context}, bake=True)


@contextlib.contextmanager
def _range(scene: Any, first: int, last: int) -> Iterator[None]:
    """Have the scene's range hold all frames: Blender simulates within it."""
    keep = (scene.frame_start, scene.frame_end)
    scene.frame_start, scene.frame_end = first, max(last, first)
    try:
        yield
    finally:
        scene.frame_start, scene.frame_end = keep


@contextlib.contextmanager
def _told(last: int) -> Iterator[None]:
    """Print how far it is, at most once a second: our beats can't while Blender is at it."""
    said = time.monotonic()

    def changed(scene: Any, *_: Any) -> None:
        nonlocal said
        if time.monotonic() - said >= 1.0 or scene.frame_current == last:
            said = time.monotonic()
            sys.stdout.write(f"Simulated frame {scene.frame_current} of {last}\n")
            sys.stdout.flush()

    bpy.app.handlers.frame_change_post.append(changed)
    try:
        yield
    finally:
        bpy.app.handlers.frame_change_post.remove(changed)


def _objects(scene: Any) -> Iterator[Any]:
    """Give the scene's objects, and those of the collections that they show."""
    waiting, seen = list(scene.objects), set()
    while waiting:
        one = waiting.pop()
        if one is None or one in seen:
            continue
        seen.add(one)
        yield one
        if one.instance_collection is not None:
            waiting += list(one.instance_collection.all_objects)


def _modifiers(scene: Any, *kinds: str) -> Iterator[tuple[Any, Any]]:
    for one in _objects(scene):
        for modifier in one.modifiers:
            if modifier.type in kinds and modifier.show_render:
                yield one, modifier


def _open_caches(scene: Any) -> Iterator[tuple[str, Any, Any]]:
    """Give the point caches that are still to be filled, with what they are of."""
    world = scene.rigidbody_world
    bodies = (one.rigid_body for one in _objects(scene) if one.rigid_body is not None)
    if world is not None and world.enabled and any(body.type == "ACTIVE" for body in bodies):
        yield from _if_open("rigid bodies", None, world.point_cache)
    for owner, modifier in _modifiers(scene, "CLOTH"):
        yield from _if_open("cloth", owner, modifier.point_cache)
    for owner, modifier in _modifiers(scene, "SOFT_BODY"):
        yield from _if_open("soft body", owner, modifier.point_cache)
    for owner, modifier in _modifiers(scene, "PARTICLE_SYSTEM"):
        system, settings = modifier.particle_system, modifier.particle_system.settings
        if settings.type == "EMITTER" and settings.physics_type in _MOVING:
            yield from _if_open("particles", owner, system.point_cache)
        elif settings.type == "HAIR" and system.use_hair_dynamics:
            yield from _if_open("hair dynamics", owner, system.point_cache)
    for owner, modifier in _modifiers(scene, "DYNAMIC_PAINT"):
        canvas = modifier.canvas_settings
        for surface in canvas.canvas_surfaces if canvas is not None else ():
            if surface.surface_format == "VERTEX":
                yield from _if_open("dynamic paint", owner, surface.point_cache)


def _if_open(what: str, owner: Any, cache: Any) -> Iterator[tuple[str, Any, Any]]:
    if not cache.is_baked and not cache.use_external:
        yield what, owner, cache


def _fluids(scene: Any) -> Iterator[tuple[Any, Any]]:
    for owner, modifier in _modifiers(scene, "FLUID"):
        domain = modifier.domain_settings
        if modifier.fluid_type == "DOMAIN" and domain is not None:
            is_baked = domain.has_cache_baked_data or domain.has_cache_baked_any
            if domain.cache_type == "REPLAY" or not is_baked:
                yield owner, domain


def _zones(scene: Any) -> Iterator[Any]:
    """Give the objects with a simulation zone of which no states are kept, here or in files."""
    for owner, modifier in _modifiers(scene, "NODES"):
        if _simulates(modifier.node_group, 0) and not _is_kept(modifier):
            yield owner


def _simulates(tree: Any, depth: int) -> bool:
    if tree is None or depth > _DEEPEST:
        return False
    return any(
        node.bl_idname == _ZONE
        or (node.bl_idname == "GeometryNodeGroup" and _simulates(node.node_tree, depth + 1))
        for node in tree.nodes
    )


def _is_kept(modifier: Any) -> bool:
    folders = [getattr(modifier, "bake_directory", "")]
    folders.append(getattr(modifier, "simulation_bake_directory", ""))
    for bake in getattr(modifier, "bakes", ()):
        if getattr(bake, "bake_target", "") == "PACKED" and getattr(bake, "is_baked", False):
            return True
        folders.append(bake.directory if bake.use_custom_path else "")
    return any(folder and _has_files(bpy.path.abspath(folder)) for folder in folders)


def _has_files(folder: str) -> bool:
    try:
        return any(Path(folder).iterdir())
    except OSError:
        return False
