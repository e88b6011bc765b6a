"""`blendtui submit`: from a .blend on somebody's disk to a drop in the share, in one step."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import Fault, FaultKind
from blendtui.intake.checks import notes_of, problem_of
from blendtui.intake.jobfile import read_jobfile
from blendtui.intake.several import Part, alone, parts, scenes_of
from blendtui.sending import rewrite
from blendtui.share import Share, files
from blendtui.submit import packing, repack

__all__ = ["Drop", "Plan", "check", "drop"]


_NAMED = 10
"""So many missing files are named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What packing a file would give: files and bytes in it, and the files that it lacks.

    `outside` and `kept_back` are as in `packing.Packed`.
    `parts` are the scenes that are drops of their own, where there are several.
    """

    files: int
    size: int
    missing: tuple[str, ...]
    notes: tuple[Fault, ...]
    parts: tuple[Part, ...] = ()
    outside: tuple[str, ...] = ()
    kept_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """A drop that was put in the share: `stamp` (bytes, time of change in ns) tells it again."""

    path: Path
    stamp: tuple[int, int]
    plan: Plan

    @property
    def name(self) -> str:
        """The job's name, unless somebody else takes it in this very moment."""
        return self.path.stem


def drop(
    source: Path,
    share: Share,
    wishes: dict[str, Any],
    *,
    name: str = "",
    known: Collection[str] = (),
    strict: bool = False,
    told: Callable[[Plan], None] = lambda _: None,
) -> list[Drop]:
    """Pack a .blend, or copy a .zip, and put it in the share under a name that is free.

    Several scenes of a .blend are a drop each; those of a zip are divided when it is taken.

    `wishes` are for job.toml; `known` the names of jobs that there are or were. It is written
    under a hidden name and appears whole: nobody takes half of it. Of several scenes all appear,
    or none where one can't be written. With `strict`, a missing file speaks against it. Before
    anything appears, `told` hears what it will be.

    Raises:
        Failure: what speaks against rendering it, or against reading or writing it.
    """
    share.check()
    with _hidden(share.path) as hidden:
        plan = _make(source, hidden, wishes)
        if strict and plan.missing:
            named = ", ".join(plan.missing[:_NAMED])
            raise Failure.of(FaultKind.FILES_MISSING, count=len(plan.missing), files=named)
        told(plan)
        stem = name or source.stem
        if not plan.parts:
            return [_put(share, hidden, stem, known, plan)]
        return _put_parts(share, hidden, stem, known, plan)


def _put_parts(
    share: Share, hidden: Path, stem: str, known: Collection[str], plan: Plan
) -> list[Drop]:
    """Put a drop for each scene; written beforehand, so that an engine finds none to take back."""
    drops: list[Drop] = []
    with contextlib.ExitStack() as hiding, contextlib.ExitStack() as taking_back:
        ready = [hiding.enter_context(_hidden(share.path)) for _ in plan.parts]
        for part, own in zip(plan.parts, ready, strict=True):
            rewrite(hidden, own, part.job)
        for part, own in zip(plan.parts, ready, strict=True):
            drops.append(_put(share, own, f"{stem}-{part.scene}", known, plan))
            taking_back.callback(_remove, drops[-1].path)
        taking_back.pop_all()
    return drops


def _put(share: Share, hidden: Path, stem: str, known: Collection[str], plan: Plan) -> Drop:
    found = hidden.stat()  # a rename keeps both, and afterwards it may be taken at once
    path = share.put(hidden, stem, ".zip", known)
    return Drop(path, (found.st_size, found.st_mtime_ns), plan)


def check(source: Path, wishes: dict[str, Any]) -> Plan:
    """Say what `drop` would do, without a share; raises as it does."""
    with tempfile.TemporaryDirectory(prefix="blendtui-") as folder:
        return _make(source, Path(folder) / "checked.zip", wishes)


@contextlib.contextmanager
def _hidden(share: Path) -> Iterator[Path]:
    """Give a hidden name in the share; what is still there afterwards was not finished."""
    path = files.temporary(share)
    try:
        yield path
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _make(source: Path, target: Path, wishes: dict[str, Any]) -> Plan:
    suffix = source.suffix.lower()
    if suffix not in (".blend", ".zip"):
        raise Failure.of(FaultKind.SUBMIT_KIND, path=source)
    try:
        with source.open("rb"):
            pass
    except OSError as error:
        raise Failure.of(
            FaultKind.SOURCE_UNREADABLE, path=source, reason=reason_of(error)
        ) from error
    if suffix == ".zip":
        count, size = repack.copy(source, target, wishes)
        return Plan(count, size, (), ())
    packed = packing.pack(Path(os.path.abspath(source)), target, wishes)  # noqa: PTH100 - no links
    jobfile = read_jobfile(tomli_w.dumps(wishes).encode("utf-8", "replace"))
    scenes = scenes_of(jobfile, packed.facts)
    divided = parts(jobfile, packed.blend, scenes) if len(scenes) > 1 else []
    jobfile = alone(jobfile, scenes[0]) if scenes else jobfile
    facts, scene = jobfile.applied(packed.facts), jobfile.scene
    problem = problem_of(facts, scene, jobfile.named_frames(), jobfile.unbaked)
    if problem is not None:
        raise Failure(problem)
    notes = [
        one
        for one in notes_of(facts, scene, jobfile.unbaked)
        if one.kind not in (FaultKind.FILES_MISSING, FaultKind.FILES_ABSOLUTE)  # said with paths
    ]
    return Plan(
        packed.files,
        packed.size,
        packed.missing,
        tuple(notes),
        tuple(divided),
        packed.outside,
        packed.kept_back,
    )
