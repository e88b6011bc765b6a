"""The screen of one device: its log as it grows, how it is, and what each key asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w
from textual.pilot import Pilot
from textual.widgets import RichLog

from blendtui.config import load
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec
from blendtui.store.shown import DeviceRow, VitalsRow
from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import Found
from blendtui.tui.screens.checkup import CheckScreen
from blendtui.tui.screens.device import DeviceScreen
from blendtui.tui.screens.device_words import facts, graphs
from blendtui.tui.screens.trust import TrustScreen
from blendtui.tui.widgets.graph import Graph, columns
from blendtui.tui.widgets.livelog import Tail
from tests.support.centres import Prepared, until
from tests.support.sshd import Sshd, needs_sshd


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Prepared]:
    with Prepared(tmp_path) as prepared:
        prepared.tell(ev.DevicesSet((DeviceSpec("tower", slots=2), DeviceSpec("oldpc"))))
        prepared.tell(ev.DeviceReached("tower"))
        lost = Fault.of(FaultKind.LINK_LOST, device="oldpc", detail="no route to host")
        prepared.tell(ev.DeviceLost("oldpc", lost))
        prepared.jobs(1)
        prepared.ready()
        prepared.render(4, failing=(1,))
        prepared.begin()
        yield prepared


def words(pilot: Pilot[int], name: str) -> str:
    return str(pilot.app.screen.query_one(name).render())


def log(pilot: Pilot[int]) -> str:
    view = pilot.app.screen.query_one("#device-log RichLog", RichLog)
    return "\n".join(line.text.rstrip() for line in view.lines)


def slots(app: ControlCentre) -> list[str]:
    """Give the runs of the device's two slots."""
    return [run.id for run in app.feed.runs_on("tower")]


def title(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one("#device-log").border_title)


async def test_the_log_grows_while_somebody_looks(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_device("tower")
        await pilot.pause()
        await until(pilot, lambda: "Waiting for what Blender says" in log(pilot))
        first, second = slots(app)
        assert set(farm.journal.looks()) == {first}
        path = app.feed.views.log_path(first)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"Fra:1 \x1b[31m [red]evil[/] \xff\nFra:2 half")
        await until(pilot, lambda: "Fra:1 \\x1b[31m [red]evil[/] \ufffd" in log(pilot))
        assert "half" not in log(pilot)
        with path.open("ab") as file:
            file.write(b" a line\n")
        await until(pilot, lambda: "Fra:2 half a line" in log(pilot))
        assert "slot 1" in title(pilot)
        await pilot.press("right_square_bracket")
        assert "slot 2" in title(pilot)
        assert second in farm.journal.looks()


async def test_the_log_can_be_searched(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_device("tower")
        await pilot.pause()
        path = app.feed.views.log_path(slots(app)[0])
        path.parent.mkdir(exist_ok=True)
        path.write_text("one apple\ntwo pears\nthree apples\n")
        await until(pilot, lambda: "three" in log(pilot))
        await pilot.press("slash", *"APPLE")
        await until(pilot, lambda: "two" not in log(pilot))
        assert log(pilot).split("\n") == ["one apple", "three apples"]
        await pilot.press("escape")
        await until(pilot, lambda: "two pears" in log(pilot))
        assert isinstance(app.screen, DeviceScreen)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, DeviceScreen))


