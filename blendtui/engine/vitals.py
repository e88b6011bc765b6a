"""How the devices are: asked of each through a channel of its own, kept in the store for faces."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from blendtui.devices.link import Link
from blendtui.devices.vitals import EVERY, VITALS, VitalsReader
from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.store.journal import Journal
from blendtui.store.shown import VitalsRow

log = logging.getLogger(__name__)

STORED = 2.0
"""Seconds between two writings: many devices' words go to the disk together."""

FIRST = 1.0
"""Seconds until a device is asked that was just reached: frames begin first."""

AGAIN = 300.0
"""Seconds until a device is asked anew whose script has ended."""


async def listen(device: str, link: Link, work_dir: str, office: Office) -> None:
    """Hear how a device is, as long as the link holds; what it says is in `office.vitals`."""
    await asyncio.sleep(FIRST)
    while True:
        reader = VitalsReader()
        try:
            async with link.follow(VITALS, work_dir, str(EVERY)) as pieces:
                async for piece in pieces:
                    for told in reader.feed(piece):
                        office.vitals[device] = VitalsRow(
                            device,
                            office.clock.now(),
                            told.load,
                            told.cores,
                            told.memory_used,
                            told.memory_total,
                            told.gpu_use,
                            told.gpu_temperature,
                            told.disk_free,
                        )
        except Failure as failure:
            log.debug("%s does not say how it is: %s", device, failure)
        await asyncio.sleep(AGAIN)


class Vitals:
    """Keeps what the devices say of themselves, for an hour."""

    def __init__(self, office: Office, journal: Journal) -> None:
        self._office = office
        self._journal = journal

    async def keep(self) -> None:
        """Store what is new, until cancelled."""
        while True:
            await asyncio.sleep(STORED)
            new = list(self._office.vitals.values())
            self._office.vitals.clear()
            if new:
                with contextlib.suppress(Failure):  # nobody misses it
                    self._journal.vitals(new, self._office.clock.now())
