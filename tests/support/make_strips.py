"""Runs inside Blender: writes a project that shows each kind of file on a frame of its own.

disk/proj/shots/shot.blend   12 frames: its scene "Cut" is a sequence of strips
    1  disk/proj/shots/clip.mkv      a movie strip right beside the .blend
    2  disk/proj/shots/still.png     a strip of one picture, right beside it
    3  disk/proj/shots/beside_0003.png    a strip of numbered pictures, right beside it
    4  disk/proj/media/far.mkv       a movie strip, by a relative path that leads out of the folder
    5  away/clip.mkv                 one more, by an absolute path
    6  away/odd/{six,seven,eight}.png    a strip of pictures without numbers, by an absolute path
    9  disk/libs/staged.blend        a linked scene with an object that has a texture
    10 the scene "Set": textures that are sequences, beside the .blend and far away, whose number
       is not at the end of its names; a font, a linked object with a texture, and a movie clip
       that is a sequence, all of them far away
sounds: disk/proj/shots/tone.wav, away/tone.wav
"""

from __future__ import annotations

import shutil
import sys
import wave
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
ROOT, AWAY = FOLDER / "disk", FOLDER / "away"
SHOTS = ROOT / "proj" / "shots"
SHOT = SHOTS / "shot.blend"
WIDTH, HEIGHT = 96, 54


def picture(path: Path, *color: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = bpy.data.images.new(path.name, WIDTH, HEIGHT)
    image.pixels = (*color, 1) * (WIDTH * HEIGHT)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)
    return path


def sequence(folder: Path, name: str, hue: int, tail: str = "") -> Path:
    """Write twelve numbered pictures, each of another shade; gives the first."""
    for number in range(1, 13):
        shade = [0.2, 0.2, 0.2]
        shade[hue] = number / 12
        picture(folder / f"{name}_{number:04}{tail}.png", *shade)
    return folder / f"{name}_0001{tail}.png"


def strips_of(scene: Any) -> Any:
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def small(scene: Any) -> None:
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.resolution_percentage = 100
    scene.frame_start, scene.frame_end = 1, 12
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 4, False


