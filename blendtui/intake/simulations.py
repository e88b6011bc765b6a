"""Which simulations of a .blend are not baked, read without Blender.

Such a simulation is computed frame after frame: Blender leaves it as it was at the start when it
renders a frame by itself, and also with `-a` (seen in 3.4 and 4.2). The numbers are those of
DNA_object_force_types.h, DNA_particle_types.h, DNA_fluid_types.h and their like.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from blender_asset_tracer.blendfile import iterators

Block = Any
"""A block of blender-asset-tracer, which has no types."""

Holds = Callable[[bytes], bool]
"""Whether the project has files in a folder that a .blend names."""

MOST = 100
"""So many simulations of a scene are named."""

_BAKED, _EXTERNAL = 1, 512  # PTCACHE_BAKED, PTCACHE_EXTERNAL
_MUTED = 1  # RBW_FLAG_MUTED
_ACTIVE = 0  # RBO_TYPE_ACTIVE
_IN_RENDER = 2  # eModifierMode_Render
_EMITTER, _HAIR = 0, 2
_HAIR_DYNAMICS = 4  # PSYS_HAIR_DYNAMICS
_MOVING = (1, 3, 4)  # PART_PHYS_NEWTON, _BOIDS, _FLUID
_VERTICES = 1  # MOD_DPAINT_SURFACE_F_VERTEX
_DOMAIN = 1  # MOD_FLUID_TYPE_DOMAIN
_FLUID_DATA = 2  # FLUID_DOMAIN_BAKED_DATA
_ZONE = b"GeometryNodeSimulationOutput"
_DEEPEST = 40


class Simulations:
    """Looks at the scenes of one file; what they share is looked at once."""

    def __init__(self, holds: Holds) -> None:
        self._holds = holds
        self._objects: dict[int, tuple[tuple[str, ...], bool]] = {}

    def of_scene(self, scene: Block) -> tuple[str, ...]:
        """Name what is not baked of all that a scene shows, each as people call it."""
        objects = [self._look_at(one) for one in objects_of(scene)]
        found = list(dict.fromkeys(name for names, _ in objects for name in names))[:MOST]
        falls = any(falls for _, falls in objects)
        return (*(("rigid bodies",) if falls and _has_world(scene) else ()), *found)

    def _look_at(self, block: Block) -> tuple[tuple[str, ...], bool]:
        """Give what is not baked of an object, and whether it's an active rigid body."""
        known = self._objects.get(block.file_offset)
        if known is None:
            known = (tuple(of_object(block, self._holds)), _falls(block))
            self._objects[block.file_offset] = known
        return known


def objects_of(scene: Block) -> Iterator[Block]:
    """Give the objects in a scene, those in instanced collections too, each once."""
    waiting = [scene.get_pointer(b"master_collection", default=None)]
    # Until 2.79 a scene had its objects without collections.
    objects = deque(base.get_pointer(b"object") for base in _list(scene, b"base"))
    seen: set[int] = set()
    while waiting or objects:
        block = objects.popleft() if objects else waiting.pop()
        if block is None or block.file_offset in seen or block.code == b"ID":
            continue
        seen.add(block.file_offset)
        if block.dna_type_name == "Object":
            yield block
            waiting.append(_first(block, b"instance_collection", b"dup_group"))
        else:
            objects.extend(one.get_pointer(b"ob") for one in _list(block, b"gobject"))
            waiting += [one.get_pointer(b"collection") for one in _list(block, b"children")]


def of_object(block: Block, holds: Holds) -> Iterator[str]:
    """Name what is not baked of an object."""
    name = bytes(block.id_name[2:]).decode("utf-8", "replace")
    for modifier in iterators.modifiers(block):
        if not modifier.get((b"modifier", b"mode"), default=0) & _IN_RENDER:
            continue
        kind = _KINDS.get(modifier.dna_type_name)
        what = kind(block, modifier, holds) if kind is not None else ""
        if what:
            yield f"{what} of “{name}”"


def _has_world(scene: Block) -> bool:
    """Whether rigid bodies move in a scene, and are not baked."""
    world = scene.get_pointer(b"rigidbody_world", default=None)
    if world is None or world.get(b"flag", default=0) & _MUTED:
        return False
    return _is_open(shared_cache(world))


def _falls(block: Block) -> bool:
    body = block.get_pointer(b"rigidbody_object", default=None)
    return body is not None and body.get(b"type", default=_ACTIVE) == _ACTIVE


