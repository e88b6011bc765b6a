"""One device as the engine works with it: the link is kept up, decisions are carried out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from blendtui.devices import slot, transfer
from blendtui.devices.connection import Link, connect
from blendtui.devices.fetch import fetch
from blendtui.devices.protocol import (
    AliveOrder,
    CollectedOrder,
    DropOrder,
    Order,
    QuitOrder,
    RenderOrder,
)
from blendtui.devices.slot import Life, RunFolder, RunSettings
from blendtui.engine.follower import Follower
from blendtui.engine.office import Heard, Office, Work
from blendtui.engine.tasks import end
from blendtui.errors import Failure, unexpected
from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.decisions import Decision
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import OutputFile, Run
from blendtui.settings import DeviceSettings

log = logging.getLogger(__name__)

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between tries to reach a device; the last one again and again."""

ALIVE = 60.0
"""Seconds between two signs of life for each Blender."""

SILENCE = 30.0
"""Seconds without a line (a beat comes every five) after which a Blender is looked for."""

STUCK = 300.0
"""Seconds without a line after which a Blender that still exists is ended."""

COLLECTORS = 4
"""Frames that are collected from a device at once."""


@dataclass(slots=True)
class Followed:
    """A run that is being followed; `lock` keeps its orders in their order."""

    follower: Follower
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: asyncio.Task[None] | None = None


