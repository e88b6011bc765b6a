"""On the device: a small picture of the frame that was rendered last, whatever its format is.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path
from typing import Any

import bpy

LONGEST = 512
"""Pixels of the longer side."""

SMALLEST_GAP = 1.0
"""Seconds between two pictures."""

SHARE = 0.005
"""The part of a slot's time that pictures may take.

One of 320x180 takes 1 to 8 ms; of 1920x1080, 15 ms from a JPEG, 60 to 100 from a PNG and 60 to 200
from an OpenEXR; of 3840x2160, 0.25 to 0.7 s (3.4 to 5.2, two cores).
"""

READABLE = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tga"})
"""Endings of frames that are as they are seen on a display, and quickly read again."""

QUALITY = 80
BYTES_AT_MOST = 256 * 1024
KEPT = 20
FAILURES_AT_MOST = 3


class Pictures:
    """Makes pictures in a folder, seldom enough never to count; the oldest are removed.

    What goes wrong costs a picture and nothing else; after some failures there are none any more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []
        self._ended = float("-inf")
        self._cost = 0.0
        self._failures = 0

    def are_due(self, is_idle: bool = False) -> bool:
        """Whether it is time for another one; where nobody waits, it may take what it takes."""
        gap = SMALLEST_GAP if is_idle else max(SMALLEST_GAP, self._cost / SHARE)
        return self._failures < FAILURES_AT_MOST and time.monotonic() - self._ended >= gap

    def make(self, scene: Any, frame: int, name: str) -> int | None:
        """Make a picture of the frame, rendered last; gives its bytes, None if there is none."""
        begun = time.monotonic()
        path = self._folder / name
        size = None
        try:
            self._folder.mkdir(exist_ok=True)
            own = Path(scene.render.frame_path(frame=frame))
            if own.suffix.lower() in READABLE and own.is_file():
                shrink(own, path)
            else:
                save_result(scene, path)
                shrink(path, path)
            size = path.stat().st_size
            self._failures = 0
        except (OSError, RuntimeError, TypeError, ValueError, AttributeError, KeyError):
            self._failures += 1
        self._names.append(name)
        self._tidy(size is None)
        self._ended = time.monotonic()
        self._cost = self._ended - begun
        return size if size is not None and 0 < size <= BYTES_AT_MOST else None

    def _tidy(self, spoiled: bool) -> None:
        surplus = self._names[-1:] if spoiled else []
        while len(self._names) > KEPT:
            surplus.append(self._names.pop(0))
        for name in surplus:
            try:
                (self._folder / name).unlink()
            except OSError:
                continue


def save_result(scene: Any, path: Path, quality: int = QUALITY) -> None:
    """Save the render result as a JPEG, as it is seen on a display."""
    settings = scene.render.image_settings
    before = values(settings)
    try:
        if hasattr(settings, "media_type"):
            settings.media_type = "IMAGE"
        settings.file_format = "JPEG"
        settings.color_mode = "RGB"
        settings.quality = quality
        if scene.render.use_multiview:
            settings.views_format = "INDIVIDUAL"
            _save_first_view(scene, path)
        else:
            bpy.data.images["Render Result"].save_render(str(path), scene=scene)
    finally:
        restore(settings, before)


def _save_first_view(scene: Any, path: Path) -> None:
    """Save the first of several views: Blender saves all, and says that it could not (3.4 to 5.2).

    Which names it gives them is up to the scene, so they get a folder for themselves.
    """
    views = path.with_suffix("")
    views.mkdir()
    try:
        with contextlib.suppress(RuntimeError):
            bpy.data.images["Render Result"].save_render(str(views / "view.jpg"), scene=scene)
        min(views.iterdir()).replace(path)
    finally:
        shutil.rmtree(str(views), ignore_errors=True)


def values(settings: Any) -> dict[str, Any]:
    """Give what can be set, in the order in which one setting decides what others may be."""
    kinds = ("BOOLEAN", "INT", "FLOAT", "ENUM", "STRING")
    names = [
        one.identifier
        for one in settings.bl_rna.properties
        if not one.is_readonly and one.type in kinds and not getattr(one, "is_array", False)
    ]
    first = ("media_type", "file_format", "color_mode", "color_depth")
    ordered = [name for name in first if name in names]
    ordered += [name for name in names if name not in first]
    return {name: getattr(settings, name) for name in ordered}


def restore(settings: Any, before: dict[str, Any]) -> None:
    """Set back what `values` gave."""
    for name, value in before.items():
        if getattr(settings, name) != value:
            try:
                setattr(settings, name, value)
            except TypeError:  # an old file's format that this Blender does not know
                continue


def shrink(source: Path, path: Path) -> None:
    """Save a picture's file as a small JPEG, in its own place too."""
    image = bpy.data.images.load(str(source), check_existing=False)
    try:
        width, height = image.size
        if not width or not height:
            raise ValueError("it has no pixels")
        if max(width, height) > LONGEST:
            scale = LONGEST / max(width, height)
            image.scale(max(1, round(width * scale)), max(1, round(height * scale)))
        elif source == path:
            return
        image.filepath_raw = str(path)
        image.file_format = "JPEG"
        image.save()
    finally:
        bpy.data.images.remove(image)
