"""A farm's year in minutes: the real engine and store, simulated devices, job after job.

A station here carries out decisions at once, and reports frames as a device's log would: what is
measured is the engine, whether it keeps in mind or on disk what is long over. The store's bounds
are set low. Memory and file descriptors are taken all along; the last tenth is compared with the
first.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import tomli_w

from blendtui import config
from blendtui.engine import archive, fleet
from blendtui.engine.core import Engine
from blendtui.engine.office import Heard, Office
from blendtui.engine.station import Station
from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.decisions import Decision
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import JobSpec, OutputFile, Run
from blendtui.farm.project import Project
from blendtui.places import Places
from blendtui.process import stay_long
from blendtui.settings import DeviceSettings
from blendtui.share import Share
from blendtui.store.journal import Progress
from blendtui.store.upkeep import Bounds

FRAMES, A_JOB, DEVICES = 1_000_000, 500, 20
QUEUED = 3
FAILURES = 0.002
GROWTH = 0.05
FILES = 2
STORE = 100 * 2**20
SHA256 = "0" * 64


class SimStation(Station):
    """A stand-in for a device that is always there, and renders in no time."""

    def __init__(self, settings: DeviceSettings, office: Office) -> None:
        super().__init__(settings, office)
        self._chance = random.Random(settings.name)
        self._over: set[str] = set()

    def open(self) -> None:
        reached = Heard(ev.DeviceReached(self.name))
        asyncio.get_running_loop().call_later(0.1, self._office.tell, reached)

    async def close(self) -> None:
        """Nothing is open."""

    async def change(self, settings: DeviceSettings) -> None:
        """Nothing depends on it."""

    async def tidy(self) -> None:
        """Nothing is there."""

    async def perform(self, decision: Decision, run: Run) -> ev.Event | None:
        """Do as told at once."""
        tell = self._office.tell
        match decision:
            case do.StartRun():
                tell(Heard(ev.RunReady(run.id, "3.4.1"), run.id, 1))
            case do.OrderFrame(frame=frame, number=number):
                self._render(run, frame, number)
            case do.DropFrame(frame=frame, number=number):
                tell(Heard(ev.FrameDropped(run.id, frame, number), run.id, 2))
            case do.CollectFrame(job=job, frame=frame, number=number, files=files):
                self._office.owners.take(job, frame, [file.path for file in files])
                return ev.FrameDone(run.id, frame, number)
            case do.StopRun():
                self._office.live.hear(run.id, "Blender quit")
                if run.id not in self._over:
                    self._over.add(run.id)
                    tell(Heard(ev.RunEnded(run.id), run.id, 9))
            case do.CloseRun():
                self._over.discard(run.id)
                self._office.live.forget(run.id)
                return ev.RunClosed(run.id)
        return None

    def _render(self, run: Run, frame: int, number: int) -> None:
        tell, now = self._office.tell, self._office.clock.now()
        self._office.live.hear(run.id, f"Fra:{frame} Mem:9M | Sample 1/2")
        self._office.progress[run.id] = Progress(run.id, now, frame, 1, 2)
        tell(Heard(ev.FrameStarted(run.id, frame, number), run.id, frame * 100))
        seconds = self._chance.uniform(10, 20)
        if self._chance.random() < FAILURES:
            fault = Fault.of(FaultKind.RENDER_ERROR, device=self.name, frame=frame, detail="no")
            tell(Heard(ev.FrameFailed(run.id, frame, number, fault), run.id, frame * 100 + 1))
            return
        file = OutputFile(f"shot_{frame:04d}.png", 20_000, SHA256)
        done = ev.FrameRendered(run.id, frame, number, seconds, (file,))
        tell(Heard(done, run.id, frame * 100 + 1))


class Soak:
    """An engine, and jobs that keep it busy."""

    def __init__(self, frames: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="blendtui-soak-"))
        (self.root / "share").mkdir()
        self.places = Places(self.root / "state", self.root / "share")
        devices = {f"dev{number:02d}": {"host": "127.0.0.1"} for number in range(DEVICES)}
        file = self.root / "devices.toml"
        share = {"path": str(self.root / "share")}
        file.write_text(tomli_w.dumps({"share": share, "devices": devices}))
        settings, faults = config.check(file)
        assert settings is not None, faults
        self.engine = Engine(
            settings,
            self.places,
            Share(self.root / "share"),
            touch=lambda: None,
            warn=lambda fault: sys.exit(str(fault)),
        )
        # Reached within the first tenth: what is compared are two times of the same farm.
        few = frames // 25
        self.engine._journal.bounds = Bounds(jobs=200, frames=few, runs=few // 25, history=few)
        self.jobs = frames // A_JOB
        self.queue: list[str] = []
        self.seen: list[tuple[int, int, int, int]] = []

    async def run(self) -> None:
        """Render all jobs, looking at what the process takes after each hundredth."""
        running = asyncio.create_task(self.engine.run())
        begun, told = time.monotonic(), 0
        every = max(self.jobs // 100, 1)
        for number in range(self.jobs + QUEUED):
            while self.busy() >= (QUEUED if number < self.jobs else 1):
                assert not running.done(), running.exception()
                await asyncio.sleep(0.002)
            if number < self.jobs:
                self.add(f"job{number}")
            if number % every == 0 and number >= told:
                told = number + 1
                self.look(number)
                rate = number * A_JOB / (time.monotonic() - begun)
                if number % (every * 10) == 0:
                    self.tell(rate)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def add(self, name: str) -> None:
        """Tell the engine of a job, whose folder on the share is made as a drop would."""
        (self.root / "share" / name).mkdir()
        self.engine._journal.add_project(name, Project("a.blend", ()), None)
        spec = JobSpec(name, "a.blend", tuple(range(1, A_JOB + 1)))
        self.engine._inbox.put_nowait(Heard(ev.JobAdded(spec)))
        self.queue.append(name)

    def busy(self) -> int:
        """How many jobs are not over and reported."""
        farm = self.engine._scheduler.farm
        left = [one for one in self.queue if one not in farm.names or one in farm.unreported]
        self.queue = left
        return len(left)

    def look(self, job: int) -> None:
        """Note memory, file descriptors, and the bytes of the store."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        files = self.places.own.glob("store.db*")
        store = sum(path.stat().st_size for path in files)
        open_files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the folder's own is among them
        self.seen.append((job, pages * os.sysconf("SC_PAGE_SIZE"), open_files, store))

    def tell(self, rate: float) -> None:
        job, memory, files, store = self.seen[-1]
        print(f"  {job * A_JOB:>9,} frames  {memory / 2**20:6.1f} MiB  {files} files open"
              f"  store {store / 2**20:6.1f} MiB  {rate:6.0f} frames/s", flush=True)  # fmt: skip

    def judge(self) -> int:
        """Compare the last tenth with the first; 1 if a bound is missed."""
        tenth = max(len(self.seen) // 10, 1)
        # What a start takes is not growth: the first looks come before the first forecasts.
        first, last = self.seen[1 : tenth + 1], self.seen[-tenth:]
        memory = [statistics.median(one[1] for one in part) for part in (first, last)]
        # A report or a look at the store has some open for a moment; what leaks stays.
        files = [min(one[2] for one in part) for part in (first, last)]
        store = max(one[3] for one in self.seen)
        growth = memory[1] / memory[0] - 1
        grown = f"{memory[0] / 2**20:.1f} -> {memory[1] / 2**20:.1f} MiB, {growth:+.1%}"
        print(f"memory {grown} (bound {GROWTH:+.0%})")
        print(f"open files {files[0]:g} -> {files[1]:g} (bound: {FILES:+d})")
        print(f"store {store / 2**20:.0f} MiB at most (bound {STORE / 2**20:.0f})")
        return int(growth > GROWTH or files[1] > files[0] + FILES or store > STORE)


def main(frames: int = 100_000) -> int:
    """Run it; 1 if a bound is missed."""
    setattr(fleet, "Station", SimStation)  # noqa: B010 - it stands in for the real one
    archive.EVERY = 0.1
    stay_long()
    soak = Soak(frames)
    try:
        begun = time.monotonic()
        asyncio.run(soak.run())
        print(f"{soak.jobs * A_JOB:,} frames of {soak.jobs} jobs in"
              f" {time.monotonic() - begun:.0f} s")  # fmt: skip
        return soak.judge()
    finally:
        shutil.rmtree(soak.root, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=FRAMES)
    sys.exit(main(parser.parse_args().frames))
