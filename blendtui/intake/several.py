"""A drop of several scenes: which they are, and what the job.toml of each one's own drop says."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import BlendFacts
from blendtui.intake.checks import problem_of
from blendtui.intake.jobfile import JobFile


@dataclass(frozen=True, slots=True)
class Part:
    """One scene of a drop, and its job.toml."""

    scene: str
    job: dict[str, object]


def scenes_of(jobfile: JobFile, facts: BlendFacts) -> tuple[str, ...]:
    """Name the scenes that are to be rendered, where job.toml asks for several; else nothing.

    "all" are those that can be rendered; of a file that has none, there is nothing.

    Raises:
        Failure: SCENE_UNKNOWN.
    """
    if jobfile.scenes == "all":
        found = (one.name for one in facts.scenes)
        return tuple(name for name in found if _can_be(alone(jobfile, name), facts))
    names = dict.fromkeys(jobfile.scenes)
    for name in names:
        if facts.scene(name) is None:
            known = ", ".join(one.name for one in facts.scenes)
            raise Failure.of(FaultKind.SCENE_UNKNOWN, scene=name, scenes=known)
    return tuple(names)


def _can_be(jobfile: JobFile, facts: BlendFacts) -> bool:
    found = problem_of(
        jobfile.applied(facts), jobfile.scene, jobfile.named_frames(), jobfile.unbaked
    )
    return found is None


def parts(jobfile: JobFile, blend: str, scenes: tuple[str, ...]) -> list[Part]:
    """Give the part of each scene; `blend` is the path in the zip."""
    return [Part(scene, alone(jobfile, scene).as_data() | {"blend": blend}) for scene in scenes]


def alone(jobfile: JobFile, scene: str) -> JobFile:
    """Give what job.toml says of one scene."""
    return msgspec.structs.replace(jobfile, scene=scene, scenes=())
