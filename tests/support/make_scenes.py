"""Runs inside Blender: writes the .blend files that the tests render. Python 3.7 and bpy only.

cycles    12 frames of a moving cube, Cycles, a few hundredths of a second each
slow      the same, a second or two a frame
many      the same, 60 frames of which no two are alike, a fifth of a second or so each
still     the same frame as one of 64 samples, PNG of 16 bits
nocamera  cycles without a camera
movie     cycles, writing an FFmpeg movie
scripted  cycles with a text block that would leave the file RAN beside the .blend
second    cycles, its active scene is "Second", with another picture size
missing   cycles with a picture that isn't there
exr       cycles, writing OpenEXR; "layers" writes all layers into one, "deep" 16 bits of PNG
undenoised  cycles with denoising, which Debian's Blender was built without
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(sys.argv[-1])
TEXT = """
import bpy, os
open(os.path.join(os.path.dirname(bpy.data.filepath), "RAN"), "w").close()
"""


def save(name: str) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / (name + ".blend")), copy=True)


def basis() -> Any:
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 96, 54
    scene.render.resolution_percentage = 100
    scene.frame_start, scene.frame_end = 1, 12
    scene.render.filepath = "//render\\shot_####"
    cube = bpy.data.objects["Cube"]
    cube.keyframe_insert("location", frame=1)
    cube.location.x = 3
    cube.keyframe_insert("location", frame=12)
    return scene


def still() -> None:
    scene = basis()
    scene.cycles.samples = 64
    scene.cycles.use_adaptive_sampling = False
    scene.frame_end = 1
    scene.render.image_settings.color_depth = "16"
    save("still")


def main() -> None:
    scene = basis()
    save("cycles")
    scene.cycles.samples = 1000
    scene.cycles.use_adaptive_sampling = False
    save("slow")
    still()
    scene = basis()
    scene.cycles.samples = 128
    scene.cycles.use_adaptive_sampling = False
    scene.frame_end = 60
    cube = bpy.data.objects["Cube"]
    cube.location = (-4, 2, 1)
    cube.keyframe_insert("location", frame=60)
    save("many")
    scene = basis()
    bpy.data.objects.remove(bpy.data.objects["Camera"])
    save("nocamera")
    scene = basis()
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "VIDEO"
    scene.render.image_settings.file_format = "FFMPEG"
    scene.render.filepath = "//render/film.mp4"
    save("movie")
    basis()
    text = bpy.data.texts.new("leave.py")
    text.write(TEXT)
    text.use_module = True
    save("scripted")
    scene = basis()
    second = bpy.data.scenes.new("Second")
    for thing in scene.collection.all_objects:
        second.collection.objects.link(thing)
    second.camera = scene.camera
    second.render.resolution_x, second.render.resolution_y = 48, 54
    second.render.engine = "CYCLES"
    second.cycles.samples = 1
    second.cycles.use_denoising = False
    second.render.filepath = scene.render.filepath
    bpy.context.window.scene = second
    save("second")
    basis()
    image = bpy.data.images.new("gone", 4, 4)
    image.source = "FILE"
    image.filepath = "//textures\\gone.png"
    image.use_fake_user = True
    save("missing")
    for name, kind, depth in (
        ("exr", "OPEN_EXR", "16"), ("layers", "OPEN_EXR_MULTILAYER", "32"), ("deep", "PNG", "16"),
    ):  # fmt: skip
        settings = basis().render.image_settings
        if hasattr(settings, "media_type") and kind.endswith("MULTILAYER"):
            settings.media_type = "MULTI_LAYER_IMAGE"
        settings.file_format = kind
        settings.color_depth = depth
        save(name)
    scene = basis()
    scene.cycles.use_denoising = True
    save("undenoised")


main()
