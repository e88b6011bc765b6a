"""What a .blend's facts say about rendering it: what ends the job at once, what is worth a note."""

from __future__ import annotations

from collections.abc import Sequence

from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.file_kinds import by_kind, is_absolute
from blendtui.farm.frames import FIRST_FRAME, LAST_FRAME, MOST_FRAMES
from blendtui.farm.project import BlendFacts, SceneFacts
from blendtui.intake.unbaked import ONE_DEVICE, note, refusal

_NAMED = 10
"""So many missing files are named, the others counted."""


def is_own(engine: str) -> bool:
    """Whether a render engine is one that Blender brings, in any version; so is one without name.

    `EEVEE` and `WORKBENCH` are what job.toml may call them.
    """
    return engine in ("", "CYCLES", "EEVEE", "WORKBENCH") or engine.startswith("BLENDER_")


def frames_of(scene: SceneFacts) -> range:
    """Give the frames of a scene's own range, none where it runs backwards.

    Blender takes no frame outside its bounds; a file that claims one is held to them.
    """
    first = max(scene.frame_start, FIRST_FRAME)
    last = min(scene.frame_end, LAST_FRAME)
    return range(first, last + 1, max(scene.frame_step, 1))


def problem_of(
    facts: BlendFacts,
    scene: str | None,
    frames: Sequence[int] | None,
    unbaked: str = ONE_DEVICE,
) -> Fault | None:
    """Say why rendering cannot work: the `scene` named, or the active one; the `frames` named.

    `unbaked` is what job.toml says of simulations. None where nothing speaks against it: the
    devices' Blender has the last word.
    """
    found = facts.scene(scene)
    if found is None:
        known = ", ".join(one.name for one in facts.scenes)
        return Fault.of(
            FaultKind.SCENE_UNKNOWN, scene=facts.active if scene is None else scene, scenes=known
        )
    if not found.file_format:
        return Fault.of(FaultKind.FORMAT_UNKNOWN, scene=found.name)
    if found.camera is None and not found.sequencer:
        return Fault.of(FaultKind.NO_CAMERA, scene=found.name)
    return refusal(found, unbaked) or _nothing(found, frames)


def _nothing(scene: SceneFacts, frames: Sequence[int] | None) -> Fault | None:
    width, height = scene.width * scene.percentage // 100, scene.height * scene.percentage // 100
    if width < 1 or height < 1:
        detail = f"the picture of scene “{scene.name}” is {width} by {height} pixels"
        return Fault.of(FaultKind.NOTHING_TO_RENDER, detail=detail)
    asked = frames_of(scene) if frames is None else frames
    if not asked:
        detail = (
            f"the frames of scene “{scene.name}” begin with {scene.frame_start} "
            f"and end with {scene.frame_end}"
        )
        return Fault.of(FaultKind.NOTHING_TO_RENDER, detail=detail)
    if len(asked) > MOST_FRAMES:
        return Fault.of(FaultKind.FRAMES_TOO_MANY, count=len(asked), limit=MOST_FRAMES)
    return None


def notes_of(
    facts: BlendFacts, scene: str | None = None, unbaked: str = ONE_DEVICE
) -> tuple[Fault, ...]:
    """Give what the user should know about a job that is rendered all the same."""
    absolute = [path for path in facts.missing if is_absolute(path)]
    relative = [path for path in facts.missing if not is_absolute(path)]
    notes = [
        Fault.of(kind, count=len(paths), files=by_kind(paths, _NAMED))
        for kind, paths in (
            (FaultKind.FILES_MISSING, relative),
            (FaultKind.FILES_ABSOLUTE, absolute),
        )
        if paths
    ]
    if facts.strange:
        notes.append(Fault.of(FaultKind.NODES_STRANGE, nodes=", ".join(facts.strange[:_NAMED])))
    found = facts.scene(scene)
    if found is None:
        return tuple(notes)
    if not is_own(found.engine):
        notes.append(Fault.of(FaultKind.ENGINE_STRANGE, scene=found.name, engine=found.engine))
    simulations = note(found, unbaked)
    if simulations is not None:
        notes.append(simulations)
    return tuple(notes)
