"""The engine's three verbs: take events from the inbox, apply them, perform what was decided."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from blendtui.devices.local_server import LocalServer
from blendtui.engine import parts
from blendtui.engine.archive import Archive
from blendtui.engine.arrivals import Arrivals
from blendtui.engine.beside import Beside
from blendtui.engine.errands import Errands
from blendtui.engine.finishing import Finishing
from blendtui.engine.fleet import Fleet
from blendtui.engine.live_logs import LiveLogs
from blendtui.engine.memory import keep_small, share_arenas
from blendtui.engine.office import Heard, Office, Work
from blendtui.engine.ownership import Owners
from blendtui.engine.pictures import Pictures
from blendtui.engine.power import Power
from blendtui.engine.reports import Reports
from blendtui.engine.station import Station
from blendtui.engine.surveys import Surveys
from blendtui.engine.tasks import end
from blendtui.engine.timekeeping import Timekeeping
from blendtui.engine.vitals import Vitals
from blendtui.engine.wishes import Wishes
from blendtui.errors import Failure, unexpected
from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.decisions import Decision
from blendtui.farm.events import Event
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import Run
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.state import Note, Step, Stored
from blendtui.places import Places
from blendtui.settings import Settings
from blendtui.share import Share
from blendtui.store.journal import Journal

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks at what only time changes."""

PROGRESS = 0.5
"""Seconds between two writings of progress."""

FORECAST = 2.0
"""Seconds between two forecasts."""

STORE_AGAIN = 2.0
"""Seconds until what the store has no room for is written to it again."""

LOGS_AT_MOST = 300
"""Logs of failed tries that are kept of a job, since the start."""

CLOSE_TRIES = 3
"""Failed tries to remove what a run left, after which `--once` waits for it no longer."""


@dataclass(slots=True)
class _Batch:
    """What the rules made of some events: to be stored, then to be done."""

    decisions: list[Decision] = field(default_factory=list)
    changed: dict[int, Stored] = field(default_factory=dict)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)

    def add(self, cause: int, step: Step) -> None:
        self.decisions.extend(step.decisions)
        self.changed.update((id(one), one) for one in step.changed)
        self.notes.extend((cause, note) for note in step.notes)


