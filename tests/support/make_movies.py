"""Runs inside Blender: writes the .blend files of scenes that become movies. bpy only.

film      8 frames at 25 a second, 64x36, H.264 and AAC (mono, 44.1 kHz) in MP4: the first 4
          frames are silent, then there is a tone of 440 Hz; it needs tone.wav beside it
lossless  8 frames, FFV1 in Matroska, its output path has no ending; no sound
old       8 frames, AVI JPEG
speaker   film without strips, but with a speaker in the scene; 30000/1001 frames a second
theora    film in Ogg
heard     PNG frames with film's sound
seen      OpenEXR frames with film's sound
"""

from __future__ import annotations

import math
import struct
import sys
import wave
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(sys.argv[-1])
RATE = 48000


def save(name: str) -> None:
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / (name + ".blend")), copy=True)


def save_here() -> None:
    # Relative paths need a place.
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "basis.blend"))


def tone() -> None:
    path = FOLDER / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        samples = (int(20000 * math.sin(i * 2 * math.pi * 440 / RATE)) for i in range(RATE))
        file.writeframes(b"".join(struct.pack("<h", one) for one in samples))


def basis(strip: bool = True) -> Any:
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.render.resolution_percentage = 100
    scene.frame_start, scene.frame_end = 1, 8
    scene.render.fps = 25
    cube = bpy.data.objects["Cube"]
    cube.keyframe_insert("location", frame=1)
    cube.location.x = 3
    cube.keyframe_insert("location", frame=8)
    tone()
    save_here()
    if strip:
        add_tone(scene)
    return scene


def add_tone(scene: Any) -> None:
    if not bpy.app.build_options.audaspace:  # the wheel of 4.2 was built without sound
        (FOLDER / "silent").touch()
        return
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound("tone", str(FOLDER / "tone.wav"), 1, 5)


def movie(scene: Any, container: str, codec: str, output: str) -> None:
    image, video = scene.render.image_settings, scene.render.ffmpeg
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"
    video.format, video.codec = container, codec
    video.constant_rate_factor = "HIGH"
    scene.render.filepath = output


def film(strip: bool = True) -> Any:
    scene = basis(strip)
    movie(scene, "MPEG4", "H264", "//out/film.mp4")
    video = scene.render.ffmpeg
    video.audio_codec, video.audio_mixrate, video.audio_channels = "AAC", 44100, "MONO"
    return scene


def main() -> None:
    film()
    save("film")
    film().render.ffmpeg.format = "OGG"
    bpy.context.scene.render.filepath = "//out/film"
    save("theora")
    scene = film(strip=False)
    scene.render.fps, scene.render.fps_base = 30, 1.001
    bpy.ops.object.speaker_add()
    bpy.context.object.data.sound = bpy.data.sounds.load(str(FOLDER / "tone.wav"))
    save("speaker")
    scene = basis(strip=False)
    movie(scene, "MKV", "FFV1", "//out/shot_####")
    save("lossless")
    if bpy.app.version < (4, 2, 0):
        basis(strip=False).render.image_settings.file_format = "AVI_JPEG"
        bpy.context.scene.render.filepath = "//old"
        save("old")
    basis().render.filepath = "//shot_####"
    save("heard")
    bpy.context.scene.render.image_settings.file_format = "OPEN_EXR"
    save("seen")


main()