async def test_frames_failures_and_the_average_are_told(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_device("tower")
        await pilot.pause()
        await until(pilot, lambda: "3 frames done" in words(pilot, "#facts"))
        assert "each, 1 failed" in words(pilot, "#facts")
        assert "slot 2" in words(pilot, "#facts")
        assert "2 slots  Blender 3.4.1" in words(pilot, "#about-device")


async def test_why_a_device_is_lost_is_told_with_its_cure(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_device("oldpc")
        await pilot.pause()
        await until(pilot, lambda: "no route to host" in words(pilot, "#facts"))
        assert "connects again by itself" in words(pilot, "#facts").replace("\n", " ")
        assert "not connected" in words(pilot, "#about-device")


def test_what_a_device_is_set_aside_from_is_told_with_the_reason() -> None:
    fault = Fault.of(FaultKind.RENDER_ERROR, device="tower", detail="Out of memory")
    spec = DeviceSpec("tower")
    row = DeviceRow("tower", 1, True, True, None, None, {"[red]shot": fault}, spec, "on", ())
    told = facts(row, [], None, None, {}).plain
    assert "is kept from [red]shot" in told
    assert "Out of memory" in told


async def test_how_it_is_is_drawn(farm: Prepared) -> None:
    for at in (0, 60):
        row = VitalsRow("tower", farm.now + at, 4.0 + at / 60, 8, 2**30, 2**32, None, 50.0, None)
        farm.journal.vitals([row], farm.now + at)
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_device("tower")
        await pilot.pause()
        await until(pilot, lambda: "5.0 of 8" in words(pilot, "#load"))
        assert "1.0 GiB of 4.0 GiB" in words(pilot, "#memory")
        assert "not known" in words(pilot, "#gpu")
        assert "50 °C" in words(pilot, "#temperature")
        assert "▄" in words(pilot, "#temperature") or "█" in words(pilot, "#temperature")
        assert app.screen.query_one("#gpu", Graph).display


def test_a_graph_stands_on_its_scale() -> None:
    assert columns([0.0, 0.5, 1.0], 3, 1) == ["▁▄█"]
    assert columns([0.5, None, 1.0], 3, 2) == ["  █", "█ █"]
    assert columns([0.1, 0.9, 0.2, 0.3], 2, 1) == ["▇▂"]
    assert columns([2.0, -1.0], 4, 1) == ["  █▁"]
    assert columns([], 3, 2) == ["   ", "   "]


def test_graphs_without_a_word_from_the_device_are_empty() -> None:
    assert graphs([]) == dict.fromkeys(("load", "memory", "gpu", "temperature"), ("", []))


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        (["d"], "drain"),
        (["o", "y"], "disable"),
        (["b"], "restart"),
        (["k"], "clear-cache"),
    ],
)
async def test_each_key_asks_for_its_action(farm: Prepared, keys: list[str], asked: str) -> None:
    async with farm.centre().run_test(size=(80, 24)) as pilot:
        pilot.app.open_device("tower")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press(*keys)
        await until(pilot, farm.requests)
        assert farm.requests() == [(asked, "tower", "")]


async def test_a_drained_device_is_enabled_by_the_same_key(farm: Prepared) -> None:
    farm.tell(ev.DeviceModeSet("tower", farm.scheduler.farm.devices["tower"].mode.DRAINING))
    app = farm.centre()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_device("tower")
        await pilot.pause()
        await pilot.press("d")
        await until(pilot, farm.requests)
        assert farm.requests() == [("enable", "tower", "")]


async def test_a_device_that_left_devices_toml_is_no_harm(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_device("gone [red]")
        await pilot.pause()
        await until(pilot, lambda: "not in devices.toml" in words(pilot, "#facts"))
        await pilot.press("d", "right_square_bracket")
        assert farm.requests() == []


def test_a_file_that_takes_anothers_place_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "live.log"
    tail = Tail(path)
    assert tail.look() == (False, [])
    path.write_text("one\ntwo\n")
    assert tail.look() == (True, ["one", "two"])
    assert tail.look() == (False, [])
    other = tmp_path / "other"
    other.write_text("two\nthree\n")
    other.replace(path)
    assert tail.look() == (True, ["two", "three"])


# through to a device


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


def _centre(farm: Prepared, server: Sshd) -> ControlCentre:
    device = server.device()
    own = {"host": device.host, "port": device.port, "user": device.user, "key": str(device.key),
           "work_dir": device.work_dir, "blender": "/no/such/blender"}  # fmt: skip
    path = farm.root / "devices.toml"
    path.write_text(tomli_w.dumps({"devices": {"tower": own}}))
    found = Found(path, load(path), farm.places)
    return ControlCentre(lambda: found, now=lambda: farm.now)


@needs_sshd
async def test_a_key_is_shown_and_trusted_and_the_check_goes_on(farm: Prepared, box: Sshd) -> None:
    app = _centre(farm, box)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_device("tower")
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen))
        await until(pilot, lambda: "is not known yet" in words(pilot, "#found Static"))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TrustScreen))
        await until(pilot, lambda: "SHA256:" in words(pilot, "#key"))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen))
        assert box.known_hosts_line().split()[2] in farm.places.known_hosts.read_text()
        await until(pilot, lambda: "/no/such/blender" in words(pilot, "#found Static"))
        assert "Cores" in words(pilot, "#found Static")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DeviceScreen))


@needs_sshd
async def test_another_key_than_the_one_shown_is_not_trusted(farm: Prepared, box: Sshd) -> None:
    app = _centre(farm, box)
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_device("tower")
        await pilot.pause()
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TrustScreen))
        await until(pilot, lambda: "SHA256:" in words(pilot, "#key"))
        box.stop()
        box.new_host_key()
        box.start()
        await pilot.press("y")
        await until(pilot, lambda: "HAS CHANGED" in words(pilot, "#key"))
        assert not farm.places.known_hosts.exists() or not farm.places.known_hosts.read_text()
