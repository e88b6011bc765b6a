"""Runs inside Blender: stills that are rendered whole, and movies, for make_refusals.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from tests.support.refused_basis import grid, maker, small
else:
    from refused_basis import grid, maker, small

# Stills that are rendered whole


def one_frame() -> Any:
    scene = small()
    scene.frame_end, scene.cycles.samples = 1, 16
    return scene


@maker
def still() -> None:
    one_frame()


@maker
def region() -> None:
    one_frame().render.use_border = True


@maker
def stereo() -> None:
    one_frame().render.use_multiview = True


@maker
def strips() -> None:
    editor = one_frame().sequence_editor_create()
    editor.sequences.new_effect("color", "COLOR", 1, frame_start=1, frame_end=2)


@maker
def freestyle() -> None:
    one_frame().render.use_freestyle = True


@maker
def pencil() -> None:
    one_frame()
    bpy.ops.object.gpencil_add(type="EMPTY")


@maker
def guided() -> None:
    one_frame().cycles.use_guiding = True


@maker
def timed() -> None:
    one_frame().cycles.time_limit = 1


@maker
def scrambled() -> None:
    one_frame().cycles.auto_scrambling_distance = True


@maker
def layered() -> None:
    one_frame().view_layers[0].samples = 8


@maker
def cryptomatte() -> None:
    one_frame().view_layers[0].use_pass_cryptomatte_object = True


@maker
def catcher() -> None:
    one_frame()
    grid("Ground").is_shadow_catcher = True


@maker
def composed() -> None:
    scene = one_frame()
    other = bpy.data.scenes.new("Sky")
    other.render.engine, other.camera = "CYCLES", scene.camera
    other.cycles.samples, other.cycles.use_denoising = 1, False
    scene.use_nodes = True
    node = next(one for one in scene.node_tree.nodes if one.type == "R_LAYERS")
    node.scene = other


@maker
def denoised() -> None:
    one_frame().cycles.use_denoising = True


@maker
def carded() -> None:
    small().cycles.device = "GPU"


@maker
def endless() -> None:
    """A frame that has something in it, of which Cycles takes all samples."""
    scene = small()
    scene.frame_end, scene.cycles.use_adaptive_sampling = 1, False
    grid("Ground")


# Movies


def film(container: str, codec: str, audio: str = "NONE") -> Any:
    scene = small()
    settings, video = scene.render.image_settings, scene.render.ffmpeg
    settings.file_format = "FFMPEG"
    video.format, video.codec, video.audio_codec = container, codec, audio
    scene.render.filepath = "//out/film"
    return scene


@maker
def theora() -> None:
    film("OGG", "THEORA", "VORBIS")


@maker
def odd() -> None:
    scene = film("MPEG4", "H264")
    scene.render.resolution_x = scene.render.resolution_y = 17


@maker
def unfinished() -> None:
    film("MPEG4", "H264").cycles.use_denoising = True
