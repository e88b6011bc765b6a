"""Runs inside Blender: writes a project whose .blend uses files all over the disk.

proj/shots/shot.blend      6 frames; all of the following matters to its pixels
proj/textures/red.png      named by a relative path that leads out of the .blend's folder
away/blue.png              named by an absolute path
libs/lib.blend             linked, by a relative path
libs/leaf.png              used by what is linked
proj/textures/gone.png     named too, and not there

With the word "gone" behind the folder, that last one is named.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

WORDS = sys.argv[sys.argv.index("--") + 1 :]
ROOT = Path(WORDS[0])
SHOT = ROOT / "proj" / "shots" / "shot.blend"
COLORS = {
    "proj/textures/red.png": (1, 0, 0, 1),
    "away/blue.png": (0, 0, 1, 1),
    "libs/leaf.png": (0, 1, 0, 1),
}


def pictures() -> None:
    for name, color in COLORS.items():
        image = bpy.data.images.new(name, 8, 8)
        image.pixels = color * 64
        image.filepath_raw = str(ROOT / name)
        image.file_format = "PNG"
        image.save()


def textured(name: str, *, relative: bool) -> Any:
    """Make a material that glows in a picture's color, which is seen in few samples."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = bpy.data.images.load(str(ROOT / name))
    if relative:
        texture.image.filepath = bpy.path.relpath(str(ROOT / name))
    glow = tree.nodes.new("ShaderNodeEmission")
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(texture.outputs[0], glow.inputs[0])
    tree.links.new(glow.outputs[0], output.inputs[0])
    return material


def cube(name: str, x: float, material: Any) -> Any:
    made = bpy.data.objects["Cube"].copy()
    made.data = bpy.data.objects["Cube"].data.copy()
    made.name, made.location.x = name, x
    made.data.materials.clear()
    made.data.materials.append(material)
    bpy.context.scene.collection.objects.link(made)
    return made


def main() -> None:
    for folder in ("proj/shots", "proj/textures", "away", "libs"):
        (ROOT / folder).mkdir(parents=True, exist_ok=True)
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.read_factory_settings()
    pictures()
    library = str(ROOT / "libs" / "lib.blend")
    bpy.ops.wm.save_as_mainfile(filepath=library)
    cube("Leaf", 0, textured("libs/leaf.png", relative=True))
    bpy.ops.wm.save_mainfile()

    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 96, 54
    scene.render.resolution_percentage = 100
    scene.frame_start, scene.frame_end = 1, 6
    scene.render.filepath = "//render/shot_####"
    bpy.ops.wm.save_as_mainfile(filepath=str(SHOT))
    with bpy.data.libraries.load(library, link=True, relative=True) as (_, wanted):
        wanted.objects = ["Leaf"]
    scene.collection.objects.link(bpy.data.objects["Leaf"])
    red = cube("Red", -2.5, textured("proj/textures/red.png", relative=True))
    cube("Blue", 2.5, textured("away/blue.png", relative=False))
    red.keyframe_insert("location", frame=1)
    red.location.z = 1
    red.keyframe_insert("location", frame=6)
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    if "gone" in WORDS:
        gone = bpy.data.images.new("gone", 4, 4)
        gone.source = "FILE"
        gone.filepath = "//../textures/gone.png"
        gone.use_fake_user = True
    bpy.ops.wm.save_mainfile()


main()
