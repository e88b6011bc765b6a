"""Runs inside Blender 3.4 and later: writes .blend files with simulations, and what they are.

moving    rigid bodies, cloth, a soft body, particles and hair dynamics, none of them baked
baked     the same, after Bake All Dynamics
disk      cloth, a soft body, particles and dynamic paint, baked into blendcache_disk beside it
still     the same, all of them switched off for rendering, and hair that only grows
paint     dynamic paint with waves; fluid  a liquid; shown  a cloth in an instanced collection
linked    a scene that shows moving's collection from its file
foreign   a material with a node that an add-on brought
nodes     simulation nodes, where Blender has them (from 3.6); nodes_baked the same, baked

blender -b --factory-startup -P make_simulations.py -- FOLDER [NAME ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

WORDS = sys.argv[sys.argv.index("--") + 1 :]
FOLDER = Path(WORDS[0])
LAST = 12


def save(name: str, *, copy: bool = True) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / f"{name}.blend"), copy=copy)


def empty() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, LAST
    render = scene.render
    render.engine = "CYCLES"
    scene.cycles.samples = 2
    scene.cycles.use_denoising = False
    render.resolution_x, render.resolution_y, render.resolution_percentage = 96, 54, 100
    render.filepath = "//render/shot_####"
    camera = add("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0, -14, 3), (1.5, 0, 0)
    scene.camera = camera
    add("Sun", bpy.data.lights.new("Sun", "SUN")).rotation_euler = (0.5, 0.3, 0)
    return scene


def add(name: str, data: Any) -> Any:
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def grid(name: str, x: float, size: float = 2, parts: int = 5) -> Any:
    bpy.ops.mesh.primitive_grid_add(
        x_subdivisions=parts, y_subdivisions=parts, size=size, location=(x, 0, 4)
    )
    bpy.context.object.name = name
    return bpy.context.object


def moving() -> None:
    empty()
    bpy.ops.mesh.primitive_cube_add(size=1, location=(-5, 0, 4))
    bpy.ops.rigidbody.world_add()
    bpy.ops.rigidbody.object_add()
    grid("Flag", -2).modifiers.new("Cloth", "CLOTH")
    grid("Jelly", 1).modifiers.new("Soft", "SOFT_BODY").settings.use_goal = False
    source = grid("Source", 4)
    source.modifiers.new("Dust", "PARTICLE_SYSTEM")
    settings = source.particle_systems[0].settings
    settings.count, settings.frame_start, settings.frame_end = 40, 1, 8
    settings.display_percentage = 30
    bpy.ops.mesh.primitive_cube_add(size=1, location=(200, 0, 0))
    settings.render_type, settings.instance_object = "OBJECT", bpy.context.object
    settings.particle_size = 0.3
    head = grid("Head", 0, size=1)
    head.location.z = 1
    head.modifiers.new("Hair", "PARTICLE_SYSTEM")
    hair = head.particle_systems[0]
    hair.settings.type, hair.settings.count, hair.settings.hair_length = "HAIR", 20, 2
    hair.use_hair_dynamics = True
    head.keyframe_insert("location", frame=1)
    head.location.x = 3
    head.keyframe_insert("location", frame=LAST)
    save("moving")


def baked() -> None:
    bpy.ops.wm.open_mainfile(filepath=str(FOLDER / "moving.blend"))
    bpy.ops.ptcache.bake_all(bake=True)
    head = bpy.data.objects["Head"]
    cache = head.particle_systems[0].point_cache
    with bpy.context.temp_override(object=head, active_object=head, point_cache=cache):
        bpy.ops.ptcache.bake(bake=True)  # Bake All leaves out hair
    save("baked")


def disk() -> None:
    empty()
    flag = grid("Flag", -2).modifiers.new("Cloth", "CLOTH")
    jelly = grid("Jelly", 1).modifiers.new("Soft", "SOFT_BODY")
    jelly.settings.use_goal = False
    source = grid("Source", 4)
    source.modifiers.new("Dust", "PARTICLE_SYSTEM")
    pond = grid("Pond", 0, size=4, parts=12).modifiers.new("Paint", "DYNAMIC_PAINT")
    bpy.ops.dpaint.type_toggle(type="CANVAS")
    surface = pond.canvas_settings.canvas_surfaces[0]
    surface.surface_type = "WAVE"
    save("disk", copy=False)
    for owner in (flag, jelly, source.particle_systems[0], surface):
        cache = owner.point_cache
        cache.frame_start, cache.frame_end, cache.use_disk_cache = 1, LAST, True
    bpy.ops.ptcache.bake_all(bake=True)
    save("disk", copy=False)


def still() -> None:
    bpy.ops.wm.open_mainfile(filepath=str(FOLDER / "moving.blend"))
    bpy.context.scene.rigidbody_world.enabled = False
    for one in bpy.data.objects:
        for modifier in one.modifiers:
            modifier.show_render = modifier.name == "Hair"
    bpy.data.objects["Head"].particle_systems[0].use_hair_dynamics = False
    save("still")


def paint() -> None:
    empty()
    canvas = grid("Pond", 0, size=4, parts=12)
    surface = canvas.modifiers.new("Paint", "DYNAMIC_PAINT")
    bpy.ops.dpaint.type_toggle(type="CANVAS")
    surface.canvas_settings.canvas_surfaces[0].surface_type = "WAVE"
    save("paint")


def fluid() -> None:
    empty()
    bpy.ops.mesh.primitive_cube_add(size=4, location=(0, 0, 2))
    bpy.context.object.name = "Tank"
    tank = bpy.context.object.modifiers.new("Fluid", "FLUID")
    tank.fluid_type = "DOMAIN"
    tank.domain_settings.domain_type, tank.domain_settings.resolution_max = "LIQUID", 16
    tank.domain_settings.use_mesh = True
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1, location=(0, 0, 3))
    drop = bpy.context.object.modifiers.new("Fluid", "FLUID")
    drop.fluid_type = "FLOW"
    drop.flow_settings.flow_type = "LIQUID"
    save("fluid")


def shown() -> None:
    scene = empty()
    flag = grid("Flag", 0)
    flag.modifiers.new("Cloth", "CLOTH")
    group = bpy.data.collections.new("Group")
    group.objects.link(flag)
    scene.collection.objects.unlink(flag)
    place = add("Place", None)
    place.instance_type, place.instance_collection = "COLLECTION", group
    save("shown")


def linked() -> None:
    empty()
    with bpy.data.libraries.load(str(FOLDER / "shown.blend"), link=True) as (_, wanted):
        wanted.collections = ["Group"]
    place = add("Place", None)
    place.instance_type, place.instance_collection = "COLLECTION", bpy.data.collections["Group"]
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "linked.blend"))
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_mainfile()


def foreign() -> None:
    empty()

    class Strange(bpy.types.Node):  # type: ignore[misc]
        bl_idname = "OctaneGlass"
        bl_label = "Glass"

    bpy.utils.register_class(Strange)
    material = bpy.data.materials.new("Window")
    material.use_nodes = True
    material.node_tree.nodes.new("OctaneGlass")
    grid("Pane", 0).data.materials.append(material)
    save("foreign")


def nodes() -> None:
    empty()
    bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 4))
    cube = bpy.context.object
    cube.name = "Faller"
    tree = bpy.data.node_groups.new("Fall", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    begin, end, first, last, move = (
        tree.nodes.new(kind)
        for kind in (
            *("NodeGroupInput", "NodeGroupOutput", "GeometryNodeSimulationInput"),
            *("GeometryNodeSimulationOutput", "GeometryNodeSetPosition"),
        )
    )
    first.pair_with_output(last)
    move.inputs["Offset"].default_value = (0, 0, -0.3)
    link = tree.links.new
    link(begin.outputs[0], first.inputs["Geometry"])
    link(first.outputs["Geometry"], move.inputs["Geometry"])
    link(move.outputs["Geometry"], last.inputs["Geometry"])
    link(last.outputs["Geometry"], end.inputs[0])
    cube.modifiers.new("Nodes", "NODES").node_group = tree
    save("nodes")
    save("nodes_baked", copy=False)
    modifier = cube.modifiers[0]
    bpy.ops.object.geometry_node_bake_single(
        "EXEC_DEFAULT",
        session_uid=cube.session_uid,
        modifier_name=modifier.name,
        bake_id=modifier.bakes[0].bake_id,
    )
    bpy.ops.wm.save_mainfile()


MAKERS: list[Callable[[], None]] = [
    moving, baked, disk, still, paint, fluid, shown, linked, foreign, nodes,
]  # fmt: skip

if __name__ == "__main__":
    for maker in MAKERS:
        is_wanted = maker.__name__ in WORDS[1:] if len(WORDS) > 1 else maker is not nodes
        if is_wanted:
            maker()
