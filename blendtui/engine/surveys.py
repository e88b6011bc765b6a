"""What the devices have to render with: looked at when they are reached, and kept in the store."""

from __future__ import annotations

import asyncio
import contextlib

from blendtui.devices.link import Link
from blendtui.devices.survey import Survey, survey
from blendtui.engine.office import Heard, Office
from blendtui.errors import Failure
from blendtui.farm.events import DeviceSurveyed
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from blendtui.store.database import from_json, to_json
from blendtui.store.journal import Journal

STORED = 1.0
"""Seconds between two writings of what is new."""


async def look(office: Office, device: DeviceSettings, link: Link) -> None:
    """Look at a device that was just reached, and tell the rules of its Blenders.

    Raises:
        Failure: LINK_LOST.
    """
    try:
        found = await survey(link, device, office.surveys.get(device.name))
    except Failure as failure:
        if failure.fault.kind is FaultKind.LINK_LOST:
            raise
        found = Survey()  # it's said when a Blender is to be started
    office.surveys[device.name] = found
    office.tell(Heard(DeviceSurveyed(device.name, found.versions, found.gpu_memory)))


def way_to(settings: DeviceSettings) -> tuple[object, ...]:
    """Give what a link and what was found by it depend on.

    All else holds for the runs that begin from then on.
    """
    place = (settings.host, settings.port, settings.user, settings.key, settings.work_dir)
    return (*place, settings.blender, settings.launch, settings.env)


class Surveys:
    """Keeps in the store what was found, for faces and for the next start."""

    def __init__(self, office: Office, journal: Journal) -> None:
        self._office = office
        self._journal = journal
        self._stored: dict[str, Survey] = {}

    def load(self) -> None:
        """Know again what was found before."""
        found = self._journal.surveys().items()
        self._stored = {device: from_json(text, Survey) for device, text in found}
        self._office.surveys.update(self._stored)

    async def keep(self) -> None:
        """Store what is new, until cancelled."""
        while True:
            await asyncio.sleep(STORED)
            surveys = self._office.surveys
            new = [name for name, one in surveys.items() if self._stored.get(name) != one]
            if not new:
                continue
            with contextlib.suppress(Failure):  # it's tried again soon
                now = self._office.clock.now()
                self._journal.survey(now, {name: to_json(surveys[name]) for name in new})
                self._stored.update((name, surveys[name]) for name in new)
