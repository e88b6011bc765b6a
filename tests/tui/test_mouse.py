"""The mouse does what the keys do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button
from textual.widgets._footer import FooterKey

from blendtui.farm.faults import Fault, FaultKind
from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import Found
from blendtui.tui.screens.device import DeviceScreen
from blendtui.tui.screens.editor import EditorScreen
from blendtui.tui.screens.farm import HomeScreen
from blendtui.tui.screens.job import JobScreen
from blendtui.tui.screens.sure import SureScreen
from blendtui.tui.widgets.framemap import FrameMap
from blendtui.tui.widgets.rows import RowTable
from tests.support.centres import Prepared, until


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Prepared]:
    with Prepared(tmp_path) as prepared:
        prepared.devices(2)
        prepared.jobs(2)
        prepared.ready()
        prepared.render(4)
        yield prepared


async def press_key_below(pilot: Pilot[int], description: str) -> None:
    """Click on a key in the line at the bottom."""
    keys = pilot.app.screen.query(FooterKey)
    await until(pilot, lambda: pilot.app.screen.query(FooterKey))
    await pilot.click(next(key for key in keys if key.description == description))
    await pilot.pause()


async def test_a_job_is_chosen_paused_and_opened(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.click("#jobs", offset=(5, 3))
        assert pilot.app.screen.query_one("#jobs", RowTable).chosen == "shot_[red]010"
        await press_key_below(pilot, "Pause")
        assert farm.requests() == [("pause", "shot_[red]010", "")]
        await pilot.click("#jobs", offset=(5, 3))
        await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))


async def test_a_question_is_answered(farm: Prepared) -> None:
    async with farm.centre().run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await press_key_below(pilot, "Cancel")
        await until(pilot, lambda: isinstance(pilot.app.screen, SureScreen))
        await until(pilot, lambda: pilot.app.screen.query(Button))
        await pilot.click("#yes")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        assert farm.requests() == [("cancel", "bouncing", "")]


async def test_a_frame_and_a_tab_of_a_job_are_chosen(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_job("bouncing")
        await until(pilot, lambda: app.screen.query(FrameMap))
        await pilot.pause()
        await pilot.click("#framemap", offset=(1 + 3 + 2 * 6, 1))
        assert app.screen.query_one(FrameMap).chosen == 7
        await pilot.click("#--content-tab-problems")
        await until(pilot, lambda: app.screen.query_one("#more").active == "problems")  # type: ignore[attr-defined]
        assert "Nothing is wrong." in str(app.screen.query_one("#about-problems").render())


async def test_a_device_is_opened_and_drained(farm: Prepared) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.click("#devices", offset=(5, 3))
        await pilot.click("#devices", offset=(5, 3))
        await until(pilot, lambda: isinstance(app.screen, DeviceScreen))
        await press_key_below(pilot, "Drain")
        assert farm.requests() == [("drain", "tower", "")]


async def test_first_steps_have_buttons(tmp_path: Path) -> None:
    nothing = Found(faults=(Fault.of(FaultKind.NO_DEVICES, folder=tmp_path),))
    app = ControlCentre(lambda: nothing, config=tmp_path / "devices.toml", state=tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query("#editor"))
        await pilot.pause()
        await pilot.click("#editor")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