def movie(path: Path, first: Path) -> None:
    """Write a movie of four of a sequence's pictures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scene = bpy.data.scenes.new("movie")
    small(scene)
    scene.frame_end = 4
    strip = strips_of(scene).new_image("strip", str(first), 1, 1)
    for number in range(2, 5):
        strip.elements.append(first.name.replace("0001", f"{number:04}"))
    image, video = scene.render.image_settings, scene.render.ffmpeg
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"
    video.format, video.codec, video.audio_codec = "MKV", "FFV1", "NONE"
    scene.render.filepath = str(path)
    scene.render.use_file_extension = False
    bpy.ops.render.render(animation=True, scene=scene.name)
    bpy.data.scenes.remove(scene)


def tone(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return path


def files() -> None:
    for number, name in enumerate(("proj/media/a", "../away/b", "../away/c")):
        sequence((ROOT / name).parent / "frames", Path(name).name, number)
    movie(SHOTS / "clip.mkv", ROOT / "proj/media/frames/a_0001.png")
    movie(ROOT / "proj/media/far.mkv", AWAY / "frames/b_0001.png")
    movie(AWAY / "clip.mkv", AWAY / "frames/c_0001.png")
    shutil.rmtree(ROOT / "proj/media/frames")
    shutil.rmtree(AWAY / "frames")
    picture(SHOTS / "still.png", 0.9, 0.5, 0.1)
    picture(AWAY / "odd/six.png", 0.1, 0.5, 0.9)
    picture(AWAY / "odd/seven.png", 0.9, 0.1, 0.5)
    picture(AWAY / "odd/eight.png", 0.5, 0.9, 0.1)
    sequence(SHOTS, "beside", 0)
    sequence(SHOTS, "leaf", 1)
    sequence(AWAY / "tiles", "far", 2, "_last")
    sequence(AWAY / "filmed", "plate", 0)
    tone(SHOTS / "tone.wav")
    tone(AWAY / "tone.wav")
    found = Path(bpy.utils.system_resource("DATAFILES")) / "fonts"
    known = [*sorted(found.glob("*.ttf")), *sorted(found.glob("*.woff2"))]
    known += sorted(Path("/usr/share/fonts").rglob("*.ttf"))
    (AWAY / "fonts").mkdir()
    shutil.copy(known[0], AWAY / "fonts" / f"own{known[0].suffix}")


def glowing(name: str, file: Path, *, many: bool) -> Any:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    texture, glow, output = (
        tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexImage", "Emission", "OutputMaterial")
    )
    texture.image = bpy.data.images.load(str(file))
    if many:
        texture.image.source = "SEQUENCE"
        texture.image_user.frame_duration = 12
        texture.image_user.use_auto_refresh = True
    tree.links.new(texture.outputs[0], glow.inputs[0])
    tree.links.new(glow.outputs[0], output.inputs[0])
    return material


def libraries() -> None:
    (ROOT / "libs").mkdir()
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.save_as_mainfile(filepath=str(ROOT / "libs/lib.blend"))
    material = glowing("Leaf", picture(ROOT / "libs/leaf.png", 0, 1, 0), many=False)
    cube = bpy.data.objects["Cube"]
    cube.name, cube.location.x = "Leaf", -3
    cube.data.materials.clear()
    cube.data.materials.append(material)
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.save_as_mainfile(filepath=str(ROOT / "libs/staged.blend"))
    scene = bpy.context.scene
    scene.name = "Staged"
    small(scene)
    material = glowing("Staged", picture(ROOT / "libs/staged.png", 0.9, 0.9, 0.1), many=False)
    cube = bpy.data.objects["Cube"]
    cube.data.materials.clear()
    cube.data.materials.append(material)
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_mainfile()


def filmed(scene: Any) -> None:
    """Lay a movie clip that is a sequence over what is rendered."""
    clip = bpy.data.movieclips.load(str(AWAY / "filmed/plate_0001.png"))
    if not hasattr(scene, "node_tree"):  # 5.0 has compositing in trees of their own
        return
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    shown, layer, mix, output = (
        tree.nodes.new(f"CompositorNode{kind}")
        for kind in ("MovieClip", "RLayers", "MixRGB", "Composite")
    )
    shown.clip = clip
    mix.inputs[0].default_value = 0.5
    tree.links.new(layer.outputs[0], mix.inputs[1])
    tree.links.new(shown.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], output.inputs[0])


def staged() -> Any:
    """Make the scene in three dimensions."""
    scene = bpy.context.scene
    scene.name = "Set"
    small(scene)
    with bpy.data.libraries.load(str(ROOT / "libs/lib.blend"), link=True) as (_, wanted):
        wanted.objects = ["Leaf"]
    scene.collection.objects.link(bpy.data.objects["Leaf"])
    cube = bpy.data.objects["Cube"]
    cube.data.materials.clear()
    cube.data.materials.append(glowing("Near", SHOTS / "leaf_0001.png", many=True))
    bpy.ops.mesh.primitive_cube_add(location=(3, 0, 0))
    far = glowing("Far", AWAY / "tiles/far_0001_last.png", many=True)
    bpy.context.object.data.materials.append(far)
    bpy.ops.object.text_add(location=(-1, -3, 0), rotation=(0.9, 0, 0.7))
    bpy.context.object.data.font = bpy.data.fonts.load(str(next((AWAY / "fonts").iterdir())))
    filmed(scene)
    return scene


def cut(scene: Any) -> None:
    """Lay the strips one after another."""
    with bpy.data.libraries.load(str(ROOT / "libs/staged.blend"), link=True) as (_, wanted):
        wanted.scenes = ["Staged"]
    main = bpy.data.scenes.new("Cut")
    bpy.context.window.scene = main
    small(main)
    main.render.filepath = "//render/shot_####"
    strips = strips_of(main)
    one = "frame_final_duration"
    setattr(strips.new_movie("beside", str(SHOTS / "clip.mkv"), 1, 1), one, 1)
    setattr(strips.new_image("still", str(SHOTS / "still.png"), 1, 2), one, 1)
    numbered = strips.new_image("numbered", str(SHOTS / "beside_0003.png"), 2, 3)
    numbered.elements.append("beside_0004.png")
    setattr(numbered, one, 1)
    setattr(strips.new_movie("far", str(ROOT / "proj/media/far.mkv"), 1, 4), one, 1)
    setattr(strips.new_movie("away", str(AWAY / "clip.mkv"), 2, 5), one, 1)
    odd = strips.new_image("odd", str(AWAY / "odd/six.png"), 1, 6)
    odd.elements.append("seven.png")
    odd.elements.append("eight.png")
    setattr(strips.new_scene("staged", bpy.data.scenes["Staged"], 1, 9), one, 1)
    setattr(strips.new_scene("set", scene, 2, 10), one, 3)
    if bpy.app.build_options.audaspace:
        strips.new_sound("near", str(SHOTS / "tone.wav"), 4, 1)
        strips.new_sound("far off", str(AWAY / "tone.wav"), 5, 1)


def main() -> None:
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.read_factory_settings()
    files()
    libraries()
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.save_as_mainfile(filepath=str(SHOT))
    cut(staged())
    bpy.ops.file.make_paths_relative()
    data = bpy.data
    for one in (*data.movieclips, *data.images, *data.fonts, *data.sounds):
        if "away" in one.filepath:
            one.filepath = bpy.path.abspath(one.filepath)
    for scene in bpy.data.scenes:
        for strip in strips_of(scene) if scene.library is None else ():
            if strip.name in ("away", "odd"):
                where = "filepath" if strip.type == "MOVIE" else "directory"
                setattr(strip, where, bpy.path.abspath(getattr(strip, where)))
    bpy.ops.wm.save_mainfile()


main()
