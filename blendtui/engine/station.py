"""One device as the engine works with it: the link is kept up, decisions are carried out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Collection

from blendtui.devices import cache, resting, slot, transfer
from blendtui.devices.connection import Link, connect
from blendtui.devices.inventory import turn
from blendtui.devices.orders import CollectedOrder, DropOrder, Order, QuitOrder
from blendtui.devices.slot import Life, RunFolder
from blendtui.devices.small_files import SmallFiles
from blendtui.engine import launching, parts, surveys
from blendtui.engine.collector import Collector
from blendtui.engine.follower import Follower
from blendtui.engine.office import Heard, Office
from blendtui.engine.pulse import Followed, Pulse
from blendtui.engine.tasks import end
from blendtui.engine.vitals import listen
from blendtui.errors import Failure, unexpected
from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.decisions import Decision
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import Run, RunState
from blendtui.settings import DeviceSettings

log = logging.getLogger(__name__)

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between tries to reach a device; the last one again and again."""

FALLS_ASLEEP = 300.0
"""Seconds after its idle_command in which a device that is lost is taken to be asleep."""

ALL = 1 << 62
"""More bytes than any cache has."""

STEADY = 30.0
"""Seconds that a link must have held before the next try to reach a lost device comes soon."""


class Station:
    """Keeps one device reachable and does on it what the rules decided."""

    def __init__(self, settings: DeviceSettings, office: Office) -> None:
        self._settings = settings
        self._office = office
        self._files: SmallFiles | None = None
        self._work_dir = ""
        self._followed: dict[str, Followed] = {}
        self._collector = Collector(office)
        self._keeper: asyncio.Task[None] | None = None
        self._in_flight = 0
        self._all_landed = asyncio.Event()
        self._all_landed.set()
        self._hurry = asyncio.Event()
        self._rested = -math.inf
        self._asleep = False

    @property
    def name(self) -> str:
        """The device's name."""
        return self._settings.name

    # life

    def open(self) -> None:
        """Begin to reach the device, and go on until closed."""
        self._keeper = asyncio.create_task(self._keep(), name=f"station {self.name}")

    async def close(self) -> None:
        """Leave the device as it is: its Blenders finish what they have."""
        await end(self._keeper)
        await self._hang_up()

    async def change(self, settings: DeviceSettings) -> None:
        """Use other settings from now on; a device that is reached otherwise is reached anew."""
        if settings == self._settings:
            return
        before, after = (surveys.way_to(one) for one in (self._settings, settings))
        self._settings = settings
        if before != after:
            await self.close()
            await self._all_landed.wait()
            changed = Fault.of(FaultKind.DEVICE_CHANGED, device=self.name)
            self._office.tell(Heard(ev.DeviceLost(self.name, changed)))
            self.open()

    async def _keep(self) -> None:
        tries = 0
        while True:
            if not self._settings.enabled and not self._office.jobs_on(self.name):
                await asyncio.sleep(BACK_OFF[0])
                continue
            fault = await self._reach()
            if fault is None:
                begun = self._office.clock.now()
                fault = await self._stay()
                now = self._office.clock.now()
                self._asleep = now - self._rested < FALLS_ASLEEP
                if now - begun >= STEADY:
                    tries = 0
            if self._asleep:
                fault = Fault.of(FaultKind.DEVICE_ASLEEP, device=self.name)
            self._office.tell(Heard(ev.DeviceLost(self.name, fault)))
            await self._hang_up()
            await self._all_landed.wait()
            tries = await self._pause(tries)

    async def _pause(self, tries: int) -> int:
        """Wait before the next try to reach the device; gives how many there have been then."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BACK_OFF[min(tries, len(BACK_OFF) - 1)]):
                await self._hurry.wait()
        hurries = self._hurry.is_set()
        self._hurry.clear()
        return 0 if hurries else tries + 1

    def hurry(self) -> None:
        """Try to reach the device soon: it was woken."""
        self._asleep = False
        self._hurry.set()

    async def rest(self, command: str) -> None:
        """Send the device to sleep.

        Raises:
            Failure: IDLE_COMMAND_FAILED; LINK_LOST where it went at once.
        """
        self._rested = self._office.clock.now()
        try:
            await resting.rest(self._require(), self.name, command)
        except Failure as failure:
            if failure.fault.kind is not FaultKind.LINK_LOST:
                self._rested = -math.inf
            raise

    async def _reach(self) -> Fault | None:
        try:
            async with contextlib.AsyncExitStack() as until_reached:
                link = await connect(
                    self._settings, self._office.places.known_hosts, self._office.local
                )
                until_reached.push_async_callback(link.close)
                self._work_dir = await slot.resolve_work_dir(link, self._settings.work_dir)
                await self._clear(link)
                await surveys.look(self._office, self._settings, link)
                until_reached.pop_all()
            # Only now: decisions from before it was lost must not meet it half ready.
            self._files = SmallFiles(link)
        except Failure as failure:
            return failure.fault
        except Exception as error:
            log.exception("%s cannot be reached", self.name)
            return unexpected(error)
        return None

    async def _clear(self, link: Link) -> None:
        """Remove what jobs of ours have left here that are over, and what the cache has too much.

        Before anything is begun: nothing can come to be there meanwhile. It can wait, too.
        """
        keep = [self._far(job) for job in self._office.jobs_on(self.name)]
        ours = f".{self._office.salt}"
        with contextlib.suppress(Failure):
            limit = self._settings.cache
            await transfer.trim_cache(link, self._work_dir, limit, keep, ours)

    async def _stay(self) -> Fault:
        """Tell that the device is there, and wait until it no longer is."""
        link = self._require()
        self._office.tell(Heard(ev.DeviceReached(self.name)))
        pulse = Pulse(self.name, self._office, self._followed, self._folder, self._append)
        beside = [
            asyncio.create_task(pulse.keep(link)),
            asyncio.create_task(listen(self.name, link, self._work_dir, self._office)),
        ]
        try:
            return await link.wait_lost()
        finally:
            await end(*beside)

    async def _hang_up(self) -> None:
        await end(*(followed.task for followed in self._followed.values()))
        self._followed.clear()
        if self._files is not None:
            files, self._files = self._files, None
            await files.close()
            await files.link.close()

    def _require(self) -> Link:
        return self._require_files().link

    def _require_files(self) -> SmallFiles:
        if self._files is None:
            raise Failure(self._lost("not connected"))
        return self._files

    def _lost(self, detail: str) -> Fault:
        return Fault.of(FaultKind.LINK_LOST, device=self.name, detail=detail)

    # decisions

    async def perform(self, decision: Decision, run: Run) -> Event | None:
        """Carry out a decision about a run of this device.

        Raises:
            Failure: it could not be done; LINK_LOST if the device is out of reach.
        """
        self._in_flight += 1
        self._all_landed.clear()
        try:
            return await self._perform(decision, run)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._all_landed.set()

    async def _perform(self, decision: Decision, run: Run) -> Event | None:
        match decision:
            case do.StartRun():
                return await self._start(run)
            case do.OrderFrame():
                at = self._require(), self._folder(run)
                await self._append(run, await parts.order_for(self._office, *at, run, decision))
            case do.DropFrame(frame=frame, number=number):
                await self._append(run, DropOrder(frame, number))
            case do.DiscardFrame(frame=frame, number=number):
                await self._discard(run, CollectedOrder(frame, number))
            case do.StopRun():
                await self._stop(run, decision.at_once)
            case do.CollectFrame():
                files, folder = self._require_files(), self._folder(run)
                return await self._collector.collect(decision, files, folder, self._settings)
            case do.CloseRun():
                return await self._close_run(run)
        return None

    def _folder(self, run: Run) -> RunFolder:
        return RunFolder(self._work_dir, self._far(run.job), run.id)

    def _far(self, job: str) -> str:
        """Name a job's folder on the device, where other farms may have jobs of that name."""
        return f"{job}.{self._office.salt}"

    def _entry(self, run: Run) -> Followed:
        entry = self._followed.get(run.id)
        if entry is None:
            entry = self._followed[run.id] = Followed(Follower(run, self._office))
        return entry

    async def _start(self, run: Run) -> Event | None:
        link, folder, entry = self._require(), self._folder(run), self._entry(run)
        async with entry.lock:
            if entry.task is not None and not entry.task.done():
                return None
            state = await slot.state(link, folder)
            if state is Life.ABSENT:
                if self._office.offset(run.id):
                    return ev.RunEnded(run.id, self._vanished())
                if run.state is RunState.STOPPING or not await self._send(link, run, entry):
                    return ev.RunEnded(run.id)
                await launching.launch(self._office, self._settings, link, folder, run)
            entry.follower.last_heard = self._office.clock.now()
            entry.task = asyncio.create_task(self._follow(link, folder, entry, state))
        return None

    def _vanished(self) -> Fault:
        return Fault.of(FaultKind.BLENDER_KILLED, device=self.name, status="?")

    async def _send(self, link: Link, run: Run, entry: Followed) -> bool:
        """Bring a run's project to the device; False if nobody wants the run any more."""
        was_wanted = not entry.forgone
        if was_wanted:
            sending = launching.send_project(
                self._office, self._settings, link, self._folder(run), run.job
            )
            entry.sending = asyncio.create_task(sending)
            try:
                await entry.sending
            except asyncio.CancelledError:
                if not entry.forgone:
                    raise
            finally:
                await end(entry.sending)
                entry.sending = None
        return not entry.forgone

    async def _follow(self, link: Link, folder: RunFolder, entry: Followed, state: Life) -> None:
        """Read the log on from where the store has it, as long as the link holds."""
        try:
            if state is Life.DEAD:
                await self._hear_rest(link, folder, entry.follower)
                return
            async with slot.follow(link, folder, self._office.offset(folder.run)) as talk:
                entry.talk = talk
                async for one in talk.entries:
                    entry.follower.hear(one)
                    if (excess := entry.follower.excess) is not None:
                        await slot.kill(link, folder)
                        entry.follower.gone(excess)
                    if entry.follower.is_over:
                        return
            # The device's own `tail` ended: as if the link were lost, the run is taken up again.
            fault = self._lost("its log ended")
        except Failure as failure:
            fault = failure.fault
        except Exception as error:
            log.exception("the log of %s cannot be read", folder.run)
            fault = unexpected(error)
        finally:
            entry.talk = None
        self._office.tell(Heard(ev.RunFailed(folder.run, fault)))

    async def _hear_rest(self, link: Link, folder: RunFolder, follower: Follower) -> None:
        async with slot.rest(link, folder, self._office.offset(folder.run)) as entries:
            async for one in entries:
                follower.hear(one)
        follower.gone(self._vanished())

    async def _append(self, run: Run, *orders: Order) -> None:
        await self._entry(run).give(self._require(), self._folder(run), *orders)

    async def _discard(self, run: Run, order: Order) -> None:
        """Say that files are no longer needed, with the next order or soon.

        A run that is gone takes its files with it.
        """
        entry = self._followed.get(run.id)
        if entry is None or entry.follower.is_over or await entry.keeps(order):
            return
        if entry is self._followed.get(run.id) and not entry.follower.is_over:
            await self._append(run)

    async def _stop(self, run: Run, at_once: bool) -> None:
        if not at_once:
            await self._append(run, QuitOrder())
            return
        entry = self._entry(run)
        entry.forgo()
        async with entry.lock:
            await slot.kill(self._require(), self._folder(run))
            entry.follower.gone(None)

    async def _close_run(self, run: Run) -> Event:
        entry = self._entry(run)
        entry.forgo()
        async with entry.lock:
            link, folder = self._require(), self._folder(run)
            await slot.kill(link, folder)
            await end(entry.task)
            await slot.remove(link, folder)
        self._followed.pop(run.id, None)
        self._office.live.forget(run.id)
        await asyncio.to_thread(self._office.share.remove_outbox, run.job, run.id)
        return ev.RunClosed(run.id)

    async def tidy(self) -> None:
        """Remove what finished jobs have left here; what can't be removed now stays for later."""
        with contextlib.suppress(Failure):
            link, salt = self._require(), self._office.salt
            for job in await transfer.jobs_of(link, self._work_dir, salt):
                async with turn(link, self._work_dir):  # it may just become needed again
                    if job not in self._office.jobs_on(self.name):
                        await transfer.remove_job(link, self._work_dir, self._far(job))

    # what users and faces want beside the rules

    async def clear_cache(self, keep: Collection[str]) -> int:
        """Remove project files that no job here needs, nor is in `keep` (hashes); gives bytes.

        Raises:
            Failure: it could not be done.
        """
        link = self._require()
        async with turn(link, self._work_dir):
            return await cache.make_room(link, self._work_dir, ALL, keep)

    async def read_picture(self, run: Run, name: str, size: int) -> bytes:
        """Read a small picture of a run; frames that are on their way go first.

        Raises:
            Failure: it can't be had.
        """
        await self._collector.until_idle()
        return await self._require_files().read(self._folder(run).picture(name), size)
