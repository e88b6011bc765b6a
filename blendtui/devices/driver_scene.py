"""On the device: opens a .blend, says what Blender finds in it, and renders single frames of it.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from blendtui.devices.driver_engines import check_engine
    from blendtui.devices.driver_movie import asked_of, make_lossless
    from blendtui.devices.driver_names import MOVIE_ENDING, leaf, storable
    from blendtui.devices.driver_nodes import aim_nodes, compositing, plain
    from blendtui.devices.driver_overrides import apply_overrides
    from blendtui.devices.driver_project import RunFailure
    from blendtui.devices.driver_simulations import unbaked
    from blendtui.devices.driver_unknown import unknown_nodes
else:
    from driver_engines import check_engine
    from driver_movie import asked_of, make_lossless
    from driver_names import MOVIE_ENDING, leaf, storable
    from driver_nodes import aim_nodes, compositing, plain
    from driver_overrides import apply_overrides
    from driver_project import RunFailure
    from driver_simulations import unbaked
    from driver_unknown import unknown_nodes

_MISSING_AT_MOST = 50
_PATH_AT_MOST = 300


def open_scene(
    blend: Path,
    wanted: str | None,
    allow_scripts: bool,
    overrides: dict[str, Any],
    engine: str = "",
) -> tuple[Any, dict[str, Any]]:
    """Open a .blend; gives the wanted scene (None: the active one) and what Blender knows of it.

    The facts are those of the file; the scene itself is changed by `overrides`. `engine` is the one
    that the file names, empty where that isn't known.

    Raises RunFailure where it cannot be opened or rendered.
    """
    try:
        bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False, use_scripts=allow_scripts)
    except RuntimeError as error:
        if not _is_open(blend):
            reason = str(error).strip()
            raise RunFailure("blend-not-opened", file=blend.name, detail=reason) from error
    active = bpy.context.scene
    scene = bpy.data.scenes.get(wanted) if wanted is not None else active
    if scene is None:
        scenes = ", ".join(other.name for other in bpy.data.scenes)
        raise RunFailure("scene-unknown", scene=wanted, scenes=scenes)
    facts = _facts(scene)
    _show(scene)
    if "engine" not in overrides:
        check_engine(scene.render, engine)
    apply_overrides(scene, overrides)
    _check(scene, _facts(scene))
    facts.update(blender=bpy.app.version_string, active=active.name, missing=_missing())
    facts.update(unbaked=unbaked(scene), unknown_nodes=unknown_nodes())
    # Blender names the first one; in 3.4 and 5.0 drivers are tried as soon as the file is open.
    facts.update(asked=asked_of(scene), blocked=bpy.app.autoexec_fail_message)
    return scene, facts


def prepare_scene(scene: Any, output: str | None) -> str:
    """Set the scene up for frames one at a time; gives the pattern of their file names.

    That is `output`, or the scene's own.

    A scene that writes a movie renders lossless files instead, of which the movie is made.
    """
    render = scene.render
    pattern = storable(leaf(render.filepath)) if output is None else output
    if render.is_movie_format:
        make_lossless(scene)
        pattern = MOVIE_ENDING.sub("", pattern)
        if pattern and "#" not in pattern:
            pattern += "_####"
    render.use_overwrite = True
    render.use_placeholder = False
    return pattern


def render_frame(scene: Any, frame: int, folder: Path, pattern: str) -> None:
    """Render one frame into a folder. Raises RuntimeError with Blender's own words."""
    scene.render.filepath = os.path.join(plain(str(folder)), pattern)  # noqa: PTH118 - may be ""
    aim_nodes(scene, str(folder))
    if frame < 0:
        _render_below_zero(scene, frame)
        return
    scene.frame_start = frame
    scene.frame_end = frame
    if (scene.frame_start, scene.frame_end) != (frame, frame):
        raise RuntimeError(f"this Blender has no frame {frame}")
    bpy.ops.render.render(animation=True, scene=scene.name)


