"""`blendtui --watch`: runs the engine without a screen and prints what the store shows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import TextIO

from blendtui import telling
from blendtui.engine.core import Engine
from blendtui.errors import Failure
from blendtui.farm.faults import Fault
from blendtui.locks import EngineLock
from blendtui.notify import Notifier
from blendtui.places import Places
from blendtui.settings import Settings
from blendtui.share import Share
from blendtui.store.views import ForecastRow, JobRow, RunRow, Views
from blendtui.tables import fitted
from blendtui.wording import clock, explain, safe

log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks at the store."""


async def watch(
    settings: Settings, places: Places, share: Share, *, once: bool, log_format: str
) -> int:
    """Run the farm for a share until a signal, or with `once` until all is done.

    Gives the exit code: 0 when every job that ended meanwhile is complete, 1 otherwise. With
    `once`, a job that could not go on for want of a device counts as not complete.

    Raises:
        Failure: the share is missing, or another engine has it or has taken it meanwhile.
    """
    with EngineLock(places) as lock:
        share.is_back = lock.is_in_place
        views = Views(places.store)
        known, seen = views.reported(), views.revision()
        printer = Printer(views, sys.stdout, as_json=log_format == "json")

        def warn(fault: Fault) -> None:
            printer.say(str(explain(fault)))

        engine = Engine(settings, places, share, touch=lock.touch, warn=warn)
        try:
            async with _notifying(engine, places, warn):
                await _until_told(engine, printer, once)
            printer.look()
            printer.finish()
            mine = [*views.jobs(seen), *views.open_jobs()]
            return int(any(_is_bad(job, once) for job in mine if job.name not in known))
        finally:
            views.close()


@contextlib.asynccontextmanager
async def _notifying(
    engine: Engine, places: Places, warn: Callable[[Fault], None]
) -> AsyncIterator[None]:
    """Have people told what happens meanwhile, apart from the engine."""
    loop = asyncio.get_running_loop()

    def warn_here(fault: Fault) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(warn, fault)

    notifier = Notifier(places, lambda: engine.settings.notify, warn_here, sys.stdout)
    notifier.start()
    try:
        yield
    finally:
        await asyncio.to_thread(notifier.close)


def _is_bad(job: JobRow, once: bool) -> bool:
    return job.state in ("failed", "cancelled") or (once and job.state != "done")


async def _until_told(engine: Engine, printer: Printer, once: bool) -> None:
    running = asyncio.create_task(engine.run(once))
    printing = asyncio.create_task(printer.keep())
    printing.add_done_callback(_log_end)

    def stop() -> None:
        if not running.cancelling():
            printer.say("Stopping. Devices finish what they have; the next start goes on from it.")
        running.cancel()

    with _signals(stop):
        try:
            await running
        except asyncio.CancelledError:
            pass
        except BaseExceptionGroup as group:
            failure = _told(group)
            if failure is None:
                raise
            raise failure from group
        finally:
            printing.cancel()
            await asyncio.gather(printing, return_exceptions=True)


def _log_end(printing: asyncio.Task[None]) -> None:
    """Keep why nothing is printed any longer, such as a pipe that was closed; the farm goes on."""
    if not printing.cancelled() and (error := printing.exception()):
        log.error("nothing is printed any longer", exc_info=error)


def _told(group: BaseExceptionGroup[BaseException]) -> Failure | None:
    """Give what of an engine's end a user can be told about, if there is such a thing."""
    for error in group.exceptions:
        found = _told(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, Failure):
            return found
    return None


@contextlib.contextmanager
def _signals(end: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM end the engine in order, on every system."""
    loop = asyncio.get_running_loop()

    def stop(*_: object) -> None:
        loop.call_soon_threadsafe(end)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Printer:
    """Prints each thing that happened once; on a terminal, a line of progress below it."""

    def __init__(self, views: Views, stream: TextIO, *, as_json: bool) -> None:
        self._views = views
        self._stream = stream
        self._as_json = as_json
        self._last = views.last_history()
        self._live = stream.isatty() and not as_json and os.environ.get("TERM") != "dumb"
        self._version = -1

    async def keep(self) -> None:
        """Print until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK)

    def look(self) -> None:
        """Print what is new in the store."""
        version = self._views.version()
        if version == self._version:
            return
        self._version = version
        for row in self._views.history(self._last):
            self._last = row.id
            if self._as_json:
                self._write(json.dumps(telling.as_json(row)))
            else:
                moment = time.strftime("%H:%M:%S", time.localtime(row.at))
                self._write(f"{moment}  {telling.line(row)}")
        if self._live:
            self._show_progress()

    def say(self, text: str) -> None:
        """Print a line of our own."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"at": now, "kind": "engine", "text": text}
        self._write(json.dumps(told) if self._as_json else text)

    def finish(self) -> None:
        """Leave the terminal's line of progress."""
        if self._live:
            self._stream.write("\r\x1b[K")
        self._stream.flush()

    def _write(self, text: str) -> None:
        clear = "\r\x1b[K" if self._live else ""
        self._stream.write(f"{clear}{text}\n")
        self._stream.flush()

    def _show_progress(self) -> None:
        width = max(shutil.get_terminal_size().columns - 1, 0)
        open_jobs = self._views.open_jobs()
        text = progress_line(open_jobs, self._views.runs(), self._views.forecasts())
        self._stream.write(f"\r\x1b[K{fitted(text, width)}")
        self._stream.flush()


def progress_line(jobs: list[JobRow], runs: list[RunRow], forecasts: dict[str, ForecastRow]) -> str:
    """Sum up what goes on, in one line: the first job's bar, then what each slot renders."""
    if not jobs:
        return "Waiting for a project in the share."
    job = jobs[0]
    filled = round(20 * job.done / max(job.total, 1))
    bar = "█" * filled + "░" * (20 - filled)
    forecast = forecasts.get(job.name)
    until = f", done at {clock(forecast.expected)}" if forecast else ""
    more = f" +{len(jobs) - 1} jobs" if len(jobs) > 1 else ""
    slots = [_slot(run) for run in runs if run.state == "ready" and run.frame is not None]
    return f"{safe(job.name)} {bar} {job.done}/{job.total}{until}{more}  {'  '.join(slots)}"


def _slot(run: RunRow) -> str:
    sample = f" {run.sample}/{run.samples}" if run.sample and run.samples else ""
    return f"{safe(run.device)}: {run.frame}{sample}"
