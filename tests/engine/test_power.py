"""The packet that wakes a computer, and who is woken for which work."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.engine import power
from blendtui.engine.fleet import Fleet
from blendtui.engine.office import Heard
from blendtui.engine.power import Power, magic_packet, wake
from blendtui.engine.station import Station
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceMode, DeviceSpec, JobSpec
from blendtui.farm.state import Note, NoteKind
from blendtui.settings import DeviceSettings, Settings, ShareSettings
from tests.support.offices import office, places_in
from tests.support.stores import StoreStory

MACS = {"fast": "02:00:00:00:00:01", "slow": "02:00:00:00:00:02", "gone": "02:00:00:00:00:03"}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(10)
        yield made


class Sleepers(Fleet):
    """Devices that are all asleep, without stations."""

    def __init__(self, folder: Path, address: str, **more: object) -> None:
        speeds = {"slow": 1.0, "fast": 3.0, "gone": 9.0}
        self._settings = Settings(
            source=folder / "devices.toml",
            share=ShareSettings(),
            devices=tuple(
                DeviceSettings(
                    name=name,
                    host=name,
                    performance=speed,
                    mac=MACS[name],
                    wake_address=address,
                    enabled=name != "gone",
                    idle_command="true",
                    idle_after=300.0,
                )
                for name, speed in speeds.items()
            ),
        )

    def station(self, device: str) -> Station | None:
        return None

    def require(self, device: str) -> Station:
        raise Failure.of(FaultKind.LINK_LOST, device=device)


class Night:
    """A farm whose devices sleep; `look` lets the engine look after them once."""

    def __init__(self, folder: Path, address: str) -> None:
        places = places_in(folder)
        self.story = StoreStory(places.store)
        self.heard: list[Heard] = []
        self.now = 1000.0
        self.fleet = Sleepers(folder, address)
        farm = self.story.scheduler.farm
        self.power = Power(office(places, self.story.journal, self.heard), farm, self.fleet)
        specs = [
            DeviceSpec(one.name, enabled=one.enabled, performance=one.performance)
            for one in self.fleet.settings.devices
        ]
        self.story.tell(ev.DevicesSet(tuple(specs)))

    def look(self, after: float = 0.0) -> None:
        self.now += after
        self.power._look(self.now)

    async def idle(self, *waits: float) -> None:
        """Look after each of these seconds, and let those that are idle be sent to sleep."""
        for after in waits:
            self.look(after)
        await asyncio.gather(*self.power._going.values())

    def begin(self, job: JobSpec, samples: int = 0) -> None:
        """Let the fast device be there, and its Blender have the job open."""
        away = Fault.of(FaultKind.HOST_UNREACHABLE, device="slow")
        self.story.tell(ev.DeviceLost("slow", away), ev.DeviceReached("fast"), ev.JobAdded(job))
        (run,) = self.story.scheduler.farm.runs_of(job.name)
        self.story.tell(ev.RunReady(run.id, "3.4.1", samples=samples))

    def notes(self) -> list[tuple[str, str | None]]:
        return [(one.event.kind, one.event.device) for one in self.heard
                if isinstance(one.event, Note)]  # fmt: skip


@pytest.fixture
def night(tmp_path: Path, listener: socket.socket) -> Iterator[Night]:
    made = Night(tmp_path, f"127.0.0.1:{listener.getsockname()[1]}")
    yield made
    made.story.journal.close()


def _packets(listener: socket.socket) -> list[bytes]:
    listener.setblocking(False)
    found = []
    while True:
        try:
            found.append(listener.recvfrom(1000)[0])
        except BlockingIOError:
            return found


def _for(*names: str) -> list[bytes]:
    return [magic_packet(MACS[name]) for name in names]


def test_the_packet_is_that_of_every_network_card(listener: socket.socket) -> None:
    wake("00:1a:2b:3c:4d:5e", f"127.0.0.1:{listener.getsockname()[1]}")
    packet, _ = listener.recvfrom(1000)
    assert packet == b"\xff" * 6 + bytes.fromhex("001a2b3c4d5e") * 16
    assert len(packet) == 102


def test_without_work_nobody_is_woken(night: Night, listener: socket.socket) -> None:
    night.look()
    assert _packets(listener) == []


def test_the_quickest_are_woken_and_no_more_than_there_are_frames(
    night: Night, listener: socket.socket
) -> None:
    night.story.tell(ev.JobAdded(JobSpec("shot", "a.blend", (1,))))
    night.look()
    assert _packets(listener) == _for("fast")
    assert night.notes() == [(NoteKind.DEVICE_WOKEN, "fast")]


def test_all_that_fit_are_woken_for_a_large_job(night: Night, listener: socket.socket) -> None:
    night.story.tell(ev.JobAdded(JobSpec("shot", "a.blend", tuple(range(100)))))
    night.look()
    assert _packets(listener) == _for("fast", "slow")


def test_a_packet_is_repeated_for_a_while_and_said_once(
    night: Night, listener: socket.socket
) -> None:
    night.story.tell(ev.JobAdded(JobSpec("shot", "a.blend", (1,))))
    for _ in range(5):
        night.look(after=power.WAKE_AGAIN / 4)
    assert _packets(listener) == _for("fast", "fast")
    assert len(night.notes()) == 1


def test_for_one_that_never_comes_another_is_woken(night: Night, listener: socket.socket) -> None:
    night.story.tell(ev.JobAdded(JobSpec("shot", "a.blend", (1,))))
    for _ in range(power.WAKE_TRIES + 2):
        night.look(after=power.WAKE_AGAIN)
    woken = _packets(listener)
    assert woken[: power.WAKE_TRIES] == _for("fast") * power.WAKE_TRIES
    assert _for("slow")[0] in woken


def test_one_that_never_came_is_woken_for_the_next_work(
    night: Night, listener: socket.socket
) -> None:
    night.story.tell(ev.JobAdded(JobSpec("shot", "a.blend", tuple(range(100)))))
    for _ in range(power.WAKE_TRIES + 2):
        night.look(after=power.WAKE_AGAIN)
    assert len(_packets(listener)) == 2 * power.WAKE_TRIES
    night.story.tell(ev.JobCancelled("shot"))
    night.look(after=power.WAKE_AGAIN)
    night.story.tell(ev.JobAdded(JobSpec("next", "a.blend", (1,))))
    night.look(after=power.WAKE_AGAIN)
    assert _packets(listener) == _for("fast")


def test_all_are_woken_for_a_still_that_they_could_render_in_parts(
    night: Night, listener: socket.socket
) -> None:
    night.story.tell(ev.JobAdded(JobSpec("still", "a.blend", (1,), split=True)))
    night.look()
    assert _packets(listener) == _for("fast", "slow")


def test_a_still_that_is_being_rendered_in_parts_wakes_others_for_the_parts_that_wait(
    night: Night, listener: socket.socket
) -> None:
    night.begin(JobSpec("still", "a.blend", (1,), split=True), samples=512)
    night.look()
    assert _packets(listener) == _for("slow")


def test_a_still_that_cannot_be_rendered_in_parts_wakes_nobody_else(
    night: Night, listener: socket.socket
) -> None:
    night.begin(JobSpec("still", "a.blend", (1,), split=True), samples=0)
    night.look()
    assert _packets(listener) == []


def test_frames_that_hang_on_each_other_wake_one_only(
    night: Night, listener: socket.socket
) -> None:
    night.story.tell(ev.JobAdded(JobSpec("smoke", "a.blend", tuple(range(100)), in_order=True)))
    night.look()
    assert _packets(listener) == _for("fast")


def test_such_frames_wake_nobody_while_a_blender_is_at_them(
    night: Night, listener: socket.socket
) -> None:
    night.begin(JobSpec("smoke", "a.blend", tuple(range(100)), in_order=True))
    night.look()
    assert _packets(listener) == []


def test_such_frames_keep_no_other_device_from_sleeping(night: Night) -> None:
    night.begin(JobSpec("smoke", "a.blend", tuple(range(100)), in_order=True))
    night.story.tell(ev.DeviceReached("slow"))
    asyncio.run(night.idle(power.LOOK, 600.0))
    assert (NoteKind.DEVICE_ASLEEP, "slow") in night.notes()
    assert (NoteKind.DEVICE_ASLEEP, "fast") not in night.notes()


@pytest.mark.parametrize(
    "event",
    [
        ev.DeviceHours("fast", resting=True),
        ev.DeviceModeSet("fast", DeviceMode.OFF),
    ],
    ids=["outside its hours", "switched off"],
)
def test_one_that_may_not_render_now_is_left_asleep(
    night: Night, listener: socket.socket, event: ev.Event
) -> None:
    night.story.tell(event, ev.JobAdded(JobSpec("shot", "a.blend", (1,))))
    night.look()
    assert _packets(listener) == _for("slow")


def test_a_packet_that_cannot_be_sent_is_said(tmp_path: Path) -> None:
    night = Night(tmp_path, "127.0.0.1:0")
    night.story.tell(ev.JobAdded(JobSpec("shot", "a.blend", (1,))))
    night.look()
    faults = [one.event.fault for one in night.heard if isinstance(one.event, Note)]
    night.story.journal.close()
    assert [fault.kind for fault in faults if isinstance(fault, Fault)] == [FaultKind.WAKE_FAILED]