class Engine:
    """One farm for one share. `run` goes on until it is cancelled or, with `once`, all is done.

    `touch` is called often and may block; `warn` is told what the store has no room for.
    """

    def __init__(
        self,
        settings: Settings,
        places: Places,
        share: Share,
        touch: Callable[[], None],
        warn: Callable[[Fault], None],
    ) -> None:
        self._touch = touch
        self._warn = warn
        self._journal = Journal(places.store)
        self._timekeeping = Timekeeping(places, self._journal)
        self._scheduler = Scheduler(self._journal.salt)
        self._inbox: asyncio.Queue[Heard] = asyncio.Queue()
        self._offsets: dict[str, int] = {}
        self._logs: dict[str, int] = {}
        self._effects: set[asyncio.Task[None]] = set()
        self._tidying: set[asyncio.Task[None]] = set()
        self._local = LocalServer()
        self._office = Office(
            share=share,
            places=places,
            clock=self._timekeeping.clock,
            local=self._local,
            salt=self._journal.salt,
            tell=self._inbox.put_nowait,
            work=self._work,
            offset=lambda run: self._offsets.get(run, 0),
            keep_log=self._keep_log,
            jobs_on=lambda device: {run.job for run in self._scheduler.farm.runs_on(device)},
            live=LiveLogs(places.own, self._journal),
            owners=Owners(self._output, self._journal.placed),
            beside=Beside(self._journal, self._scheduler.farm.jobs),
        )
        self._arrivals = Arrivals(
            self._office, self._journal, settings.share, self._scheduler.farm.names
        )
        farm = self._scheduler.farm
        self._fleet = Fleet(settings, self._office, farm, self._arrivals)
        self._pictures = Pictures(self._office, self._journal, farm, self._fleet.read_picture)
        self._reports = Reports(self._office)
        self._vitals = Vitals(self._office, self._journal)
        self._surveys = Surveys(self._office, self._journal)
        self._power = Power(self._office, farm, self._fleet)
        self._finishing = Finishing(self._office, self._journal, farm, self._reports)
        errands = Errands(
            self._office,
            self._journal,
            farm,
            self._fleet,
            self._pictures,
            finishing=self._finishing,
        )
        self._archive = Archive(self._office, self._journal, self._scheduler)
        self._wishes = Wishes(self._office, self._journal, farm, errands, self._archive.recall)

    @property
    def settings(self) -> Settings:
        """What devices.toml says now."""
        return self._fleet.settings

    async def run(self, once: bool = False) -> None:
        """Run the farm. Devices' Blenders go on by themselves when it ends.

        With `once`, ends when every drop is taken, every job is over and reported (or waits for
        devices of which there is none), and nothing is left on the devices that can be reached.

        Raises:
            Failure: the share is gone at the start.
        """
        share_arenas()
        self._office.share.check()
        await self._local.start()
        await self._restore()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._apply_all(), name="inbox"),
                    group.create_task(self._tick(), name="tick"),
                    group.create_task(self._flush_progress(), name="progress"),
                    group.create_task(self._foretell(), name="forecast"),
                    group.create_task(self._wishes.keep(), name="wishes"),
                    group.create_task(self._keep_touching(), name="touch"),
                    group.create_task(self._fleet.follow_config(), name="config"),
                    group.create_task(self._fleet.keep_hours(), name="hours"),
                    group.create_task(self._power.keep(), name="power"),
                    group.create_task(self._arrivals.keep(), name="arrivals"),
                    group.create_task(self._arrivals.keep_swept(), name="strays"),
                    group.create_task(self._reports.keep(), name="reports"),
                    group.create_task(self._timekeeping.keep(), name="clock"),
                    group.create_task(self._vitals.keep(), name="vitals"),
                    group.create_task(self._surveys.keep(), name="surveys"),
                    group.create_task(self._pictures.keep(), name="pictures"),
                    group.create_task(self._office.live.keep(), name="live logs"),
                    group.create_task(keep_small(), name="memory"),
                    group.create_task(self._archive.keep(), name="archive"),
                ]
                try:
                    await (self._until_done() if once else asyncio.Future())
                finally:
                    await end(*tasks)
        finally:
            await self._close()

    async def _restore(self) -> None:
        saved = self._journal.load()
        self._offsets.update(saved.offsets)
        self._scheduler.restore(
            saved.jobs,
            saved.devices,
            saved.runs,
            saved.attempts,
            learned=saved.learned,
            last_run=saved.last_run,
            last_position=saved.last_position,
            names=saved.names,
        )
        runs = frozenset(run.id for run in saved.runs)
        for job, _ in saved.jobs:
            if job.is_open or not job.reported:
                await asyncio.to_thread(self._office.share.sweep, job.name, runs)
        self._surveys.load()
        await self._fleet.equip()

    async def _close(self) -> None:
        await self._fleet.close()
        await end(*self._effects, *self._tidying)
        await self._local.close()
        self._journal.close()

    async def _until_done(self) -> None:
        # Done is what the share, the rules and the devices say together: there is no one event.
        while not self._is_done():  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    def _is_done(self) -> bool:
        farm = self._scheduler.farm
        return (
            self._arrivals.is_idle
            and self._inbox.empty()
            and not self._tidying
            and not any(self._is_awaited(run) for run in farm.runs.values())
            and all(job.is_stuck for job in farm.unreported.values())
        )

    def _is_awaited(self, run: Run) -> bool:
        """Whether a run's end can be waited for: its device is there, or was not tried yet."""
        device = self._scheduler.farm.devices.get(run.slot.device)
        if device is None or run.close_tries >= CLOSE_TRIES:
            return False
        return device.contact or (device.fault is None and device.name in self._fleet)

    # apply: no await between an event and its place in the store, as long as that has room

    async def _apply_all(self) -> None:
        while True:
            heard = [await self._inbox.get()]
            while not self._inbox.empty():
                heard.append(self._inbox.get_nowait())
            batch = self._apply(heard)
            self._office.storing = True
            await self._store(batch)
            self._office.storing = False
            self._offsets.update(batch.offsets)
            for item in heard:
                if item.after is not None:
                    item.after()
            for decision in batch.decisions:
                self._begin(decision)

    def _apply(self, heard: Sequence[Heard]) -> _Batch:
        now = self._office.clock.now()
        batch = _Batch()
        cause = 0
        for item in heard:
            cause = self._journal.next_cause()
            if isinstance(item.event, Note):
                batch.notes.append((cause, item.event))
            else:
                batch.add(cause, self._scheduler.hear(item.event, now))
            if item.run is not None:
                batch.offsets[item.run] = item.offset
        batch.add(cause, self._scheduler.choose(now))
        return batch

    async def _store(self, batch: _Batch) -> None:
        """Write a batch; where there is no room nothing goes on, nor is anything lost."""
        warned = False
        while batch.changed or batch.notes or batch.offsets:
            try:
                now = self._office.clock.now()
                self._journal.commit(now, batch.changed.values(), batch.notes, batch.offsets)
            except Failure as failure:
                if failure.fault.kind is not FaultKind.STATE_UNWRITABLE:
                    raise
                if not warned:
                    self._warn(failure.fault)
                warned = True
                await asyncio.sleep(STORE_AGAIN)
            else:
                return

    # perform: one decision, one task, one event

    def _begin(self, decision: Decision) -> None:
        self._hold(asyncio.create_task(self._perform(decision)))

    def _hold(self, task: asyncio.Task[None]) -> None:
        self._effects.add(task)
        task.add_done_callback(self._effects.discard)

    async def _perform(self, decision: Decision) -> None:
        try:
            event = await self._effect(decision)
        except Failure as failure:
            event = decision.failed(failure.fault)
        except Exception as error:
            log.exception("%r failed unexpectedly", decision)
            event = decision.failed(unexpected(error))
        if event is not None:
            self._office.tell(Heard(event))

    async def _effect(self, decision: Decision) -> Event | None:
        if isinstance(decision, do.FinishJob):
            self._tidy(decision.job, self._fleet)
            await self._finishing.finish(decision.job)
            return ev.JobReported(decision.job)
        run = self._scheduler.farm.runs.get(decision.run)
        station = self._fleet.station(run.slot.device) if run else None
        if run is None or station is None:
            raise Failure.of(FaultKind.LINK_LOST, device="?", detail="not in devices.toml")
        event = await station.perform(decision, run)
        if isinstance(event, ev.RunClosed):
            self._office.tell(Heard(event, after=lambda: self._tidy(run.job, [station])))
            return None
        frames = self._scheduler.farm.frames.get(run.job, {})
        if isinstance(event, ev.FrameDone) and parts.has_parts(frames.get(event.frame)):
            remove = parts.removing(self._office, run.job, event.frame)
            self._office.tell(Heard(event, after=lambda: self._hold(remove())))
            return None
        return event

    def _tidy(self, job: str, stations: Iterable[Station]) -> None:
        """Remove what a job that is over has left on devices; those out of reach are tidied later.

        Where it still has runs it is tidied when the last of them closes.
        """
        known = self._scheduler.farm.jobs.get(job)
        if known is not None and known.is_open:
            return
        for station in stations:
            task = asyncio.create_task(station.tidy(), name=f"tidy {station.name}")
            self._tidying.add(task)
            task.add_done_callback(self._tidying.discard)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self._office.tell(Heard(ev.Tick()))
            await self._fleet.retire()
            for run in self._offsets.keys() - self._scheduler.farm.runs.keys():
                del self._offsets[run]

    async def _keep_touching(self) -> None:
        while True:
            await asyncio.to_thread(self._touch)
            await asyncio.sleep(TICK)

    async def _flush_progress(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS)
            if self._office.progress:
                with contextlib.suppress(Failure):  # nobody misses it
                    self._journal.progress(self._office.progress.values())
                self._office.progress.clear()

    async def _foretell(self) -> None:
        while True:
            await asyncio.sleep(FORECAST)
            outlook = self._scheduler.forecast(self._office.clock.now())
            every = outlook.jobs if outlook.queue is None else {**outlook.jobs, "": outlook.queue}
            with contextlib.suppress(Failure):  # the next one comes soon
                self._journal.foretell(
                    {job: (one.low, one.expected, one.high) for job, one in every.items()}
                )

    def _keep_log(self, job: str, frame: int, number: int, text: str) -> None:
        """Keep a failed try's log beside its frames; a share that is full does without."""
        self._logs[job] = self._logs.get(job, 0) + 1
        if self._logs[job] > LOGS_AT_MOST:
            return
        name = f"frame-{frame}-try-{number}.log"

        async def keep() -> None:
            with contextlib.suppress(Failure):
                await asyncio.to_thread(self._office.share.keep_log, job, name, text)

        self._hold(asyncio.create_task(keep()))

    def _output(self, job: str) -> str | None:
        """Give the output path of a job's frames, as far as it could be read here."""
        work = self._work(job)
        scene = work.facts.scene(work.spec.scene) if work.facts else None
        return work.spec.overrides.output or (scene.output if scene else None)

    def _work(self, job: str) -> Work:
        found = self._journal.project(job)
        known = self._scheduler.farm.jobs.get(job)
        if found is None or known is None:
            raise Failure.of(FaultKind.JOB_UNKNOWN, job=job)
        place = self._office.places.project(job)
        return Work(known.spec, found[0], found[1], place, known.blender)
