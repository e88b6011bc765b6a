"""Signs of life: each Blender of a device gets one now and then, and is missed if it gives none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from blendtui.devices import slot
from blendtui.devices.connection import Link
from blendtui.devices.orders import AliveOrder, Order
from blendtui.devices.slot import Conversation, Life, RunFolder
from blendtui.engine.follower import Follower
from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import Run

log = logging.getLogger(__name__)

DISCARD = 5.0
"""Seconds in which files that were collected are cleared away; most go with the next order."""

ALIVE = 60.0
"""Seconds between two signs of life for each Blender."""

SILENCE = 30.0
"""Seconds without a line (a beat comes every five) after which a Blender is looked for."""

STUCK = 300.0
"""Seconds without a line after which a Blender that still exists is ended, unless it is queued."""


@dataclass(slots=True)
class Followed:
    """A run that is being followed; `lock` keeps its orders in their order.

    `talk` is open while its log is read. `kept` are orders that go out with the next one.
    `sending` is its project on the way; `forgone` says that it shall not start any more.
    """

    follower: Follower
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    talk: Conversation | None = None
    kept: list[Order] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    sending: asyncio.Task[None] | None = None
    forgone: bool = False

    async def give(self, link: Link, folder: RunFolder, *orders: Order) -> None:
        """Give the run's Blender orders, behind those that were kept.

        Raises:
            Failure: it could not be done.
        """
        async with self.lock:
            given, self.kept = [*self.kept, *orders], []
            if self.talk is None or not await self.talk.order(given):
                await slot.append(link, folder, given)

    async def keeps(self, order: Order) -> bool:
        """Keep an order for another to take along; False if none came by the time it was due."""
        self.kept.append(order)
        if len(self.kept) > 1:
            return True  # somebody waits to say it
        await asyncio.sleep(DISCARD)
        return order not in self.kept

    def forgo(self) -> None:
        """Have the run not start, if it hasn't: the project need not arrive."""
        self.forgone = True
        if self.sending is not None:
            self.sending.cancel()


class Pulse:
    """Looks after the runs of one device; `folder` and `append` are its station's."""

    def __init__(
        self,
        device: str,
        office: Office,
        followed: Mapping[str, Followed],
        folder: Callable[[Run], RunFolder],
        append: Callable[[Run, Order], Awaitable[None]],
    ) -> None:
        self._device = device
        self._office = office
        self._followed = followed
        self._folder = folder
        self._append = append

    async def keep(self, link: Link) -> None:
        """Give each Blender a sign of life, and look for those that fell silent."""
        told = self._office.clock.now()
        while True:
            await asyncio.sleep(SILENCE / 3)
            now = self._office.clock.now()
            begun = [one for one in self._followed.values() if one.task is not None]
            entries = [one for one in begun if not one.follower.is_over]
            greets = now - told >= ALIVE
            try:
                for entry in entries:
                    await self._look_after(link, entry, now)
                if greets:
                    told = now
                    for entry in entries:
                        await self._append(entry.follower.run, AliveOrder())
            except Failure as failure:
                log.info("%s cannot be looked after just now: %s", self._device, failure)
            except Exception:
                log.exception("%s cannot be looked after", self._device)

    async def _look_after(self, link: Link, entry: Followed, now: float) -> None:
        follower = entry.follower
        silent = now - follower.last_heard
        if silent < SILENCE:
            return
        folder = self._folder(follower.run)
        if await slot.state(link, folder) is not Life.ALIVE:
            follower.gone(Fault.of(FaultKind.BLENDER_KILLED, device=self._device, status="?"))
        elif silent >= STUCK and not follower.is_queued:
            await slot.kill(link, folder)
            follower.gone(Fault.of(FaultKind.BLENDER_SILENT, device=self._device))
