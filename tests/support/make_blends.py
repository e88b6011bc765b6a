"""Run by Blender: writes .blend files of many kinds, and what Blender says of each of them.

blender -b --factory-startup -P make_blends.py -- FOLDER
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
MAKERS: dict[str, Callable[[], None]] = {}


def maker(path: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def keep(function: Callable[[], None]) -> Callable[[], None]:
        MAKERS[path] = function
        return function

    return keep


def small() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.name = "Größe"
    scene.frame_start, scene.frame_end, scene.frame_step = 3, 9, 2
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 64, 48, 50
    render.engine = "CYCLES"
    render.filepath = "//out/a_####"
    camera = bpy.data.objects.new("Kamera", bpy.data.cameras.new("Kamera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    return scene


@maker("plain.blend")
def plain() -> None:
    small()


@maker("packed.blend")
def packed() -> None:
    small().render.engine = "BLENDER_EEVEE"


@maker("no_camera.blend")
def no_camera() -> None:
    # The object stays: what counts is whether the scene uses it.
    small().camera = None


@maker("marker.blend")
def marker() -> None:
    scene = small()
    scene.timeline_markers.new("plain", frame=1)
    scene.timeline_markers.new("cut", frame=5).camera = scene.camera
    scene.camera = None


@maker("two_scenes.blend")
def two_scenes() -> None:
    small().name = "A"
    other = bpy.data.scenes.new("B")
    other.frame_start, other.frame_end = -5, 250
    other.render.engine = "BLENDER_WORKBENCH"
    bpy.context.window.scene = other


def strips(*, color: bool, used: bool) -> None:
    scene = small()
    scene.camera = None
    editor = scene.sequence_editor_create()
    editor.sequences.new_sound("sound", str(FOLDER / "files" / "beep.wav"), 1, 1)
    if color:
        editor.sequences.new_effect("color", "COLOR", 2, frame_start=1, frame_end=20)
    scene.render.use_sequencer = used


@maker("sequencer.blend")
def sequencer() -> None:
    strips(color=True, used=True)


@maker("sequencer_off.blend")
def sequencer_off() -> None:
    strips(color=True, used=False)


@maker("sound_only.blend")
def sound_only() -> None:
    strips(color=False, used=True)


def image(path: str, source: str = "FILE") -> bpy.types.Image:
    made = bpy.data.images.new(Path(path).name, 4, 4)
    made.source = source
    made.filepath = path
    made.use_fake_user = True
    return made


@maker("shots/files.blend")
def files() -> None:
    small()
    for path in (
        "//tex/here.png",
        "//tex/gone.png",
        "//TEX/here.png",
        "/abs/elsewhere.png",
        "C:\\abs\\drive.png",
        "//tex\\back.png",
        "//../side/up.png",
        "//../../etc/passwd",
        "\\\\server\\share\\unc.png",
    ):
        image(path)
    image("//tex/tile.<UDIM>.png", "TILED")
    image("//tex/none.<UDIM>.png", "TILED")
    image("//seq/im_0001.png", "SEQUENCE")
    image("//seq/no_0001.png", "SEQUENCE")
    kept = bpy.data.images.load(str(FOLDER / "files" / "kept.png"))
    kept.pack()
    kept.use_fake_user = True


@maker("wild.blend")
def wild() -> None:
    small()
    image(f"//tex/{'*a' * 40}*b.png")


@maker("lib/asset.blend")
def asset() -> None:
    small()
    mesh = bpy.data.meshes.new("leaf")
    thing = bpy.data.objects.new("leaf", mesh)
    thing.modifiers.new("smooth", "SUBSURF")
    bpy.context.scene.collection.objects.link(thing)
    for name, path in (("leaf", "//tex/leaf.png"), ("unused", "//tex/unused.png")):
        material = bpy.data.materials.new(name)
        material.use_fake_user = True
        material.use_nodes = True
        node = material.node_tree.nodes.new("ShaderNodeTexImage")
        node.image = image(path)
        node.image.use_fake_user = False
        if name == "leaf":
            mesh.materials.append(material)


@maker("main/links.blend")
def links() -> None:
    small()
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "main" / "links.blend"))
    with bpy.data.libraries.load(str(FOLDER / "lib" / "asset.blend"), link=True, relative=True) as (
        _,
        wanted,
    ):
        wanted.objects = ["leaf"]
    bpy.context.scene.collection.objects.link(bpy.data.objects["leaf"])


def formats() -> None:
    image_settings = bpy.types.ImageFormatSettings.bl_rna.properties["file_format"]
    for item in [item.identifier for item in image_settings.enum_items]:

        def write(item: str = item) -> None:
            small().render.image_settings.file_format = item

        MAKERS[f"format_{item}.blend"] = write


def moves_by_itself(thing: bpy.types.Object) -> bool:
    kinds = {"CLOTH", "SOFT_BODY", "DYNAMIC_PAINT", "FLUID"}
    return bool(
        thing.rigid_body
        or thing.particle_systems
        or any(modifier.type in kinds for modifier in thing.modifiers)
    )


def facts(path: Path) -> dict[str, object]:
    bpy.ops.wm.open_mainfile(filepath=str(path))
    scenes = []
    for scene in bpy.data.scenes:
        render = scene.render
        editor = scene.sequence_editor
        strips = [strip.type for strip in editor.sequences] if editor else []
        scenes.append(
            {
                "name": scene.name,
                "frame_start": scene.frame_start,
                "frame_end": scene.frame_end,
                "frame_step": scene.frame_step,
                "engine": render.engine,
                "width": render.resolution_x,
                "height": render.resolution_y,
                "percentage": render.resolution_percentage,
                "file_format": render.image_settings.file_format,
                "camera": scene.camera.name if scene.camera else None,
                "sequencer": render.use_sequencer and any(kind != "SOUND" for kind in strips),
                "output": render.filepath,
                "unbaked": [one.name for one in scene.objects if moves_by_itself(one)],
            }
        )
    return {
        "version": bpy.data.version[:2],
        "active": bpy.context.scene.name,
        "scenes": scenes,
    }


def main() -> None:
    formats()
    said = {}
    for name, make in MAKERS.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make()
        bpy.ops.wm.save_as_mainfile(
            filepath=str(path), compress=name == "packed.blend", relative_remap=False
        )
        said[name] = facts(path)
    (FOLDER / "facts.json").write_text(json.dumps(said), encoding="utf-8")


main()
