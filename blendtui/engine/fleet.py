"""The devices of devices.toml, each with its station; the file is read again when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from blendtui import config
from blendtui.engine.arrivals import Arrivals
from blendtui.engine.office import Heard, Office
from blendtui.engine.station import Station
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.faults import FaultKind
from blendtui.farm.model import DeviceSpec, Policy, Run, Sharing
from blendtui.farm.state import Farm, Note, NoteKind
from blendtui.filewatch import changes
from blendtui.settings import DeviceSettings, Settings, ShareSettings

CONFIG = 1.0
"""Seconds after which a changed devices.toml is seen where no event tells."""

HOURS = 1.0
"""Seconds between two looks at which devices' hours have begun or ended."""


class Fleet:
    """Has a station for each device; those that are gone finish what they have first."""

    def __init__(self, settings: Settings, office: Office, farm: Farm, arrivals: Arrivals) -> None:
        self._settings = settings
        self._office = office
        self._farm = farm
        self._arrivals = arrivals
        self._stations: dict[str, Station] = {}

    def __contains__(self, device: object) -> bool:
        return device in self._stations

    @property
    def settings(self) -> Settings:
        """What devices.toml says now."""
        return self._settings

    def __iter__(self) -> Iterator[Station]:
        return iter(list(self._stations.values()))

    def station(self, device: str) -> Station | None:
        """Give a device's station."""
        return self._stations.get(device)

    async def read_picture(self, run: Run, name: str, limit: int) -> bytes:
        """Read a small picture that a run has made; `limit` bytes of it at most.

        Raises:
            Failure: it can't be had.
        """
        return await self.require(run.slot.device).read_picture(run, name, limit)

    def require(self, device: str) -> Station:
        """Give a device's station.

        Raises:
            Failure: LINK_LOST, where there is none.
        """
        station = self._stations.get(device)
        if station is None:
            raise Failure.of(FaultKind.LINK_LOST, device=device, detail="not in devices.toml")
        return station

    async def equip(self, settings: Settings | None = None) -> None:
        """Tell the rules of all devices; with other settings, use those from now on."""
        settings = settings or self._settings
        for device in settings.devices:
            name = device.name
            if name in self._stations and name not in self._farm.devices:
                await self._stations.pop(name).close()  # forgotten, and back at once
            station = self._stations.get(name)
            if station is None:
                self._stations[name] = self._station(device)
            else:
                await station.change(device)
        self._arrivals.change(settings.share)
        specs = tuple(_spec(device, self._rests(device)) for device in settings.devices)
        self._office.tell(Heard(ev.PolicySet(_policy(settings.share))))
        self._office.tell(Heard(ev.DevicesSet(specs)))
        self._settings = settings

    def _station(self, device: DeviceSettings) -> Station:
        station = Station(device, self._office)
        station.open()
        return station

    async def follow_config(self) -> None:
        """Read devices.toml again whenever it changes, until cancelled."""
        path = self._settings.source
        seen = _content(path)
        async for _ in changes(path.parent, CONFIG):
            content = _content(path)
            if content == seen:
                continue
            seen = content
            settings, faults = await asyncio.to_thread(config.check, path)
            for fault in faults:
                self._office.tell(Heard(Note(NoteKind.WARNING, fault=fault)))
            if settings is not None:
                await self.equip(settings)
                self._office.tell(Heard(Note(NoteKind.CONFIG_READ, detail=path.name)))

    async def keep_hours(self) -> None:
        """Tell the rules when the hours of a device begin or end, until cancelled."""
        while True:
            await asyncio.sleep(HOURS)
            for device in self._settings.devices:
                known = self._farm.devices.get(device.name)
                rests = self._rests(device)
                if known is not None and known.spec.resting is not rests:
                    self._office.tell(Heard(ev.DeviceHours(device.name, rests)))

    def _rests(self, device: DeviceSettings) -> bool:
        if device.hours is None:
            return False
        # People mean the time of the clock on their wall.
        return not device.hours.cover(datetime.now(UTC).astimezone())

    async def retire(self) -> None:
        """Close the stations of devices that are neither wanted nor have anything left."""
        for name in list(self._stations):
            wanted = {device.name for device in self._settings.devices}
            known = name in wanted or name in self._farm.devices
            if not known and name in self._stations:
                await self._stations.pop(name).close()

    async def close(self) -> None:
        """Leave all devices as they are."""
        await asyncio.gather(*(station.close() for station in self._stations.values()))


def _spec(device: DeviceSettings, rests: bool) -> DeviceSpec:
    return DeviceSpec(
        device.name,
        slots=device.slots,
        performance=device.performance,
        tags=frozenset(device.tags),
        enabled=device.enabled,
        restart_after=device.restart_after,
        memory_limit=device.memory_limit,
        resting=rests,
        compute=device.compute,
        cpu_fallback=device.cpu_fallback,
    )


def _policy(share: ShareSettings) -> Policy:
    return Policy(share=Sharing(share.policy), overdue=share.overdue)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
