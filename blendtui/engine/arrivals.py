"""From a settled drop in the share to a job: unpacked, read, moved, and told to the rules."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from blendtui.engine.office import Heard, Office
from blendtui.errors import Failure, reason_of, unexpected
from blendtui.farm.events import JobAdded
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import JobSpec
from blendtui.farm.project import BlendFacts
from blendtui.farm.state import Note, NoteKind
from blendtui.intake.archive import Unpacked, unpack
from blendtui.intake.checks import frames_of, notes_of, problem_of
from blendtui.intake.jobfile import JobFile
from blendtui.intake.room import check_room
from blendtui.intake.scene import read_facts
from blendtui.intake.several import alone, check_together, parts, scenes_of
from blendtui.intake.unbaked import goes_in_order
from blendtui.intake.watch import DropWatch
from blendtui.sending import rewrite
from blendtui.settings import ShareSettings
from blendtui.share import divided
from blendtui.store.journal import Journal
from blendtui.wording import explain, safe

log = logging.getLogger(__name__)

HOLD = 10.0
"""Seconds until a drop that could not be taken for our own reasons is tried again."""

LEISURE = 10.0
"""So many times as long as a try took, at least, until the next one: it may take many minutes."""

LOOK = 0.5
"""Seconds between two looks whether a drop is to be tried again."""

SWEEP_EVERY = 600.0
"""Seconds between two looks for what senders left in the share when they were killed."""

_OURS = frozenset(
    {
        FaultKind.SHARE_WRITE,
        FaultKind.SHARE_MISSING,
        FaultKind.ARCHIVE_WRITE,
        FaultKind.DISK_NO_ROOM,
        FaultKind.STATE_UNWRITABLE,
    }
)


@dataclass(slots=True, eq=False)
class _Arrival:
    """A drop on its way to be a job: where it is now, and its job once it was moved there.

    `said` is what it had to wait for when that was told last, `due` when it is tried again (by
    the monotonic clock; None before the first try), `seen` what it looked like at the last try.
    """

    path: Path
    job: str | None = None
    said: Fault | None = None
    due: float | None = None
    seen: tuple[int, int] | None = None


class Arrivals:
    """Takes drops one after another. `is_idle` while none is there or on its way.

    One that has to wait for reasons of ours is put aside, so that the others go on.
    """

    def __init__(
        self, office: Office, journal: Journal, settings: ShareSettings, jobs: Collection[str]
    ) -> None:
        self._office = office
        self._journal = journal
        self._limits = settings.limits
        self._jobs = jobs
        self._watch = DropWatch(office.share.path, settings.settle, settings.patience)
        self._serial = itertools.count(1)
        self._turn = asyncio.Lock()
        self._aside: list[_Arrival] = []
        self._under_way = 1  # what an earlier engine had begun

    def change(self, settings: ShareSettings) -> None:
        """Use other limits and times from the next drop on; the share itself stays."""
        self._limits = settings.limits
        self._watch.change(settings.settle, settings.patience)

    @property
    def is_idle(self) -> bool:
        """Whether the share holds nothing that is still to be taken."""
        return not self._under_way and not self._aside and self._watch.is_quiet

    async def keep(self) -> None:
        """Take what comes, until cancelled."""
        with contextlib.suppress(Failure):  # no room for the folder itself
            shutil.rmtree(self._office.places.incoming, ignore_errors=True)
        await self._resume()
        self._under_way -= 1
        async with asyncio.TaskGroup() as group:
            group.create_task(self._try_again(), name="drops put aside")
            async for drop in self._watch.drops():
                await self._take(_Arrival(drop.path))

    async def keep_swept(self) -> None:
        """Remove what senders left in the share when they were killed, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._office.share.remove_strays)
            except Failure as failure:
                log.debug("the share cannot be swept: %s", failure.fault)
            await asyncio.sleep(SWEEP_EVERY)

    async def _resume(self) -> None:
        """Go on with drops that were moved, and not yet told to the rules, when we were ended."""
        share = self._office.share
        for job in await asyncio.to_thread(share.unfinished, frozenset(self._jobs)):
            drop = await asyncio.to_thread(share.taken, job)
            if drop is not None:
                await self._take(_Arrival(drop, job))

    async def _try_again(self) -> None:
        """Take what was put aside when it is due, until cancelled: nobody tells us of room."""
        while True:
            await asyncio.sleep(LOOK)
            for arrival in tuple(self._aside):
                if arrival.due is not None and arrival.due <= time.monotonic():
                    await self._take(arrival)

    async def _take(self, arrival: _Arrival) -> None:
        """Take a drop when it is its turn, or put it aside."""
        self._under_way += 1
        try:
            async with self._turn:
                if self._was_replaced(arrival):
                    return
                self._aside = [one for one in self._aside if one.path != arrival.path]
                begun = time.monotonic()
                if not await self._admit(arrival):
                    ended = time.monotonic()
                    arrival.due = ended + max(HOLD, LEISURE * (ended - begun))
                    self._aside.append(arrival)
        finally:
            self._under_way -= 1

    def _was_replaced(self, arrival: _Arrival) -> bool:
        """Whether a drop that was put aside is another one's now, or may still be written.

        The watch gives a file that was put in its place once it has settled.
        """
        if arrival.due is None or arrival.job is not None:
            return False
        if arrival not in self._aside:
            return True
        return arrival.seen is not None and _stamp(arrival.path) not in (None, arrival.seen)

    async def _admit(self, arrival: _Arrival) -> bool:
        """Make a job of a drop, or refuse it; False if it has to wait for our own reasons."""
        arrival.seen = before = _stamp(arrival.path)
        try:
            fault = await self._try(arrival, before)
            if fault is not None and before is not None and before == _stamp(arrival.path):
                await self._reject(arrival.path, fault)
        except Failure as failure:
            if failure.fault != arrival.said:
                self._tell(NoteKind.WARNING, failure.fault, arrival.path.name)
            arrival.said = failure.fault
            return before is None and failure.fault.kind is not FaultKind.SHARE_MISSING
        return True

    async def _try(self, arrival: _Arrival, before: tuple[int, int] | None) -> Fault | None:
        """Make a job of a drop; gives what is wrong with the drop itself.

        Raises:
            Failure: it has to wait for reasons of ours.
        """
        incoming = self._office.places.incoming / str(next(self._serial))
        try:
            await self._make_job(arrival, before, incoming)
        except Failure as failure:
            if failure.fault.kind in _OURS:
                raise
            return failure.fault
        except Exception as error:  # one strange file must not end the farm, and each new start
            log.exception("%s cannot be read", arrival.path)
            return unexpected(error)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return None

    async def _make_job(
        self, arrival: _Arrival, before: tuple[int, int] | None, incoming: Path
    ) -> None:
        share, places = self._office.share, self._office.places
        unpacked = await asyncio.to_thread(unpack, arrival.path, incoming, self._limits)
        ratio = self._limits.ratio
        facts = await asyncio.to_thread(read_facts, incoming, unpacked.project, ratio=ratio)
        jobfile = unpacked.jobfile
        scenes = await asyncio.to_thread(scenes_of, jobfile, facts)
        if len(scenes) > 1:
            check_together(jobfile, facts, scenes, unpacked.project, self._limits)
            if _stamp(arrival.path) == before:
                await asyncio.to_thread(self._divide, arrival.path, unpacked, scenes)
                self._watch.look_again()
            return
        if scenes:
            jobfile = alone(jobfile, scenes[0])
        rendered = jobfile.applied(facts)
        named = jobfile.named_frames()
        fault = problem_of(rendered, jobfile.scene, named, jobfile.unbaked)
        frames = () if fault else named or _own_frames(jobfile, rendered)
        if _stamp(arrival.path) != before:
            return  # another one of the same name was put over it: that one settles first
        if arrival.job is None:
            known = frozenset(self._jobs)
            arrival.path = await asyncio.to_thread(share.take, arrival.path, known)
            arrival.job = arrival.path.parent.name
            log.info("%s taken as a job, %d frames", arrival.path, len(frames))
        job = arrival.job
        await asyncio.to_thread(_move_folder, incoming, places.project(job))
        self._journal.add_project(job, unpacked.project, facts)
        scene = rendered.scene(jobfile.scene)
        warnings = notes_of(rendered, jobfile.scene, jobfile.unbaked)
        spec = replace(
            _spec(job, unpacked.project.blend, jobfile, frames),
            written_by=_version(facts),
            in_order=goes_in_order(scene, jobfile.unbaked),
            engine=scene.engine if scene else "",
        )
        applied = asyncio.Event()
        self._office.tell(Heard(JobAdded(spec, warnings, fault), after=applied.set))
        await applied.wait()

    def _divide(self, drop: Path, unpacked: Unpacked, scenes: tuple[str, ...]) -> None:
        """Put a drop for each scene in the place of one for all.

        Killed in between, all of it is done again: a scene is rather rendered twice than never.

        Raises:
            Failure: DISK_NO_ROOM or DISK_TOO_SMALL, SHARE_WRITE, PROJECT_UNREADABLE.
        """
        share, made, stamp = self._office.share, list[Path](), _stamp(drop)
        _check_room(share.path, drop, len(scenes))
        try:
            for part in parts(unpacked.jobfile, unpacked.project.blend, scenes):
                hidden, stem = share.hidden(), f"{drop.stem}-{part.scene}"
                try:
                    rewrite(drop, hidden, part.job)
                    made.append(share.put(hidden, stem, divided.SUFFIX, frozenset(self._jobs)))
                finally:
                    hidden.unlink(missing_ok=True)
                if stamp is not None:
                    divided.mark(made[-1], stamp[1], len(made))
        except Failure:
            for path in made:
                path.unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError):
            drop.unlink(missing_ok=True)
        log.info("%s divided into %s", drop, ", ".join(path.name for path in made))
        self._tell(NoteKind.DIVIDED, None, drop.name)

    async def _reject(self, drop: Path, fault: Fault) -> None:
        await asyncio.to_thread(self._office.share.reject, drop, str(explain(fault)))
        log.info("%s refused: %s", drop, fault)
        self._tell(NoteKind.REJECTED, fault, drop.name)

    def _tell(self, kind: NoteKind, fault: Fault | None, name: str) -> None:
        self._office.tell(Heard(Note(kind, fault=fault, detail=safe(name))))