def _render_below_zero(scene: Any, frame: int) -> None:
    """Render a frame that no range of Blender's has: as a still, named as an animation's frame."""
    scene.frame_set(frame)
    if scene.frame_current != frame:
        raise RuntimeError(f"this Blender has no frame {frame}")
    scene.render.filepath = plain(scene.render.frame_path(frame=frame))
    bpy.ops.render.render(write_still=True, scene=scene.name)


def _show(scene: Any) -> None:
    """Make a scene the active one: of another one a still shows whichever frame it was saved at."""
    if bpy.context.window is not None:
        bpy.context.window.scene = scene


def _is_open(blend: Path) -> bool:
    """Blender also complains of a file that it has opened, for instance of a broken library."""
    return bool(bpy.data.filepath) and blend.samefile(bpy.data.filepath)


def _facts(scene: Any) -> dict[str, Any]:
    render = scene.render
    camera = scene.camera or next((o for o in scene.objects if o.type == "CAMERA"), None)
    return {
        "name": scene.name,
        "frame_start": scene.frame_start,
        "frame_end": scene.frame_end,
        "frame_step": scene.frame_step,
        "engine": render.engine,
        "width": render.resolution_x,
        "height": render.resolution_y,
        "percentage": render.resolution_percentage,
        "file_format": render.image_settings.file_format,
        "movie": render.is_movie_format,
        "camera": camera.name if camera else None,
        "sequencer": _uses_sequencer(scene),
        "output": render.filepath,
    }


def _uses_sequencer(scene: Any) -> bool:
    editor = scene.sequence_editor
    if not scene.render.use_sequencer or editor is None:
        return False
    # 4.4 renamed them.
    strips: Any = editor.strips if hasattr(editor, "strips") else editor.sequences
    return any(strip.type != "SOUND" and not strip.mute for strip in strips)


def _check(scene: Any, facts: dict[str, Any]) -> None:
    """Raise RunFailure for what would fail each frame; Blender asks the same before it renders."""
    if not facts["file_format"]:
        raise RunFailure("format-unknown", scene=scene.name, blender=bpy.app.version_string)
    if facts["sequencer"]:
        return
    if not any(layer.use for layer in scene.view_layers):
        raise RunFailure("nothing-to-render", scene=scene.name, detail="no view layer is on")
    # Compositing nodes can make a picture out of files, or of another scene with its own camera.
    if facts["camera"] is None and compositing(scene) is None:
        raise RunFailure("no-camera", scene=scene.name)


def _missing() -> list[str]:
    """Name the external files that are not there, as they are written in the file."""
    written = bpy.utils.blend_paths(absolute=False, packed=False, local=False)
    absolute = bpy.utils.blend_paths(absolute=True, packed=False, local=False)
    found = {
        name[2:] if name.startswith("//") else name
        for name, path in zip(written, absolute)  # noqa: B905 - `strict` is Python 3.10
        if path and not _is_blenders(path) and not _exists(path)
    }
    return [name[:_PATH_AT_MOST] for name in sorted(found)][:_MISSING_AT_MOST]


def _is_blenders(path: str) -> bool:
    """Whether it is one of Blender's own brushes, which are among a file's paths since 4.3.

    Written relative to where the .blend was, it leads nowhere from here, but Blender has its own.
    """
    own = bpy.utils.resource_path("LOCAL")
    inside = path.replace("\\", "/").partition("/datafiles/")[2]
    return path.startswith(own) or bool(inside and os.path.exists(f"{own}/datafiles/{inside}"))  # noqa: PTH110


def _exists(path: str) -> bool:
    if os.path.lexists(path):
        return True
    if "<UDIM>" not in path and "<UVTILE>" not in path:
        return False
    tiles = glob.escape(path).replace("<UDIM>", "[0-9][0-9][0-9][0-9]")
    return bool(glob.glob(tiles.replace("<UVTILE>", "u*_v*")))  # noqa: PTH207 - it is absolute
