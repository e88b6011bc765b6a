"""From a settled drop in the share to a job: unpacked, read, moved, and told to the rules."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from blendtui.engine.office import Heard, Office
from blendtui.errors import Failure
from blendtui.farm.events import JobAdded
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.frames import parse_frames
from blendtui.farm.model import JobSpec
from blendtui.farm.project import BlendFacts
from blendtui.farm.state import Note, NoteKind
from blendtui.intake.archive import Unpacked, unpack
from blendtui.intake.checks import frames_of, notes_of, problem_of
from blendtui.intake.jobfile import JobFile
from blendtui.intake.scene import read_facts
from blendtui.intake.watch import DropWatch
from blendtui.journal import Journal
from blendtui.settings import ShareSettings
from blendtui.wording import explain, safe

log = logging.getLogger(__name__)

HOLD = 10.0
"""Seconds until a drop that could not be taken for our own reasons is tried again."""

_OURS = frozenset({FaultKind.SHARE_WRITE, FaultKind.SHARE_MISSING, FaultKind.ARCHIVE_WRITE})


class Arrivals:
    """Takes drops one after another. `is_idle` while none is there or on its way."""

    def __init__(
        self,
        office: Office,
        journal: Journal,
        settings: ShareSettings,
        knows: Callable[[str], bool],
    ) -> None:
        self._office = office
        self._journal = journal
        self._limits = settings.limits
        self._knows = knows
        self._watch = DropWatch(office.share.path, settings.settle, settings.patience)
        self._serial = itertools.count(1)
        self._busy = True

    @property
    def is_idle(self) -> bool:
        """Whether the share holds nothing that is still to be taken."""
        return not self._busy and self._watch.is_quiet

    async def keep(self) -> None:
        """Take what comes, until cancelled."""
        shutil.rmtree(self._office.places.incoming, ignore_errors=True)
        await self._resume()
        self._busy = False
        async for drop in self._watch.drops():
            self._busy = True
            await self._take(drop.path)
            self._busy = False

    async def _resume(self) -> None:
        """Go on with drops that were moved, and not yet told to the rules, when we were ended."""
        for job in await asyncio.to_thread(self._office.share.unreported):
            drop = self._office.share.taken(job)
            if drop is not None and not self._knows(job):
                await self._admit(drop, job)

    async def _take(self, drop: Path) -> None:
        while not await self._admit(drop):  # noqa: ASYNC110 - the share tells nobody of room
            await asyncio.sleep(HOLD)

    async def _admit(self, drop: Path, job: str | None = None) -> bool:
        """Make a job of a drop, or refuse it; False if it has to wait for our own reasons."""
        incoming = self._office.places.incoming / str(next(self._serial))
        try:
            before = _stamp(drop)
            try:
                await self._make_job(drop, job, incoming)
            except Failure as failure:
                if failure.fault.kind in _OURS:
                    self._tell(NoteKind.WARNING, failure.fault, drop.name)
                    return before is None
                if before is not None and before == _stamp(drop):
                    await self._reject(drop, failure.fault)
            return True
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    async def _make_job(self, drop: Path, job: str | None, incoming: Path) -> None:
        share, places = self._office.share, self._office.places
        unpacked = await asyncio.to_thread(unpack, drop, incoming, self._limits)
        facts = await asyncio.to_thread(read_facts, incoming, unpacked.project)
        jobfile = unpacked.jobfile
        named = parse_frames(jobfile.frames) if jobfile.frames is not None else None
        fault = problem_of(facts, jobfile.scene, named)
        frames = () if fault else named or _own_frames(jobfile, facts)
        if job is None:
            job = await asyncio.to_thread(share.reserve, drop.stem, self._knows)
            await asyncio.to_thread(share.take, drop, job)
        place = places.project(job)
        await asyncio.to_thread(_move_folder, incoming, place)
        self._journal.add_project(job, unpacked.project, facts)
        warnings = notes_of(facts, jobfile.scene)
        spec = _spec(job, unpacked, frames)
        log.info("%s taken as job %s, %d frames", drop, job, len(frames))
        applied = asyncio.Event()
        self._office.tell(Heard(JobAdded(spec, warnings, fault), after=applied.set))
        await applied.wait()

    async def _reject(self, drop: Path, fault: Fault) -> None:
        log.info("%s refused: %s", drop, fault)
        with contextlib.suppress(Failure):
            await asyncio.to_thread(self._office.share.reject, drop, str(explain(fault)))
        self._tell(NoteKind.REJECTED, fault, drop.name)

    def _tell(self, kind: NoteKind, fault: Fault, name: str) -> None:
        self._office.tell(Heard(Note(kind, fault=fault, detail=safe(name))))


def _move_folder(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns)


def _own_frames(jobfile: JobFile, facts: BlendFacts) -> tuple[int, ...]:
    scene = facts.scene(jobfile.scene)
    return frames_of(scene) if scene else ()


def _spec(job: str, unpacked: Unpacked, frames: tuple[int, ...]) -> JobSpec:
    jobfile = unpacked.jobfile
    return JobSpec(
        job,
        unpacked.project.blend,
        frames,
        scene=jobfile.scene,
        priority=jobfile.priority,
        tags=frozenset(jobfile.tags),
        allow_scripts=jobfile.allow_scripts,
    )
