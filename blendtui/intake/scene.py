"""The facts of a .blend, read without Blender and without opening anything outside its project."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import islice
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

MOST_SCENES = 10_000
"""Scenes of one file: more than anybody makes by hand."""

_LONGEST_TEXT = 1024
"""Bytes of a path in a .blend (FILE_MAX in BKE_blender_limits); names have 64, or 256 from 5.0."""

_USE_SEQUENCER = 1  # R_DOSEQ in DNA_scene_types.h
_SOUND_STRIP = 4  # STRIP_TYPE_SOUND_RAM in DNA_sequence_types.h


def read_facts(
    root: Path, project: Project, limit: int = UNPACKED_LIMIT, ratio: int | None = None
) -> BlendFacts:
    """Read what the project's .blend below `root` says of itself; blocks, for seconds if large.

    A path in the file is compared with the project's names only, and only a linked .blend that
    is one of the project's files is opened besides.

    A packed .blend may have `limit` bytes unpacked, and where that is many, `ratio` for each byte.

    Raises:
        Failure: BLEND_UNREADABLE, with the path in the project and the reason; ARCHIVE_RATIO;
            ARCHIVE_WRITE or DISK_NO_ROOM where it cannot be unpacked on this computer.
    """
    # Imported here, since it takes longer than all of this room.
    from blendtui.intake import blend_reader as reader  # noqa: PLC0415
    from blendtui.intake.externals import Externals  # noqa: PLC0415
    from blendtui.intake.foreign_nodes import strange_nodes  # noqa: PLC0415

    try:
        with reader.opened(root / project.blend, limit, ratio) as blend:
            blocks = list(islice(blend.find_blocks_from_code(b"SC"), MOST_SCENES + 1))
            if len(blocks) > MOST_SCENES:
                raise reader.Unreadable(f"it has more than {MOST_SCENES:,} scenes")
            scenes = tuple(_scene(block) for block in blocks)
            active = _active(blend, scenes)
            externals = Externals(root, project, limit, ratio)
            externals.trace(blend, project.blend)
            unbaked = _unbaked(blocks, externals)
            scenes = tuple(
                replace(scene, unbaked=own) for scene, own in zip(scenes, unbaked, strict=True)
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


def _unbaked(scenes: list[Any], externals: Externals) -> list[tuple[str, ...]]:
    """Name each scene's simulations that are not baked; one that can't be read goes unseen."""
    from blendtui.intake import blend_reader as reader  # noqa: PLC0415
    from blendtui.intake.simulations import Simulations  # noqa: PLC0415

    own, found = Simulations(externals.holds), []
    for scene in scenes:
        names: tuple[str, ...] = ()
        try:
            names = own.of_scene(scene)
        except (reader.Unreadable, *reader.FOREIGN) as error:
            log.debug("simulations of %s cannot be read: %r", scene, error)
        found.append(tuple(dict.fromkeys(names + externals.unbaked)))
    return found


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
    return value[:_LONGEST_TEXT].decode("utf-8", "replace")