def _move_folder(source: Path, target: Path) -> None:
    """Move an unpacked project.

    Raises:
        Failure: ARCHIVE_WRITE.
    """
    shutil.rmtree(target, ignore_errors=True)
    try:
        source.rename(target)
    except OSError as error:
        raise Failure.of(
            FaultKind.ARCHIVE_WRITE, name=target.name, path=target, reason=reason_of(error)
        ) from error


def _check_room(share: Path, drop: Path, count: int) -> None:
    """Hold that the share has room for so many copies of a drop, before the first one is made."""
    try:
        needed = count * drop.stat().st_size
        check_room(share, f"{drop.name}, once for each of its {count} scenes,", needed)
    except OSError as error:
        reason = reason_of(error)
        raise Failure.of(FaultKind.SHARE_WRITE, path=share, reason=reason) from error


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns)


def _own_frames(jobfile: JobFile, facts: BlendFacts) -> tuple[int, ...]:
    scene = facts.scene(jobfile.scene)
    return tuple(frames_of(scene)) if scene else ()


def _version(facts: BlendFacts) -> str:
    return ".".join(map(str, facts.version))


def _spec(job: str, blend: str, jobfile: JobFile, frames: tuple[int, ...]) -> JobSpec:
    return JobSpec(
        job,
        blend,
        frames,
        scene=jobfile.scene,
        priority=jobfile.priority,
        tags=frozenset(jobfile.tags),
        blender=jobfile.blender,
        allow_scripts=jobfile.allow_scripts,
        devices=frozenset(jobfile.devices),
        overrides=jobfile.overrides,
        split=jobfile.split,
        step=jobfile.step,
    )
