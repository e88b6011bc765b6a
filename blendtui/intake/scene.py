"""The facts of a .blend, read without Blender and without opening anything outside its project."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import BlendFacts, Project, SceneFacts

if TYPE_CHECKING:
    from blendtui.intake.blend_reader import BoundedBlend
    from blendtui.intake.externals import Externals

log = logging.getLogger(__name__)

UNPACKED_LIMIT = 8 << 30
"""Bytes that a packed .blend may unpack to."""

# Numbers of DNA_scene_types.h (R_IMF_IMTYPE_*) and the identifiers of the Python API. Those of
# 31 to 33 and 36 were movies by codec and are written as FFMPEG since.
FORMATS = {
    0: "TARGA",
    1: "IRIS",
    4: "JPEG",
    7: "IRIS",
    14: "TARGA_RAW",
    15: "AVI_RAW",
    16: "AVI_JPEG",
    17: "PNG",
    20: "BMP",
    21: "HDR",
    22: "TIFF",
    23: "OPEN_EXR",
    24: "FFMPEG",
    26: "CINEON",
    27: "DPX",
    28: "OPEN_EXR_MULTILAYER",
    30: "JPEG2000",
    31: "FFMPEG",
    32: "FFMPEG",
    33: "FFMPEG",
    35: "WEBP",
    36: "FFMPEG",
    37: "AVIF",
}

_USE_SEQUENCER = 1  # R_DOSEQ in DNA_scene_types.h
_SOUND_STRIP = 4  # STRIP_TYPE_SOUND_RAM in DNA_sequence_types.h


def read_facts(root: Path, project: Project, limit: int = UNPACKED_LIMIT) -> BlendFacts:
    """Read what the project's .blend below `root` says of itself; blocks, for seconds if large.

    A path in the file is compared with the project's names only, and only a linked .blend that
    is one of the project's files is opened besides.

    Raises:
        Failure: BLEND_UNREADABLE, with the path in the project and the reason.
    """
    # Imported here, since it takes longer than all of this room.
    from blendtui.intake import blend_reader as reader  # noqa: PLC0415
    from blendtui.intake.externals import Externals  # noqa: PLC0415
    from blendtui.intake.foreign_nodes import strange_nodes  # noqa: PLC0415

    try:
        with reader.opened(root / project.blend, limit) as blend:
            blocks = list(blend.find_blocks_from_code(b"SC"))
            scenes = tuple(_scene(block) for block in blocks)
            active = _active(blend, scenes)
            externals = Externals(root, project, limit)
            externals.trace(blend, project.blend)
            scenes = tuple(
                replace(scene, unbaked=_unbaked(block, externals))
                for scene, block in zip(scenes, blocks, strict=True)
            )
            return BlendFacts(
                version=divmod(blend.header.version, 100),
                scenes=scenes,
                active=active,
                external=externals.external,
                missing=externals.missing,
                strange=strange_nodes(blend),
            )
    except reader.Unreadable as error:
        reason = str(error)
        cause: Exception = error
    except OSError as error:
        reason = reason_of(error)
        cause = error
    except reader.FOREIGN as error:
        reason = reader.DAMAGED
        cause = error
    raise Failure.of(FaultKind.BLEND_UNREADABLE, path=project.blend, detail=reason) from cause


def _unbaked(block: Any, externals: Externals) -> tuple[str, ...]:
    """Name a scene's simulations that are not baked; one of a kind that is too new goes unseen."""
    from blendtui.intake import blend_reader as reader  # noqa: PLC0415
    from blendtui.intake import simulations  # noqa: PLC0415

    try:
        own = simulations.of_scene(block, externals.holds)
    except reader.FOREIGN as error:
        log.debug("simulations of %s cannot be read: %r", block, error)
        own = ()
    return tuple(dict.fromkeys(own + externals.unbaked))


def _scene(block: Any) -> SceneFacts:
    def number(name: bytes, default: int = 0) -> int:
        return int(block.get((b"r", name), default=default))

    def text(name: bytes) -> str:
        return _text(block.get((b"r", name), default=b""))

    return SceneFacts(
        name=_name(block),
        frame_start=number(b"sfra"),
        frame_end=number(b"efra"),
        frame_step=max(number(b"frame_step", 1), 1),
        engine=text(b"engine"),
        width=number(b"xsch"),
        height=number(b"ysch"),
        percentage=number(b"size", 100),
        file_format=FORMATS.get(_format(block), ""),
        camera=_camera(block),
        sequencer=bool(number(b"scemode") & _USE_SEQUENCER) and _has_picture_strip(block),
        output=text(b"pic"),
    )


def _format(block: Any) -> int:
    # Before 2.63 the number stood in the render settings themselves.
    old = block.get((b"r", b"imtype"), default=-1)
    return int(block.get((b"r", b"im_format", b"imtype"), default=old))


def _camera(block: Any) -> str | None:
    """Name the scene's camera, or one of those that its markers switch to."""
    camera = block.get_pointer(b"camera", default=None)
    if camera is not None:
        return _name(camera)
    marker = block.get_pointer((b"markers", b"first"), default=None)
    while marker is not None:
        camera = marker.get_pointer(b"camera", default=None)
        if camera is not None:
            return _name(camera)
        marker = marker.get_pointer(b"next")
    return None


def _has_picture_strip(block: Any) -> bool:
    """Say whether Blender asks the sequencer for the picture: any strip but sound will do."""
    editor = block.get_pointer(b"ed", default=None)
    strip = editor.get_pointer((b"seqbase", b"first")) if editor is not None else None
    while strip is not None:
        # A list's pointers have no type of their own: this one's is known by its name.
        strip.refine_type(b"Sequence")
        if strip[b"type"] != _SOUND_STRIP:
            return True
        strip = strip.get_pointer(b"next")
    return False


def _active(blend: BoundedBlend, scenes: tuple[SceneFacts, ...]) -> str:
    for block in blend.find_blocks_from_code(b"GLOB"):
        scene = block.get_pointer(b"curscene", default=None)
        if scene is not None:
            return _name(scene)
    return scenes[0].name if scenes else ""


def _name(block: Any) -> str:
    """Give a data-block's name without the two letters of its kind; a linked one's likewise."""
    name = block.get((b"id", b"name"), default=None) or block.get(b"name", default=b"")
    return _text(name[2:])


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
