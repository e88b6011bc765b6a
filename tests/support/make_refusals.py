"""Runs inside Blender: writes the small .blend files of what can't be rendered as it is.

Each function with a mark is one of them, called as the function is; tests/refusals/cases.py says
what is wrong with it, and refused_stills.py has more of them. All have 3 frames of 16 by 16 pixels,
the stills one of 16 samples.

blender -b --factory-startup -P make_refusals.py -- FOLDER [NAME ...]
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from tests.support.refused_basis import MAKERS, add, bake, grid, image, maker, small
else:
    import refused_stills  # noqa: F401 - it adds what it makes to MAKERS
    from refused_basis import MAKERS, add, bake, grid, image, maker, small

WORDS = sys.argv[sys.argv.index("--") + 1 :]
FOLDER = Path(WORDS[0])
GONE = Path("/projects/old")
"""A folder on the computer of whoever made the file."""

# Simulations


@maker
def rigid() -> None:
    small()
    grid("Stone")
    bpy.ops.rigidbody.world_add()
    bpy.ops.rigidbody.object_add()


@maker
def cloth() -> None:
    small()
    grid("Flag").modifiers.new("Cloth", "CLOTH")


@maker
def soft() -> None:
    small()
    grid("Jelly").modifiers.new("Soft", "SOFT_BODY")


@maker
def particles() -> None:
    small()
    grid("Source").modifiers.new("Dust", "PARTICLE_SYSTEM")


@maker
def hair() -> None:
    small()
    head = grid("Head")
    head.modifiers.new("Hair", "PARTICLE_SYSTEM")
    head.particle_systems[0].settings.type = "HAIR"
    head.particle_systems[0].settings.count = 5
    head.particle_systems[0].use_hair_dynamics = True


@maker
def paint() -> None:
    small()
    grid("Pond").modifiers.new("Paint", "DYNAMIC_PAINT")
    bpy.ops.dpaint.type_toggle(type="CANVAS")
    surface = bpy.context.object.modifiers[0].canvas_settings.canvas_surfaces[0]
    surface.surface_type = "WAVE"


@maker
def fluid() -> None:
    small()
    bpy.ops.mesh.primitive_cube_add(size=4)
    bpy.context.object.name = "Tank"
    tank = bpy.context.object.modifiers.new("Fluid", "FLUID")
    tank.fluid_type = "DOMAIN"
    tank.domain_settings.domain_type, tank.domain_settings.resolution_max = "LIQUID", 8


@maker
def nodes() -> None:
    small()
    tree = bpy.data.node_groups.new("Fall", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    begin, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    first = tree.nodes.new("GeometryNodeSimulationInput")
    last = tree.nodes.new("GeometryNodeSimulationOutput")
    first.pair_with_output(last)
    tree.links.new(begin.outputs[0], first.inputs["Geometry"])
    tree.links.new(first.outputs["Geometry"], last.inputs["Geometry"])
    tree.links.new(last.outputs["Geometry"], end.inputs[0])
    grid("Faller").modifiers.new("Nodes", "NODES").node_group = tree


@maker
def cached() -> None:
    small()
    # A cache on the disk has its place beside the file.
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "cached.blend"))
    cache = grid("Flag").modifiers.new("Cloth", "CLOTH").point_cache
    cache.name, cache.use_disk_cache = "flag", True
    bake(cache)


@maker
def inside() -> None:
    small()
    bake(grid("Flag").modifiers.new("Cloth", "CLOTH").point_cache)


# Files that are elsewhere


@maker
def asset() -> None:
    small()
    grid("Leaf")


@maker
def library() -> None:
    scene = small()
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "library.blend"))
    source = str(FOLDER / "asset.blend")
    with bpy.data.libraries.load(source, link=True, relative=True) as (_, wanted):
        wanted.objects = ["Leaf"]
    scene.collection.objects.link(bpy.data.objects["Leaf"])
    bpy.data.libraries[0].filepath = "//../library/asset.blend"


@maker
def absolute() -> None:
    small()
    image(str(GONE / "wood.png"))
    image("D:\\textures\\stone.png")


@maker
def texture() -> None:
    small()
    image("//textures/wood.png")


@maker
def font() -> None:
    small()
    found = next(Path(bpy.utils.system_resource("DATAFILES", path="fonts")).glob("*.woff2"))
    words = add("Words", bpy.data.curves.new("Words", "FONT"))
    words.data.font = bpy.data.fonts.load(str(found))
    words.data.font.filepath = "//fonts/title.ttf"


@maker
def sound() -> None:
    scene = small()
    path = FOLDER / "sounds" / "voice.wav"
    path.parent.mkdir()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    scene.sequence_editor_create().sequences.new_sound("voice", str(path), 1, 1)
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "sound.blend"))
    bpy.ops.file.make_paths_relative()


@maker
def alembic() -> None:
    small()
    # Debian's Blender is built without Alembic, and names its files all the same.
    bpy.ops.cachefile.open(filepath=str(FOLDER / "bird.abc"))
    bird = grid("Bird").modifiers.new("Flight", "MESH_SEQUENCE_CACHE")
    bird.cache_file = bpy.data.cache_files[0]
    bird.cache_file.filepath = "//caches/bird.abc"


@maker
def volume() -> None:
    small()
    made = bpy.data.volumes.new("Smoke")
    made.filepath = "//caches/smoke.vdb"
    add("Smoke", made)


@maker
def clip() -> None:
    small()
    path = FOLDER / "plate.png"
    source = bpy.data.images.new("plate", 4, 4)
    source.filepath_raw, source.file_format = str(path), "PNG"
    source.save()
    bpy.data.movieclips.load(str(path)).filepath = "//plates/plate_0001.png"
    bpy.data.movieclips[0].use_fake_user = True


@maker
def shader() -> None:
    scene = small()
    material, scene.world = bpy.data.materials.new("Grain"), bpy.data.worlds.new("Dust")
    for owner, path in ((material, "//shaders/grain.osl"), (scene.world, "//shaders/dust.osl")):
        owner.use_nodes = True
        script = owner.node_tree.nodes.new("ShaderNodeScript")
        script.mode, script.filepath = "EXTERNAL", path
    grid("Ground").data.materials.append(material)
    lamp = bpy.data.lights.new("Lamp", "POINT")
    lamp.use_nodes = True
    light = lamp.node_tree.nodes.new("ShaderNodeTexIES")
    light.mode, light.filepath = "EXTERNAL", "//lamps/spot.ies"
    add("Lamp", lamp)


# Add-ons


@maker
def octane() -> None:
    small()

    class Strange(bpy.types.Node):  # type: ignore[misc]
        bl_idname = "OctaneGlass"
        bl_label = "Glass"

    bpy.utils.register_class(Strange)
    material = bpy.data.materials.new("Window")
    material.use_nodes = True
    material.node_tree.nodes.new("OctaneGlass")
    grid("Pane").data.materials.append(material)


@maker
def lux() -> None:
    class Engine(bpy.types.RenderEngine):  # type: ignore[misc]
        bl_idname = "LUXCORE"
        bl_label = "LuxCore"

    bpy.utils.register_class(Engine)
    small().render.engine = "LUXCORE"


@maker
def scripted() -> None:
    small()
    text = bpy.data.texts.new("rig.py")
    text.write("import bpy\n")
    text.use_module = True
    driver = grid("Driven").driver_add("location", 0).driver
    driver.expression = "sin(frame) + len(str(frame))"


# Scenes


@maker
def plain() -> None:
    small()


@maker
def blind() -> None:
    small().camera = None


@maker
def tiny() -> None:
    scene = small()
    scene.render.resolution_percentage = 1


@maker
def long() -> None:
    small().frame_end = 1_048_574


@maker
def scenes() -> None:
    small().name = "Day"
    bpy.data.scenes.new("Night")


def main() -> None:
    bpy.context.preferences.filepaths.save_version = 0
    for name in WORDS[1:] or [name for name in MAKERS if name != "nodes"]:
        MAKERS[name]()
        path = str(FOLDER / f"{name}.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path, relative_remap=False)


main()
