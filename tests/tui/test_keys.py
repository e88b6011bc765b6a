"""The keys: they fit at the bottom of a small terminal, and the help names all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.widgets import Static
from textual.widgets._footer import FooterKey

from blendtui.tui.app import ControlCentre
from blendtui.tui.screens.base import FarmScreen
from blendtui.tui.screens.help import HelpScreen
from tests.support.centres import Prepared, until

SCREENS: dict[str, Callable[[ControlCentre], object]] = {
    "farm": lambda app: None,
    "job": lambda app: app.open_job("bouncing"),
    "device": lambda app: app.open_device("tower"),
    "editor": lambda app: app.action_editor(),
    "add": lambda app: app.action_add(),
}


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Prepared]:
    with Prepared(tmp_path) as prepared:
        prepared.devices(2)
        prepared.jobs(2)
        yield prepared


@pytest.mark.parametrize("name", SCREENS)
async def test_all_keys_at_the_bottom_fit_into_80_columns(farm: Prepared, name: str) -> None:
    app = farm.centre()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        SCREENS[name](app)
        await until(pilot, lambda: app.screen.query(FooterKey))
        await pilot.pause()
        assert all(key.region.right <= 80 for key in app.screen.query(FooterKey))


@pytest.mark.parametrize("name", SCREENS)
async def test_help_names_each_key_of_its_screen_once(farm: Prepared, name: str) -> None:
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        SCREENS[name](app)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, FarmScreen)
        own = [binding for binding in type(screen).BINDINGS if binding.description]  # type: ignore[union-attr]
        app.action_help()
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.query(".keys"))
        told = str(app.screen.query_one(".keys", Static).render()).splitlines()
        keys = [line.split()[0] for line in told]
        assert len(keys) == len(set(keys))
        for binding in own:
            meaning = binding.tooltip or binding.description  # type: ignore[union-attr]
            assert any(line.endswith(meaning) for line in told), meaning
