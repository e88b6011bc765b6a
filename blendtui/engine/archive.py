"""What is over: out of mind, kept by the store, recalled when a user asks, forgotten in the end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil

from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.farm.model import Job
from blendtui.farm.scheduler import Scheduler
from blendtui.store.journal import Journal

EVERY = 2.0
"""Seconds between two rounds."""

RECALLED = 60.0
"""Seconds for which a recalled job is kept in mind: whoever asked for it changes it now."""


class Archive:
    """Keeps what the engine has in mind to what goes on, and the store to its bounds."""

    def __init__(self, office: Office, journal: Journal, scheduler: Scheduler) -> None:
        self._office = office
        self._journal = journal
        self._scheduler = scheduler
        self._recalled: dict[str, float] = {}

    def recall(self, name: str) -> Job | None:
        """Give a job, also one that is over; None where the store has none of that name."""
        farm = self._scheduler.farm
        job = farm.jobs.get(name)
        if job is None and name in farm.names:
            found = self._journal.recall(name)
            if found is not None:
                farm.add_job(*found)
                job = found[0]
        if job is not None:
            self._recalled[name] = self._office.clock.now()
        return job

    async def keep(self) -> None:
        """Do it now and then, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self.leave()
            with contextlib.suppress(Failure):  # the next round comes soon
                await self.trim()

    def leave(self) -> None:
        """Leave to the store what is over, once the store has it."""
        if self._office.storing:
            return
        now = self._office.clock.now()
        self._recalled = {name: at for name, at in self._recalled.items() if now - at < RECALLED}
        left = self._scheduler.leave_to_store(self._recalled)
        self._journal.leave(left)
        for job in left:
            self._office.owners.forget(job)
            self._office.beside.forget(job)

    async def trim(self) -> None:
        """Have the store forget what is beyond its bounds, with the files of those jobs.

        Raises:
            Failure: STATE_UNWRITABLE.
        """
        farm = self._scheduler.farm
        gone = self._journal.trim(farm.jobs)
        farm.names.difference_update(gone)
        for job in gone:
            places = self._office.places
            for folder in (places.project(job), places.own / "pictures" / job):
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
