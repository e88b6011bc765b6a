"""A drop of several scenes: which they are, and what the job.toml of each one's own drop says."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.frames import MOST_FRAMES
from blendtui.farm.project import BlendFacts, Project
from blendtui.intake.checks import frames_of, problem_of
from blendtui.intake.jobfile import JobFile
from blendtui.settings import Limits
from blendtui.wording import size

MOST_JOBS = 500
"""Scenes of one drop that can be jobs of their own."""


@dataclass(frozen=True, slots=True)
class Part:
    """One scene of a drop, and its job.toml."""

    scene: str
    job: dict[str, object]


def scenes_of(jobfile: JobFile, facts: BlendFacts) -> tuple[str, ...]:
    """Name the scenes that are to be rendered, where job.toml asks for several; else nothing.

    "all" are those that can be rendered; of a file that has none, there is nothing.

    Raises:
        Failure: SCENE_UNKNOWN, SCENES_TOO_MANY.
    """
    if jobfile.scenes == "all":
        found = [one.name for one in facts.scenes]
        _check_count(len(found))
        named = jobfile.named_frames()
        return tuple(name for name in found if _can_be(alone(jobfile, name), facts, named))
    names = dict.fromkeys(jobfile.scenes)
    _check_count(len(names))
    for name in names:
        if facts.scene(name) is None:
            known = ", ".join(one.name for one in facts.scenes)
            raise Failure.of(FaultKind.SCENE_UNKNOWN, scene=name, scenes=known)
    return tuple(names)


def _check_count(count: int) -> None:
    if count > MOST_JOBS:
        raise _too_many(count, f"a drop can have {MOST_JOBS}")


def _too_many(count: int, problem: str) -> Failure:
    return Failure.of(FaultKind.SCENES_TOO_MANY, count=count, problem=problem)


def _can_be(jobfile: JobFile, facts: BlendFacts, named: tuple[int, ...] | None) -> bool:
    found = problem_of(jobfile.applied(facts), jobfile.scene, named, jobfile.unbaked)
    return found is None


def check_together(
    jobfile: JobFile, facts: BlendFacts, scenes: tuple[str, ...], project: Project, limits: Limits
) -> None:
    """Hold what all scenes of a drop come to against what a single job may come to.

    Each gets all of the project. Raises Failure: SCENES_TOO_MANY.
    """
    total = len(scenes) * sum(file.size for file in project.files)
    if total > limits.size:
        raise _too_many(
            len(scenes),
            f"with the project for each they come to {size(total)}, more than the limit of "
            f"{size(limits.size)} (`size` under [share.limits] in devices.toml)",
        )
    frames = _frames(jobfile, facts, scenes)
    if frames > MOST_FRAMES:
        raise _too_many(
            len(scenes),
            f"they have {frames:,} frames together, and a drop can have {MOST_FRAMES:,}",
        )


def _frames(jobfile: JobFile, facts: BlendFacts, scenes: tuple[str, ...]) -> int:
    named = jobfile.named_frames()
    if named is not None:
        return len(scenes) * len(named)
    found = [alone(jobfile, name).applied(facts).scene(name) for name in scenes]
    return sum(len(frames_of(one)) for one in found if one is not None)


def parts(jobfile: JobFile, blend: str, scenes: tuple[str, ...]) -> list[Part]:
    """Give the part of each scene; `blend` is the path in the zip."""
    return [Part(scene, alone(jobfile, scene).as_data() | {"blend": blend}) for scene in scenes]


def alone(jobfile: JobFile, scene: str) -> JobFile:
    """Give what job.toml says of one scene."""
    return msgspec.structs.replace(jobfile, scene=scene, scenes=())
