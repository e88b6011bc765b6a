"""The engine's clock across its starts, and how far it is from the time of day."""

from __future__ import annotations

import asyncio
import contextlib

from blendtui.engine.office import Clock
from blendtui.errors import Failure
from blendtui.places import Places
from blendtui.store import day_time
from blendtui.store.day_time import DayTime
from blendtui.store.journal import Journal
from blendtui.store.views import Views

LOOK = 1.0
"""Seconds between two looks at the time of day."""


class Timekeeping:
    """Has the clock of an engine, which goes on from where the one before it was."""

    def __init__(self, places: Places, journal: Journal) -> None:
        with contextlib.closing(Views(places.store)) as views:
            self._day = DayTime(views.said(day_time.NAME))
            # A second later, so that no time of the engine before is taken for one of ours.
            self.clock = Clock(max(self._day.last(), views.last_time()) + 1.0)
        self._journal = journal
        self._stored = ""
        self._look()

    async def keep(self) -> None:
        """Note when the time of day was set, or the computer slept, until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            self._look()

    def _look(self) -> None:
        self._day.note(self.clock.now(), self.clock.ahead())
        text = self._day.text()
        if text != self._stored:
            with contextlib.suppress(Failure):  # a full disk: all else that is stored says so
                self._journal.say(day_time.NAME, text)
                self._stored = text
