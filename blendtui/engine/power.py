"""Wakes devices that there is work for, and sends those to sleep that have had none for long."""

from __future__ import annotations

import asyncio
import logging
import socket

from blendtui.engine.fleet import Fleet
from blendtui.engine.office import Heard, Office
from blendtui.engine.tasks import end
from blendtui.errors import Failure, reason_of
from blendtui.farm.claims import room
from blendtui.farm.device import Device
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceMode, Job
from blendtui.farm.state import Farm, Note, NoteKind
from blendtui.settings import DeviceSettings

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between two looks at who is needed and who is not."""

WAKE_AGAIN = 30.0
"""Seconds between two packets: a computer takes some time to wake, and packets get lost."""

WAKE_TRIES = 10
"""Packets that a device gets that does not come, until it has been there or there is other work."""


def magic_packet(mac: str) -> bytes:
    """Give what wakes a network card: six bytes of ones, then its address sixteen times."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16


def wake(mac: str, address: str) -> None:
    """Send the packet that wakes a network card. Raises OSError."""
    host, _, port = address.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.sendto(magic_packet(mac), (host, int(port)))


class Power:
    """Looks after the sleep of all devices that have a `mac` or an `idle_command`."""

    def __init__(self, office: Office, farm: Farm, fleet: Fleet) -> None:
        self._office = office
        self._farm = farm
        self._fleet = fleet
        self._woken: dict[str, tuple[float, int]] = {}
        self._idle_since: dict[str, float] = {}
        self._going: dict[str, asyncio.Task[None]] = {}

    async def keep(self) -> None:
        """Go on until cancelled."""
        try:
            while True:
                await asyncio.sleep(LOOK)
                self._look(self._office.clock.now())
        finally:
            await end(*self._going.values())

    def _look(self, now: float) -> None:
        desks = self._farm.desks.values()
        waiting = {desk.job: most for desk in desks if (most := room(self._farm, desk, now))}
        known = [(self._farm.devices.get(one.name), one) for one in self._fleet.settings.devices]
        for device, settings in known:
            if device is not None and device.contact:
                self._woken.pop(device.name, None)
                self._look_at_idle(device, settings, list(waiting), now)
        # The quickest first, and no more of them than have something to do.
        away = [(device, one) for device, one in known if device is not None and not device.contact]
        for device, settings in sorted(away, key=lambda pair: -pair[1].performance):
            if not any(device.may_render(one) for one in waiting):
                self._forget_tries(device.name)
            job = next(
                (one for one, count in waiting.items() if count > 0 and device.may_render(one)),
                None,
            )
            if job is not None and self._wake(settings, now):
                waiting[job] -= settings.slots

    def _look_at_idle(
        self, device: Device, settings: DeviceSettings, jobs: list[Job], now: float
    ) -> None:
        name = device.name
        is_free = device.mode is DeviceMode.ON and device.spec.enabled
        is_busy = self._farm.runs_on(name) or any(device.may_render(job) for job in jobs)
        if not settings.idle_command or not is_free or is_busy:
            self._idle_since.pop(name, None)
        elif now - self._idle_since.setdefault(name, now) >= settings.idle_after:
            self._idle_since.pop(name)
            self._rest(settings)

    # waking

    def _wake(self, settings: DeviceSettings, now: float) -> bool:
        """Wake a device; False if there's no way to, or it doesn't come."""
        at, tries = self._woken.get(settings.name, (0.0, 0))
        if settings.mac is None or not settings.enabled:
            return False
        if now - at < WAKE_AGAIN or tries >= WAKE_TRIES:
            return now - at < WAKE_AGAIN
        self._send(settings, settings.mac, tries, now)
        return True

    def _forget_tries(self, name: str) -> None:
        """Let a device be woken again that didn't come: for the next work, not for this."""
        if name in self._woken:
            self._woken[name] = (self._woken[name][0], 0)

    def _send(self, settings: DeviceSettings, mac: str, tries: int, now: float) -> None:
        self._woken[settings.name] = (now, tries + 1)
        try:
            wake(mac, settings.wake_address)
        except OSError as error:
            log.warning("%s cannot be woken: %s", settings.name, error)
            fault = Fault.of(
                FaultKind.WAKE_FAILED,
                device=settings.name,
                address=settings.wake_address,
                detail=reason_of(error),
            )
            note = Note(NoteKind.WARNING, device=settings.name, fault=fault)
        else:
            note = Note(NoteKind.DEVICE_WOKEN, device=settings.name)
        if tries == 0:
            self._office.tell(Heard(note))
        station = self._fleet.station(settings.name)
        if station is not None:
            station.hurry()

    # sleeping

    def _rest(self, settings: DeviceSettings) -> None:
        name = settings.name
        if name not in self._going:
            task = asyncio.create_task(self._send_to_rest(settings), name=f"idle {name}")
            self._going[name] = task
            task.add_done_callback(lambda _: self._going.pop(name, None))

    async def _send_to_rest(self, settings: DeviceSettings) -> None:
        name = settings.name
        detail = str(round(settings.idle_after))
        log.info("%s is idle: %s", name, settings.idle_command)
        self._office.tell(Heard(Note(NoteKind.DEVICE_ASLEEP, device=name, detail=detail)))
        try:
            await self._fleet.require(name).rest(settings.idle_command)
        except Failure as failure:
            if failure.fault.kind is not FaultKind.LINK_LOST:
                note = Note(NoteKind.WARNING, device=name, fault=failure.fault)
                self._office.tell(Heard(note))
