"""On the device: what a scene asks of its movie, and what a movie needs besides frames.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from blendtui.devices.driver_picture import save_result, shrink
else:
    from driver_picture import save_result, shrink

SOUND, DISPLAY = "@sound", "@display"
"""Folders among a frame's files for what goes beside the frames, not among them."""

SHOWN = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tga", ".tif", ".tiff", ".webp"})
"""Endings of frames that are as they are seen on a display, and that anybody can read."""

QUALITY = 95
_OWN = ("RGB", "RGBA", "BW")


def asked_of(scene: Any) -> dict[str, Any]:
    """Give what a scene asks of its movie, named as in `farm.movies.MovieAsked`."""
    render, image, video = scene.render, scene.render.image_settings, scene.render.ffmpeg
    return {
        "is_movie": render.is_movie_format,
        "has_sound": has_sound(scene),
        "fps": render.fps,
        "fps_base": render.fps_base,
        "file_format": image.file_format,
        "use_extension": render.use_file_extension,
        "container": video.format,
        "codec": video.codec,
        "crf": video.constant_rate_factor,
        "crf_number": getattr(video, "custom_constant_rate_factor", 23),
        "preset": video.ffmpeg_preset,
        "profile": getattr(video, "ffmpeg_prores_profile", ""),
        "bitrate": video.video_bitrate,
        "minrate": video.minrate,
        "maxrate": video.maxrate,
        "buffer": video.buffersize,
        "gop": video.gopsize,
        "b_frames": video.max_b_frames if video.use_max_b_frames else None,
        "color": image.color_mode,
        "depth": int(image.color_depth),
        "quality": image.quality,
        "audio_codec": video.audio_codec,
        "audio_bitrate": video.audio_bitrate,
        "audio_rate": video.audio_mixrate,
        "audio_channels": video.audio_channels,
        "audio_volume": video.audio_volume,
    }


def has_sound(scene: Any, depth: int = 3) -> bool:
    """Whether anything in a scene can be heard, also in scenes that its sequencer shows."""
    editor = scene.sequence_editor
    strips: Any = ()
    if editor is not None:  # 4.4 renamed them
        strips = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
    for strip in strips:
        if strip.mute:
            continue
        if strip.type == "SOUND" and strip.sound is not None:
            return True
        other = strip.scene if strip.type == "SCENE" else None
        if other is not None and depth and has_sound(other, depth - 1):
            return True
    speakers = (one.data for one in scene.objects if one.type == "SPEAKER")
    return any(one.sound is not None and not one.muted for one in speakers)


def make_lossless(scene: Any) -> None:
    """Have a scene that writes a movie write PNG files: half a movie is no use to anybody.

    They have the movie's channels, and 16 bits each where it has more than 8.
    """
    render, image = scene.render, scene.render.image_settings
    mode, depth = image.color_mode, int(image.color_depth)
    if hasattr(image, "media_type"):
        image.media_type = "IMAGE"
    image.file_format = "PNG"
    image.color_mode = mode if mode in _OWN else "RGB"
    image.color_depth = "16" if depth > 8 else "8"
    render.use_file_extension = True


class Beside:
    """Makes what goes beside a frame: the sound of a whole movie, a picture as it is displayed.

    What an order says of it counts; what goes wrong costs no frame.
    """

    def __init__(self, scene: Any, choice: Any, asked: dict[str, Any]) -> None:
        own = asked["is_movie"] and choice is not False
        self._scene = scene
        self._sounds = asked["has_sound"] and (choice is True or own)
        if asked["is_movie"] and asked["audio_codec"] == "NONE":
            self._sounds = False
        self._shows_all = choice is True
        self._orders: dict[tuple[int, int], dict[str, Any]] = {}

    def heard(self, key: tuple[int, int], order: dict[str, Any]) -> None:
        """Keep what an order wants beside its frame."""
        self._orders[key] = order

    def add(self, key: tuple[int, int], folder: Path) -> None:
        """Put into the frame's folder what goes beside it, after it was rendered."""
        order = self._orders.pop(key, {})
        try:
            if self._shows_all or order.get("display") is True:
                self._display(key[0], folder)
            span = order.get("sound")
            if self._sounds and span:
                self._mix(key[0], int(span[0]), int(span[1]), folder)
        except (OSError, RuntimeError, TypeError, ValueError, AttributeError, KeyError) as error:
            print(f"beside frame {key[0]}: {error}")  # noqa: T201 - into the run's log

    def _display(self, frame: int, folder: Path) -> None:
        """Save the frame as it is seen on a display, where its own file shows something else."""
        names = [path.suffix.lower() for path in folder.iterdir() if path.is_file()]
        if any(name in SHOWN for name in names):
            return
        target = folder / DISPLAY / f"{frame:04d}.jpg"
        target.parent.mkdir(exist_ok=True)
        try:
            save_result(self._scene, target, QUALITY)
            if not self._shows_all:
                shrink(target, target)
        except BaseException:
            _remove(target)
            raise

    def _mix(self, frame: int, first: int, last: int, folder: Path) -> None:
        """Mix down what is heard from one frame to another; a movie before frame 0 is silent."""
        first = max(first, 0)
        if last < first:
            return
        scene = self._scene
        target = folder / SOUND / f"{frame:04d}_from_{first}_to_{last}.flac"
        target.parent.mkdir(exist_ok=True)
        scene.frame_start, scene.frame_end = first, last
        video = scene.render.ffmpeg
        known = bpy.ops.sound.mixdown.get_rna_type().properties
        more = {"mixrate": video.audio_mixrate, "channels": video.audio_channels}  # since 4.1
        more = {name: value for name, value in more.items() if name in known}
        if bpy.context.window is not None:
            bpy.context.window.scene = scene
        try:
            bpy.ops.sound.mixdown(
                filepath=str(target),
                check_existing=False,
                relative_path=False,
                container="FLAC",
                codec="FLAC",
                format="S16",
                **more,
            )
        except BaseException:
            _remove(target)
            raise


def _remove(path: Path) -> None:
    """Leave nothing half done, nor a folder for nothing."""
    if path.exists():
        path.unlink()
    path.parent.rmdir()
