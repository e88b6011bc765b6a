"""How the screens look: on prepared stores, at a fixed time, in three sizes.

Each picture was looked at before it was accepted; `pytest --snapshot-update` takes new ones, to be
looked at again.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from blendtui.farm.faults import Fault, FaultKind
from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import Found
from blendtui.tui.screens import farm as home
from tests.support.centres import Prepared

SIZES = [(80, 24), (120, 40), (200, 60)]

Compare = Callable[..., bool]


@pytest.fixture
def farm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Prepared]:
    """A farm in a folder of always the same name, with always the same room on its share."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(home, "free_space", lambda _: 64 * 2**30)
    root = Path(tempfile.gettempdir()) / "blendtui-looks"
    shutil.rmtree(root, ignore_errors=True)
    with Prepared(root) as prepared:
        yield prepared
    shutil.rmtree(root, ignore_errors=True)


async def settled(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_a_first_start(farm: Prepared, snap_compare: Compare, size: tuple[int, int]) -> None:
    nothing = Found(faults=(Fault.of(FaultKind.NO_DEVICES, folder=farm.root),))
    app = ControlCentre(lambda: nothing)
    assert snap_compare(app, terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_yet(farm: Prepared, snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(farm.centre(), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES)
def test_three_devices_and_three_jobs(
    farm: Prepared, snap_compare: Compare, size: tuple[int, int]
) -> None:
    farm.devices(3, lost=1)
    farm.jobs(3)
    farm.ready()
    farm.render(20, failing=(4,))
    farm.begin()
    assert snap_compare(farm.centre(), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES)
def test_more_devices_and_jobs_than_fit(
    farm: Prepared, snap_compare: Compare, size: tuple[int, int]
) -> None:
    farm.devices(40, lost=3)
    farm.jobs(30, frames=30)
    farm.ready()
    farm.begin()
    assert snap_compare(farm.centre(), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES)
def test_a_job(farm: Prepared, snap_compare: Compare, size: tuple[int, int]) -> None:
    farm.devices(3, lost=1)
    farm.jobs(1, frames=250)
    farm.ready()
    farm.render(140, failing=(4, 30))
    farm.begin()

    async def opened(pilot: Pilot[int]) -> None:
        await pilot.press("enter", "down", "left")
        await settled(pilot)

    assert snap_compare(farm.centre(), terminal_size=size, run_before=opened)


def test_a_jobs_timeline_and_times(farm: Prepared, snap_compare: Compare) -> None:
    farm.devices(3)
    farm.jobs(1, frames=90)
    farm.ready()
    farm.render(60, failing=(4, 30))
    farm.begin()

    async def opened(pilot: Pilot[int]) -> None:
        await pilot.press("enter", "t")
        pilot.app.screen.action_tab("time")  # type: ignore[attr-defined]
        await settled(pilot)

    assert snap_compare(farm.centre(), terminal_size=(120, 40), run_before=opened)


def test_the_question_before_leaving(farm: Prepared, snap_compare: Compare) -> None:
    from blendtui.tui.screens.leave import LeaveScreen  # noqa: PLC0415

    farm.devices(2)
    farm.jobs(1)

    async def asked(pilot: Pilot[int]) -> None:
        pilot.app.push_screen(LeaveScreen())
        await settled(pilot)

    assert snap_compare(farm.centre(), terminal_size=(80, 24), run_before=asked)


def test_help(farm: Prepared, snap_compare: Compare) -> None:
    assert snap_compare(farm.centre(), terminal_size=(80, 24), press=["question_mark"])
