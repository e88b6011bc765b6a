"""The engine with simulated devices: run as a process of its own.

Stand-ins for devices, links and Blenders: each slot writes the log that a driver would write,
which the engine reads with its own reader. Nothing is sent over SSH, and no files are collected:
benchmarks/sessions.py measures those.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import deque
from collections.abc import Collection
from pathlib import Path

from blendtui import config, headless
from blendtui.devices.protocol import LogReader
from blendtui.engine import fleet
from blendtui.engine.follower import Follower
from blendtui.engine.office import Heard
from blendtui.engine.station import Station
from blendtui.engine.tasks import end
from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.decisions import Decision
from blendtui.farm.events import Event
from blendtui.farm.model import Run
from blendtui.places import Places
from blendtui.share import Share
from blendtui.store.shown import VitalsRow

SECONDS = 10.0
"""Seconds that a frame takes on a slot, on average: 1,000 slots finish 100 frames a second."""

SAMPLES = 10
VITALS = 15.0


class Slot:
    """A stand-in for one Blender: writes its driver's log, a line a second and two a frame."""

    def __init__(self, run: Run, station: SimulatedStation) -> None:
        self._follower = Follower(run, station.office)
        self._reader = LogReader()
        self._station = station
        self._orders: deque[tuple[int, int]] = deque()
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._render())
        station.office.tell(Heard(ev.RunReady(run.id, "3.4.1")))

    def order(self, frame: int, number: int) -> None:
        self._orders.append((frame, number))
        self._wake.set()

    def drop(self, frame: int, number: int) -> None:
        if (frame, number) in self._orders:
            self._orders.remove((frame, number))
            self._say({"is": "dropped", "frame": frame, "try": number})

    async def close(self) -> None:
        await end(self._task)

    def leave(self) -> None:
        self._task.cancel()
        self._say({"is": "bye", "reason": "quit"})
        self._say({"is": "ended", "status": 0})

    def _say(self, line: dict[str, object] | str) -> None:
        data = line.encode() if isinstance(line, str) else b"\x1e" + json.dumps(line).encode()
        for entry in self._reader.feed(data + b"\n"):
            self._follower.hear(entry)

    async def _render(self) -> None:
        while True:
            while not self._orders:
                self._wake.clear()
                await self._wake.wait()
            frame, number = self._orders.popleft()
            named = {"frame": frame, "try": number}
            self._say({"is": "started", **named, "at": 0.0})
            seconds = SECONDS * random.uniform(0.7, 1.3)
            for sample in range(1, SAMPLES + 1):
                await asyncio.sleep(seconds / SAMPLES)
                self._say(f"Fra:{frame} Mem:40.1M (Peak 41.0M) | Sample {sample}/{SAMPLES}")
            file = {"path": f"shot_{frame:05d}.png", "size": 81_234, "sha256": "0" * 64}
            said = {"is": "rendered", **named, "at": 0.0, "seconds": seconds, "files": [file]}
            self._say({**said, "gap": 0.002, "memory": 50_000_000})


class SimulatedStation(Station):
    """A stand-in for a device that is always there."""

    def open(self) -> None:
        self.office = self._office
        self._slots: dict[str, Slot] = {}
        self._keeper = asyncio.create_task(self._be_there())

    async def close(self) -> None:
        await end(self._keeper)
        for slot in self._slots.values():
            await slot.close()

    async def _be_there(self) -> None:
        self._office.tell(Heard(ev.DeviceReached(self.name)))
        await asyncio.sleep(VITALS * random.random())
        while True:
            now, load = self._office.clock.now(), random.uniform(1, 2)
            row = VitalsRow(self.name, now, load, 8, 4 << 30, 16 << 30, 0.9, 61.0, 90 << 30)
            self._office.vitals[self.name] = row
            await asyncio.sleep(VITALS)

    async def perform(self, decision: Decision, run: Run) -> Event | None:
        match decision:
            case do.StartRun():
                self._slots[run.id] = Slot(run, self)
            case do.OrderFrame(frame=frame, number=number):
                self._slots[run.id].order(frame, number)
            case do.DropFrame(frame=frame, number=number):
                self._slots[run.id].drop(frame, number)
            case do.CollectFrame():
                return ev.FrameDone(decision.run, decision.frame, decision.number)
            case do.StopRun():
                self._slots[run.id].leave()
            case do.CloseRun():
                await self._slots.pop(run.id).close()
                return ev.RunClosed(run.id)
        return None

    async def tidy(self) -> None:
        """Nothing is on the device."""

    async def read_picture(self, run: Run, name: str, size: int) -> bytes:
        raise NotImplementedError

    async def clear_cache(self, keep: Collection[str]) -> int:
        raise NotImplementedError


def main(root: Path) -> None:
    """Run the farm of a folder until a signal."""
    fleet.Station = SimulatedStation  # type: ignore[attr-defined]
    settings = config.load(root / "devices.toml")
    places = Places(root / "state", root / "share")
    share = Share(places.share)
    asyncio.run(headless.watch(settings, places, share, once=False, log_format="text"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
