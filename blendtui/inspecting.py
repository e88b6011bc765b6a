"""`blendtui inspect`: what a project would be as a job, told before it is dropped."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.file_kinds import kind_of
from blendtui.farm.frames import format_frames
from blendtui.farm.project import BlendFacts, SceneFacts
from blendtui.intake.archive import Unpacked, blends_of, unpack
from blendtui.intake.checks import frames_of, notes_of, problem_of
from blendtui.intake.choose import is_blend, listed
from blendtui.intake.jobfile import JobFile
from blendtui.intake.scene import read_facts
from blendtui.intake.several import alone, check_together, scenes_of
from blendtui.settings import Limits
from blendtui.wording import explain, safe, size

_UNDECIDED = (
    FaultKind.BLEND_SEVERAL,
    FaultKind.BLEND_NAMED_MISSING,
    FaultKind.BLEND_CHOSEN_MISSING,
)
_UNDIVIDED = (FaultKind.SCENE_UNKNOWN, FaultKind.SCENES_TOO_MANY)


@dataclass(frozen=True, slots=True)
class Inspection:
    """A project that was looked at; `problem` is why it would be refused, or end at once.

    `unpacked` and `facts` are None as far as it could not be read. `blends`
    are its .blend files, of which one is rendered.
    """

    drop: Path
    unpacked: Unpacked | None = None
    facts: BlendFacts | None = None
    problem: Fault | None = None
    blends: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether it would not even be a job."""
        scenes = self.unpacked.jobfile.scenes if self.unpacked is not None else ()
        kind = self.problem.kind if self.problem is not None else None
        return self.facts is None or (bool(scenes) and kind in _UNDIVIDED)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What does not keep it from being rendered."""
        if self.unpacked is None or self.facts is None or self.is_refused:
            return ()
        notes = (
            note
            for one in _jobs(self.unpacked.jobfile, self.facts)
            for note in notes_of(one.applied(self.facts), one.scene, one.unbaked)
        )
        return tuple(dict.fromkeys(notes))

    def as_data(self) -> dict[str, Any]:
        """Give it as plain data for --json."""
        data: dict[str, Any] = {
            "name": self.drop.name,
            "refused": self.is_refused,
            "problem": _said(self.problem) if self.problem else None,
            "warnings": [_said(fault) for fault in self.warnings],
            "blends": list(self.blends),
        }
        if self.unpacked is not None:
            data["blend"] = self.unpacked.project.blend
            data["files"] = len(self.unpacked.project.files)
            data["bytes"] = sum(file.size for file in self.unpacked.project.files)
            data["job"] = _jobfile(self.unpacked)
        if self.facts is not None:
            data["blender"] = ".".join(map(str, self.facts.version))
            data["scenes"] = [_scene(scene, self.facts) for scene in self.facts.scenes]
            data["uses"] = len(self.facts.external)
            data["missing"] = list(self.facts.missing)
        return data


def inspect(drop: Path, limits: Limits, work: Path, blend: str | None = None) -> Inspection:
    """Look at a project as if it was dropped; it stays as it is, and `work` is left empty.

    `blend` is the one of its .blend files to look at; else it is the one that would be rendered.
    """
    with tempfile.TemporaryDirectory(dir=work) as folder:
        into = Path(folder) / "project"
        unpacked = facts = None
        blends: tuple[str, ...] = ()
        # What stands behind a link is what would be copied into the share.
        source = drop.resolve() if drop.is_symlink() else drop
        try:
            unpacked = unpack(source, into, limits, blend)
            blends = tuple(sorted(one.path for one in unpacked.project.files if is_blend(one.path)))
            facts = read_facts(into, unpacked.project, ratio=limits.ratio)
            jobs = _jobs(unpacked.jobfile, facts)
            if len(jobs) > 1:
                scenes = tuple(str(one.scene) for one in jobs)
                check_together(unpacked.jobfile, facts, scenes, unpacked.project, limits)
        except Failure as failure:
            if failure.fault.kind in _UNDECIDED:
                blends = _blends(source, limits)
            return Inspection(drop, unpacked, facts, failure.fault, blends)
    problems = (
        problem_of(one.applied(facts), one.scene, one.named_frames(), one.unbaked) for one in jobs
    )
    problem = next((found for found in problems if found is not None), None)
    return Inspection(drop, unpacked, facts, problem, blends)


def _jobs(jobfile: JobFile, facts: BlendFacts) -> list[JobFile]:
    """Give what job.toml says of each job that it makes: one, or one for each of its scenes.

    Raises:
        Failure: SCENE_UNKNOWN, SCENES_TOO_MANY.
    """
    return [alone(jobfile, scene) for scene in scenes_of(jobfile, facts)] or [jobfile]


def _blends(drop: Path, limits: Limits) -> tuple[str, ...]:
    if is_blend(drop.name):
        return (drop.name,)
    try:
        return blends_of(drop, limits)
    except Failure:  # it was changed meanwhile: why it is refused was said already
        return ()


def _said(fault: Fault) -> dict[str, str]:
    words = explain(fault)
    return {"kind": str(fault.kind), "what": words.what, "cure": words.cure}


def _jobfile(unpacked: Unpacked) -> dict[str, Any]:
    jobfile = unpacked.jobfile
    return {
        "frames": jobfile.frames,
        "scene": jobfile.scene,
        "priority": jobfile.priority,
        "tags": list(jobfile.tags),
        "blender": jobfile.blender,
        "allow_scripts": jobfile.allow_scripts,
        **{name: value for name, value in jobfile.as_data().items() if name != "blend"},
    }


def _scene(scene: SceneFacts, facts: BlendFacts) -> dict[str, Any]:
    frames = frames_of(scene)
    own = asdict(scene)
    return {
        "name": scene.name,
        "active": scene.name == facts.active,
        "frames": format_frames(frames),
        "count": len(frames),
        **{key: own[key] for key in ("width", "height", "percentage", "engine", "file_format")},
        "camera": scene.camera,
        "sequencer": scene.sequencer,
        "unbaked": list(scene.unbaked),
    }


def text(found: Inspection) -> str:
    """Lay it out for a person."""
    lines = []
    if found.unpacked is not None:
        files = found.unpacked.project.files
        total = size(sum(file.size for file in files))
        count = "1 file" if len(files) == 1 else f"{len(files)} files"
        lines.append(f"{safe(found.drop.name)}: {count}, {total}")
        lines.append(f"  renders  {safe(found.unpacked.project.blend)}")
        others = [path for path in found.blends if path != found.unpacked.project.blend]
        lines += [f"  not      {safe(listed(others))}"] if others else []
    if found.facts is not None:
        lines.append(f"  made by  Blender {'.'.join(map(str, found.facts.version))}")
        lines += [f"  scene    {scene_line(one)}" for one in found.as_data()["scenes"]]
        lines += [f"  missing  {kind_of(path)}: {safe(path)}" for path in found.facts.missing]
    for fault in (*found.warnings, *([found.problem] if found.problem else [])):
        words = explain(fault)
        lines += ["", words.what, f"  {words.cure}"]
    return "\n".join(lines).strip()


def scene_line(scene: dict[str, Any]) -> str:
    """Tell of a scene in one line."""
    width, height = (scene[side] * scene["percentage"] // 100 for side in ("width", "height"))
    count = "1 frame" if scene["count"] == 1 else f"{scene['count']} frames"
    said = [f"{count} ({scene['frames']})" if scene["count"] else "no frames"]
    said += [f"{width} x {height}", safe(scene["engine"]), scene["file_format"] or "format unknown"]
    if scene["camera"] is None and not scene["sequencer"]:
        said.append("no camera")
    mark = " (active)" if scene["active"] else ""
    return f"{safe(scene['name'])}{mark}: {', '.join(said)}"
