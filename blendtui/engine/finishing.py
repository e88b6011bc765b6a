"""What is made of an ended job: contact sheet, movie, and the last report."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blendtui.engine import makers
from blendtui.engine.material import Material, gather
from blendtui.engine.movie_name import movie_name
from blendtui.engine.office import Heard, Office
from blendtui.engine.reports import Reports
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.frames import format_frames
from blendtui.farm.model import FrameState, Job
from blendtui.farm.movies import MovieAsked, chosen, span_of, step_of, wants_movie
from blendtui.farm.state import Farm, Note, NoteKind
from blendtui.output import plan
from blendtui.output.tasks import Broken, Movie, MovieMade, Sheet, SheetMade, Sound
from blendtui.share import SHEET
from blendtui.store.database import translated
from blendtui.store.journal import Journal
from blendtui.store.movie_rows import MovieRow, MovieState, Wish
from blendtui.store.views import Views

log = logging.getLogger(__name__)

SHOWN = 60
"""Characters of a list of missing frames."""

LOOK = 0.5
"""Seconds between two looks whether a job goes on while its movie is encoded."""


class Finishing:
    """Finishes jobs; one movie and one sheet at a time, each in a process of its own."""

    def __init__(self, office: Office, journal: Journal, farm: Farm, reports: Reports) -> None:
        self._office = office
        self._journal = journal
        self._farm = farm
        self._reports = reports
        self._sheets = asyncio.Semaphore(1)
        self._movies = asyncio.Semaphore(1)
        self._wishes: dict[str, int] = {}

    def wish(self, job: str) -> None:
        """Keep that a user wants a movie, of the frames that there are if there are not all.

        Raises:
            Failure: STATE_UNWRITABLE.
        """
        self._say(job, wish=Wish.AS_IT_IS)
        self._wishes[job] = self._wishes.get(job, 0) + 1

    async def finish(self, name: str) -> None:
        """Make all of it, and again where the job has changed meanwhile.

        Raises:
            Failure: the share or the store can't be written; it can be tried again.
        """
        job = self._farm.jobs[name]
        while True:
            before = (job.ended, self._wishes.get(name))
            self._announce(job)
            await self._reports.finish(name)
            if await self._make(job):
                await self._reports.finish(name)
            if job.is_open or before == (job.ended, self._wishes.get(name)):
                self._wishes.pop(name, None)
                return

    def _announce(self, job: Job) -> None:
        """Say that a movie is to be made, before the first report: whoever waits for it sees it."""
        row = self._journal.movie(job.name)
        is_whole = job.counts.get(FrameState.DONE, 0) == len(job.spec.frames)
        if _is_wanted(row, job) and (is_whole or row.wish is Wish.AS_IT_IS):
            begun = {"done": 0, "total": len(job.spec.frames), "fault": None, "said": ""}
            self._say(job.name, state=MovieState.ENCODING, **begun)

    async def _make(self, job: Job) -> bool:
        """Make sheet and movie; gives whether there is anything new to report."""
        found = await asyncio.to_thread(self._gather, job.name)
        if found is None:
            return False
        has_sheet = len(found.files) > 1 and await self._sheet(found)
        has_movie = await self._movie(job, found)
        return has_sheet or has_movie

    def _gather(self, job: str) -> Material | None:
        store = self._office.places.store
        with translated(store), contextlib.closing(Views(store)) as views:
            return gather(views, job)

    def _say(self, job: str, **what: Any) -> None:
        self._journal.say_of_movie(job, **what)

    def _tell(self, job: str, kind: NoteKind, fault: Fault | None = None, detail: str = "") -> None:
        self._office.tell(Heard(Note(kind, job=job, fault=fault, detail=detail)))

    # the contact sheet

    async def _sheet(self, found: Material) -> bool:
        share, name = self._office.share, found.job.name
        frames = chosen(list(found.files))
        pictures = await asyncio.to_thread(lambda: list(found.pictures(share, frames)))
        if not pictures:
            return False
        try:
            target = await asyncio.to_thread(share.product, name, SHEET)
            async with self._sheets:
                with _removed(target):
                    said = await makers.make(Sheet(str(target), pictures))
                    if isinstance(said, SheetMade):
                        await asyncio.to_thread(share.place_product, name, target, SHEET)
                        self._say(name, sheet=SHEET)
                        return True
        except Failure as failure:
            log.warning("contact sheet of %s: %s", name, _without_place(failure))
            return False
        if isinstance(said, Broken) and said.writing:
            raise Failure.of(FaultKind.SHARE_WRITE, path=target, reason=said.reason)
        log.warning("contact sheet of %s: %s", name, said)
        return False

    # the movie

    async def _movie(self, job: Job, found: Material) -> bool:
        row = found.movie
        if not _is_wanted(row, job):
            return False
        if not found.files or (found.missing and row.wish is not Wish.AS_IT_IS):
            self._say(job.name, state=MovieState.INCOMPLETE, fault=_incomplete(found))
            return True
        try:
            async with self._movies:
                await self._encode(job, found)
        except _NotMadeError as error:
            self._not_made(job, row, error.fault)
        except Failure as failure:
            facts = {"job": job.name, "detail": _without_place(failure)}
            self._not_made(job, row, Fault.of(FaultKind.MOVIE_NO_PLACE, **facts))
        if row.wish is Wish.AS_IT_IS and not job.is_open:
            self._say(job.name, wish=Wish.WANTED)
        return True

    def _not_made(self, job: Job, row: MovieRow, fault: Fault) -> None:
        if row.fault != fault:
            self._tell(job.name, NoteKind.WARNING, fault)
        self._say(job.name, state=MovieState.FAILED, fault=fault)

    async def _encode(self, job: Job, found: Material) -> None:
        share, name = self._office.share, job.name
        asked = found.movie.asked or MovieAsked(is_movie=False, has_sound=False)
        frames = list(found.files)
        pictures = await asyncio.to_thread(lambda: list(found.pictures(share, frames)))
        if len(pictures) < len(frames):
            raise _NotMadeError(FaultKind.MOVIE_UNREADABLE, job=name, format=found.format())
        sound, notes = await asyncio.to_thread(self._sound, found, asked)
        choices = plan.choices_of(asked, sound is not None)
        file = movie_name(asked, found.output, found.files)
        if not asked.is_movie:
            choices, file = plan.preview(asked, sound is not None), f"{name}.mp4"
        target = await asyncio.to_thread(share.product, name, file)
        task = Movie(
            target=str(target),
            pictures=pictures,
            rate=asked.rate.as_integer_ratio(),
            step=step_of(frames),
            choices=choices,
            sound=sound,
        )
        self._say(name, total=len(pictures))
        with _removed(target):
            said = await self._unless_open(job, task)
            if said is None:
                self._say(name, state=MovieState.NONE)
                return
            if isinstance(said, MovieMade):
                await self._place(found, task, said, file, [*notes, *_notes(found, task, said)])
                return
        if isinstance(said, Broken):
            raise self._problem(name, target, said)

    async def _unless_open(self, job: Job, task: Movie) -> Any:
        """Encode; None where the job goes on meanwhile, since its movie will be another one."""

        def progress(done: int) -> None:
            with contextlib.suppress(Failure):  # nobody misses it
                self._say(job.name, done=done)

        making = asyncio.create_task(makers.make(task, progress))
        try:
            while not making.done():
                await asyncio.wait([making], timeout=LOOK)
                if job.is_open:
                    return None
            return making.result()
        finally:
            making.cancel()
            await asyncio.wait([making])

    async def _place(
        self, found: Material, task: Movie, said: MovieMade, file: str, notes: list[Fault]
    ) -> None:
        share, name = self._office.share, found.job.name
        made = task.choices[said.choice]
        if said.choice and made.ending != task.choices[0].ending:
            file = plan.renamed(file, made)
        await asyncio.to_thread(share.place_product, name, Path(task.target), file)
        if found.movie.file not in ("", file):
            try:
                await asyncio.to_thread(share.remove_product, name, found.movie.file)
            except Failure as failure:  # it is no movie of ours any more
                log.warning("movie before of %s: %s", name, _without_place(failure))
        known = found.movie.notes
        for note in notes:
            if note not in known:
                self._tell(name, NoteKind.WARNING, note)
        done = {"file": file, "said": made.said, "done": len(task.pictures), "notes": tuple(notes)}
        self._say(name, state=MovieState.DONE, fault=None, **done)
        self._tell(name, NoteKind.MOVIE_MADE, detail=file)

    def _sound(self, found: Material, asked: MovieAsked) -> tuple[Sound | None, list[Fault]]:
        """Find the sound of a movie that is to have one, and say where it lacks."""
        if not asked.has_sound or (asked.is_movie and asked.audio_codec == "NONE"):
            return None, []
        frames = list(found.files)
        first, last = span_of(frames)
        sound = found.sound(self._office.share, max(first, 0), last)
        if sound is not None and sound.first <= max(first, 0) and sound.last >= last:
            return sound, []
        where = f" but from frame {sound.first} to {sound.last}" if sound else ""
        facts = {"job": found.job.name, "frame": found.job.spec.frames[0], "where": where}
        return sound, [Fault.of(FaultKind.MOVIE_SILENT, **facts)]

    def _problem(self, job: str, target: Path, said: Broken) -> Exception:
        if said.writing:
            self._office.share.check()
            return Failure.of(FaultKind.SHARE_WRITE, path=target, reason=said.reason)
        if said.frame is not None:
            facts = {"frame": said.frame, "detail": said.reason}
            return _NotMadeError(FaultKind.MOVIE_FRAME_BROKEN, job=job, **facts)
        return _NotMadeError(FaultKind.MOVIE_FAILED, job=job, detail=said.reason)


class _NotMadeError(Exception):
    """No movie comes of it until a user has seen to it."""

    def __init__(self, kind: FaultKind, **facts: object) -> None:
        self.fault = Fault.of(kind, **facts)
        super().__init__(self.fault)


def _without_place(failure: Failure) -> str:
    """Say why the share takes no file of a name: it is never taken, however often it is tried.

    Raises:
        Failure: it is another one, which may be over when it is tried again.
    """
    if failure.fault.kind is not FaultKind.OUTPUT_REFUSED:
        raise failure
    return f"{failure.fault.fact('path')}: {failure.fault.fact('detail')}"


def _is_wanted(row: MovieRow, job: Job) -> bool:
    return row.wish is not Wish.NONE or wants_movie(job.spec.overrides.movie, row.asked)


def _incomplete(found: Material) -> Fault:
    frames = format_frames(found.missing)
    shown = frames if len(frames) <= SHOWN else frames[: SHOWN - 1] + "…"
    facts = {"job": found.job.name, "count": len(found.missing), "frames": shown}
    return Fault.of(FaultKind.MOVIE_INCOMPLETE, **facts)


def _notes(found: Material, task: Movie, said: MovieMade) -> Iterator[Fault]:
    """Say what a movie has not as it was asked for."""
    asked, made = task.choices[0], task.choices[said.choice]
    if said.choice:
        facts = {"asked": asked.said, "made": made.said, "detail": said.refused[0]}
        yield Fault.of(FaultKind.MOVIE_REPLACED, **facts)
    views = found.views()
    if len(views) > 1:
        facts = {"count": str(len(views)), "file": Path(task.pictures[0].path).name}
        yield Fault.of(FaultKind.MOVIE_ONE_VIEW, job=found.job.name, **facts)
    if said.is_cut and found.movie.asked is not None and found.movie.asked.is_movie:
        facts = {"width": str(said.width), "height": str(said.height)}
        yield Fault.of(FaultKind.MOVIE_CUT, job=found.job.name, **facts)


@contextlib.contextmanager
def _removed(path: Path) -> Iterator[None]:
    """Leave nothing half done, whatever happens."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