def shared_cache(owner: Block) -> Block | None:
    """Give the point cache of a soft body or a rigid world; since 2.80 it's shared by copies."""
    shared = owner.get_pointer(b"shared", default=None)
    return (owner if shared is None else shared).get_pointer(b"pointcache", default=None)


def _is_open(cache: Block | None) -> bool:
    """Whether a point cache is still to be filled."""
    return cache is not None and not cache.get(b"flag", default=0) & (_BAKED | _EXTERNAL)


def _cloth(_block: Block, modifier: Block, _holds: Holds) -> str:
    return "cloth" if _is_open(modifier.get_pointer(b"point_cache", default=None)) else ""


def _soft(block: Block, _modifier: Block, _holds: Holds) -> str:
    soft = block.get_pointer(b"soft", default=None)
    return "soft body" if soft is not None and _is_open(shared_cache(soft)) else ""


def _particles(_block: Block, modifier: Block, _holds: Holds) -> str:
    system = modifier.get_pointer(b"psys", default=None)
    settings = system.get_pointer(b"part", default=None) if system is not None else None
    # Settings of a library are not here to be looked at.
    if settings is None or settings.code == b"ID":
        return ""
    if not _is_open(system.get_pointer(b"pointcache", default=None)):
        return ""
    kind, physics = settings.get(b"type", default=0), settings.get(b"phystype", default=0)
    if kind == _HAIR:
        return "hair dynamics" if system.get(b"flag", default=0) & _HAIR_DYNAMICS else ""
    return "particles" if kind == _EMITTER and physics in _MOVING else ""


def _paint(_block: Block, modifier: Block, _holds: Holds) -> str:
    canvas = modifier.get_pointer(b"canvas", default=None)
    surfaces = _list(canvas, b"surfaces") if canvas is not None else ()
    is_open = any(
        one.get(b"format", default=0) == _VERTICES
        and _is_open(one.get_pointer(b"pointcache", default=None))
        for one in surfaces
    )
    return "dynamic paint" if is_open else ""


def _fluid(_block: Block, modifier: Block, _holds: Holds) -> str:
    domain = modifier.get_pointer(b"domain", default=None)
    if domain is None or not modifier.get(b"type", default=0) & _DOMAIN:
        return ""
    return "" if domain.get(b"cache_flag", default=0) & _FLUID_DATA else "fluid"


def _nodes(_block: Block, modifier: Block, holds: Holds) -> str:
    tree = modifier.get_pointer(b"node_group", default=None)
    if not _simulates(tree, 0):
        return ""
    return "" if _is_kept(modifier, holds) else "simulation nodes"


def _simulates(tree: Block | None, depth: int) -> bool:
    """Whether a tree of nodes has a simulation zone, itself or in its groups."""
    if tree is None or tree.dna_type_name != "bNodeTree" or depth > _DEEPEST:
        return False
    for node in _list(tree, b"nodes"):
        if bytes(node.get(b"idname", default=b"")) == _ZONE:
            return True
        if node.get(b"idname", default=b"") == b"GeometryNodeGroup" and _simulates(
            node.get_pointer(b"id", default=None), depth + 1
        ):
            return True
    return False


def _is_kept(modifier: Block, holds: Holds) -> bool:
    """Whether the zones' states are in the .blend (since 4.3), or in files of the project."""
    folders = [_text(modifier, b"simulation_bake_directory")]
    bakes = modifier.get_pointer(b"bakes", default=None)
    if bakes is not None:
        if bakes.get_pointer(b"packed", default=None) is not None:
            return True
        folders.append(_text(bakes, b"directory"))
    return any(folder and holds(folder) for folder in folders)


def _text(block: Block, name: bytes) -> bytes:
    """Give a text of any length: it's a block of its own."""
    text = block.get_pointer(name, default=None)
    return bytes(text.raw_data()).split(b"\0")[0] if text is not None else b""


_KINDS: dict[str, Callable[[Block, Block, Holds], str]] = {
    "ClothModifierData": _cloth,
    "SoftbodyModifierData": _soft,
    "ParticleSystemModifierData": _particles,
    "DynamicPaintModifierData": _paint,
    "FluidModifierData": _fluid,
    "NodesModifierData": _nodes,
}


def _first(block: Block, *names: bytes) -> Block | None:
    for name in names:
        found = block.get_pointer(name, default=None)
        if found is not None:
            return found
    return None


def _list(block: Block, name: bytes) -> Iterator[Block]:
    first = block.get_pointer((name, b"first"), default=None)
    return iterators.listbase(first) if first is not None else iter(())
