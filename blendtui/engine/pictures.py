"""Small pictures of frames, for the screens: fetched from devices when nothing else is to do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from blendtui import places
from blendtui.engine import makers, thumbnails
from blendtui.engine.office import Office, Pictured
from blendtui.engine.tasks import end
from blendtui.errors import Failure
from blendtui.farm.model import OutputFile, Run
from blendtui.farm.state import Farm
from blendtui.output.tasks import Small, SmallMade
from blendtui.places import private_folder
from blendtui.store.database import translated
from blendtui.store.journal import Journal
from blendtui.store.views import Views

log = logging.getLogger(__name__)

EVERY = 0.1
"""Seconds between the beginnings of two fetches: ten a second, however large the farm is."""

AT_ONCE = 4
"""Pictures that are fetched at once."""

WITHIN = 20.0
"""Seconds that a fetch may take."""

MADE_WITHIN = 60.0
"""Seconds that making one of a frame may take."""

KEPT = 500
"""Pictures of a job that are kept, those that were made last: some 20 KB each."""

SLACK = 50
"""More of them before the oldest are removed."""

JOBS = 200
"""Jobs whose pictures are kept at a new start, those that were pictured last."""

Read = Callable[[Run, str, int], Awaitable[bytes]]


class Pictures:
    """Keeps pictures in the folder of the share's state; whatever fails costs only a picture."""

    def __init__(self, office: Office, journal: Journal, farm: Farm, read: Read) -> None:
        self._office = office
        self._journal = journal
        self._farm = farm
        self._read = read
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._making = asyncio.Lock()
        self._counts: dict[str, int] = {}

    async def keep(self) -> None:
        """Fetch what devices say they have, until cancelled."""
        folder = self._office.places.own / "pictures"
        await asyncio.to_thread(_sweep, folder, frozenset(self._farm.names))
        try:
            while True:
                await asyncio.sleep(EVERY)
                if self._office.pictured and len(self._fetching) < AT_ONCE:
                    self._fetch_newest()
        finally:
            await end(*self._fetching.values())

    def _fetch_newest(self) -> None:
        """Begin to fetch the newest picture of a device that has none on its way."""
        told = self._office.pictured
        free = (run for run in reversed(told) if _device(told[run]) not in self._fetching)
        run = next(free, None)
        if run is not None:
            one = told.pop(run)
            self._fetching[_device(one)] = asyncio.create_task(self._fetch(one))

    async def _fetch(self, told: Pictured) -> None:
        job = told.run.job
        frame = self._farm.frames.get(job, {}).get(told.frame)
        try:
            if frame is None or told.number > frame.tries:
                return
            async with asyncio.timeout(WITHIN):
                data = await self._read(told.run, told.name, told.size)
            if await asyncio.to_thread(thumbnails.is_small, data):
                await self._put(job, told.frame, data)
        except (Failure, TimeoutError, OSError) as error:
            log.debug("no picture of frame %d of %s: %s", told.frame, job, error)
        finally:
            self._fetching.pop(_device(told), None)

    async def make(self, job: str, frame: int) -> None:
        """Make a picture of a frame that is done from its file on the share, if that can be read.

        Raises:
            Failure: the share or the store can't be read.
        """
        if places.picture(self._office.places.own, job, frame).exists():
            return
        async with self._making:
            paths = await asyncio.to_thread(self._paths, job, frame)
            if not paths:
                return
            # A process for each: people ask for one at a time, and it starts in 0.2 s.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(MADE_WITHIN):
                    said = await makers.make(Small([str(path) for path in paths]))
                if isinstance(said, SmallMade):
                    await self._put(job, frame, said.data, is_news=False)

    def _paths(self, job: str, frame: int) -> list[Path]:
        share = self._office.share
        paths = (share.frame_file(job, file.path) for file in self._files(job, frame))
        return [path for path in paths if path is not None]

    def _files(self, job: str, frame: int) -> tuple[OutputFile, ...]:
        store = self._office.places.store
        with translated(store), contextlib.closing(Views(store)) as views:
            done = [one for one in views.attempts(job, frame=frame) if one.state == "done"]
        return done[-1].files if done else ()

    async def _put(self, job: str, frame: int, data: bytes, *, is_news: bool = True) -> None:
        path = places.picture(private_folder(self._office.places.own), job, frame)
        is_new = await asyncio.to_thread(_write, path, data)
        if is_new and job in self._counts:
            self._counts[job] += 1
        if self._counts.get(job, KEPT + SLACK) >= KEPT + SLACK:
            self._counts[job] = await asyncio.to_thread(_trim, path.parent)
        if is_news:
            self._journal.say("picture", f"{frame} {job}")


def _device(told: Pictured) -> str:
    return told.run.slot.device


def _write(path: Path, data: bytes) -> bool:
    """Write a picture in one step; says whether there was none before. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    is_new = not path.exists()
    fresh.write_bytes(data)
    fresh.replace(path)
    return is_new


def _trim(folder: Path) -> int:
    """Remove a job's oldest pictures if there are too many; gives how many there are."""
    kept = _by_age(folder)
    for path in kept[:-KEPT]:
        path.unlink(missing_ok=True)
    return min(len(kept), KEPT)


def _sweep(folder: Path, jobs: Collection[str]) -> None:
    """Remove the pictures of jobs that nobody knows any more, and of the oldest of very many."""
    with contextlib.suppress(OSError):
        there = _by_age(folder)
        known = [path for path in there if path.name in jobs]
        for path in {*there} - {*known[-JOBS:]}:
            shutil.rmtree(path, ignore_errors=True)


def _by_age(folder: Path) -> list[Path]:
    aged = [(path.stat().st_mtime, path) for path in folder.iterdir()]
    return [path for _, path in sorted(aged)]