class Station:
    """Keeps one device reachable and does on it what the rules decided."""

    def __init__(self, settings: DeviceSettings, office: Office) -> None:
        self._settings = settings
        self._office = office
        self._link: Link | None = None
        self._work_dir = ""
        self._followed: dict[str, Followed] = {}
        self._collectors = asyncio.Semaphore(COLLECTORS)
        self._keeper: asyncio.Task[None] | None = None
        self._in_flight = 0
        self._all_landed = asyncio.Event()
        self._all_landed.set()

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
        rest = {"performance": 1.0, "tags": (), "enabled": True, "slots": 1, "threads": None}
        before, after = (_without(one, rest) for one in (self._settings, settings))
        self._settings = settings
        if before != after:
            await self.close()
            self._office.tell(Heard(ev.DeviceLost(self.name, self._lost("settings changed"))))
            self.open()

    async def _keep(self) -> None:
        tries = 0
        while True:
            if not self._settings.enabled and not self._followed:
                await asyncio.sleep(BACK_OFF[0])
                continue
            fault = await self._reach()
            if fault is None:
                tries = 0
                fault = await self._stay()
            self._office.tell(Heard(ev.DeviceLost(self.name, fault)))
            await self._hang_up()
            await self._all_landed.wait()
            await asyncio.sleep(BACK_OFF[min(tries, len(BACK_OFF) - 1)])
            tries += 1

    async def _reach(self) -> Fault | None:
        try:
            self._link = await connect(
                self._settings, self._office.places.known_hosts, self._office.local
            )
            self._work_dir = await slot.resolve_work_dir(self._link, self._settings.work_dir)
        except Failure as failure:
            return failure.fault
        except Exception as error:
            log.exception("%s cannot be reached", self.name)
            return unexpected(error)
        return None

    async def _stay(self) -> Fault:
        """Tell that the device is there, and wait until it no longer is."""
        link = self._require()
        self._office.tell(Heard(ev.DeviceReached(self.name)))
        pulse = asyncio.create_task(self._pulse(link))
        try:
            return await link.wait_lost()
        finally:
            await end(pulse)

    async def _hang_up(self) -> None:
        await end(*(followed.task for followed in self._followed.values()))
        self._followed.clear()
        if self._link is not None:
            link, self._link = self._link, None
            await link.close()

    def _require(self) -> Link:
        if self._link is None:
            raise Failure(self._lost("not connected"))
        return self._link

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
            case do.OrderFrame(frame=frame, number=number):
                await self._append(run, RenderOrder(frame, number))
            case do.DropFrame(frame=frame, number=number):
                await self._append(run, DropOrder(frame, number))
            case do.DiscardFrame(frame=frame, number=number):
                await self._discard(run, CollectedOrder(frame, number))
            case do.StopRun():
                await self._stop(run, decision.at_once)
            case do.CollectFrame():
                return await self._collect(decision, run)
            case do.CloseRun():
                return await self._close_run(run)
        return None

    def _folder(self, run: Run) -> RunFolder:
        return RunFolder(self._work_dir, self._far(run.job), run.id)

    def _far(self, job: str) -> str:
        """Name a job's folder on the device, where other farms may have jobs of that name."""
        return f"{job}.{self._office.salt}"

    def _entry(self, run: Run) -> Followed:
        return self._followed.setdefault(run.id, Followed(Follower(run, self._office)))

    async def _start(self, run: Run) -> Event | None:
        link, folder, entry = self._require(), self._folder(run), self._entry(run)
        async with entry.lock:
            if entry.task is not None and not entry.task.done():
                return None
            state = await slot.state(link, folder)
            if state is Life.ABSENT:
                if self._office.offset(run.id):
                    return ev.RunEnded(run.id, self._vanished())
                await self._launch(link, folder, run)
            entry.task = asyncio.create_task(self._follow(link, folder, entry, state))
        return None

    def _vanished(self) -> Fault:
        return Fault.of(FaultKind.BLENDER_KILLED, device=self.name, status="?")

    async def _launch(self, link: Link, folder: RunFolder, run: Run) -> None:
        work = self._office.work(run.job)
        if self._settings.share_mount is None:
            await transfer.send_project(
                link,
                self._work_dir,
                self._far(run.job),
                work.project,
                work.root,
                cache=self._settings.cache,
            )
        else:
            await transfer.send_manifest(link, self._work_dir, self._far(run.job), work.project)
        await slot.prepare(link, folder, self._driver_settings(work, run))
        await slot.launch(link, folder, self._settings, work.spec.allow_scripts)

    def _driver_settings(self, work: Work, run: Run) -> RunSettings:
        mount = self._settings.share_mount
        if mount is None:
            return RunSettings(scene=work.spec.scene, allow_scripts=work.spec.allow_scripts)
        drop = self._office.share.taken(run.job)
        base = f"{mount.rstrip('/')}/{run.job}"
        return RunSettings(
            scene=work.spec.scene,
            allow_scripts=work.spec.allow_scripts,
            share_file=f"{base}/{drop.name}" if drop else None,
            out=f"{base}/{self._office.share.outbox_name(run.id)}",
        )

    async def _follow(self, link: Link, folder: RunFolder, entry: Followed, state: Life) -> None:
        """Read the log on from where the store has it, as long as the link holds."""
        follower = entry.follower
        offset = self._office.offset(folder.run)
        try:
            if state is Life.DEAD:
                for one in await slot.rest(link, folder, offset):
                    follower.hear(one)
                follower.gone(self._vanished())
                return
            async with slot.follow(link, folder, offset) as entries:
                async for one in entries:
                    follower.hear(one)
                    if follower.is_over:
                        return
        except Failure as failure:
            if failure.fault.kind is not FaultKind.LINK_LOST:
                self._office.tell(Heard(ev.RunFailed(folder.run, failure.fault)))

    async def _append(self, run: Run, *orders: Order) -> None:
        entry = self._entry(run)
        async with entry.lock:
            await slot.append(self._require(), self._folder(run), orders)

    async def _discard(self, run: Run, order: Order) -> None:
        """Say that files are no longer needed; a run that is gone takes them with it."""
        entry = self._followed.get(run.id)
        if entry is not None and not entry.follower.is_over:
            await self._append(run, order)

    async def _stop(self, run: Run, at_once: bool) -> None:
        if not at_once:
            await self._append(run, QuitOrder())
            return
        await slot.kill(self._require(), self._folder(run))
        self._entry(run).follower.gone(None)

    async def _close_run(self, run: Run) -> Event:
        link, folder = self._require(), self._folder(run)
        await slot.kill(link, folder)
        entry = self._followed.pop(run.id, None)
        if entry is not None:
            await end(entry.task)
        await slot.remove(link, folder)
        if self._settings.share_mount is not None:
            await asyncio.to_thread(self._office.share.remove_outbox, run.job, run.id)
        return ev.RunClosed(run.id)

    async def remove_job(self, job: str) -> None:
        """Remove what a finished job has left here; what can't be removed now stays for later."""
        with contextlib.suppress(Failure):
            await transfer.remove_job(self._require(), self._work_dir, self._far(job))

    # frames

    async def _collect(self, decision: do.CollectFrame, run: Run) -> Event:
        try:
            async with self._collectors:
                for file in decision.files:
                    await self._collect_file(decision, run, file)
        except Failure as failure:
            raise Failure(self._named(failure.fault, decision.frame)) from failure
        return ev.FrameDone(decision.run, decision.frame, decision.number)

    def _named(self, fault: Fault, frame: int) -> Fault:
        """Say whose frame it was, where the one who found fault with its files doesn't know."""
        facts = {"device": self.name, "frame": str(frame)}
        new = tuple(fact for fact in facts.items() if not fault.fact(fact[0]))
        return Fault(fault.kind, fault.facts + new)

    async def _collect_file(self, decision: do.CollectFrame, run: Run, file: OutputFile) -> None:
        share = self._office.share
        target = await asyncio.to_thread(share.frame_target, decision.job, file.path)
        if self._settings.share_mount is not None:
            own = f"{decision.frame}-{decision.number}"
            source = share.outbox(decision.job, run.id) / own / file.path
            await asyncio.to_thread(share.adopt, source, target, file.size, file.sha256)
            return
        source = share.beside(target, f"{run.id}/{decision.frame}/{decision.number}")
        remote = self._folder(run).output(decision.frame, decision.number, file.path)
        await fetch(self._require(), remote, source, file.size, file.sha256)
        await asyncio.to_thread(share.place, source, target)

    # pulse

    async def _pulse(self, link: Link) -> None:
        """Give each Blender a sign of life, and look for those that fell silent."""
        told = self._office.clock.now()
        while True:
            await asyncio.sleep(SILENCE / 3)
            now = self._office.clock.now()
            entries = [one for one in self._followed.values() if not one.follower.is_over]
            with contextlib.suppress(Failure):
                for entry in entries:
                    await self._look_after(link, entry, now)
                if now - told >= ALIVE:
                    told = now
                    await self._greet(entries)

    async def _greet(self, entries: Sequence[Followed]) -> None:
        for entry in entries:
            await self._append(entry.follower.run, AliveOrder())

    async def _look_after(self, link: Link, entry: Followed, now: float) -> None:
        follower = entry.follower
        silent = now - follower.last_heard
        if silent < SILENCE or entry.task is None:
            return
        folder = self._folder(follower.run)
        if await slot.state(link, folder) is not Life.ALIVE:
            follower.gone(self._vanished())
        elif silent >= STUCK:
            await slot.kill(link, folder)
            follower.gone(Fault.of(FaultKind.BLENDER_SILENT, device=self.name))


def _without(settings: DeviceSettings, plain: dict[str, object]) -> DeviceSettings:
    """Give settings with those left out that change nothing about how a device is reached."""
    return msgspec.structs.replace(settings, **plain)
