"""How the screens of a device, of devices.toml and for a new project look, in three sizes."""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from blendtui.store.shown import VitalsRow
from blendtui.tui.screens.add import AddScreen
from blendtui.tui.screens.clash import ClashScreen
from blendtui.tui.screens.editor import EditorScreen
from blendtui.tui.widgets.form import Form
from tests.support.centres import Prepared, until

SIZES = [(80, 24), (120, 40), (200, 60)]
TOP = Path(__file__).parents[2]

Compare = Callable[..., bool]


@pytest.fixture
def farm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Prepared]:
    """A farm in a folder of always the same name."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    root = Path(tempfile.gettempdir()) / "blendtui-looks-of-devices"
    shutil.rmtree(root, ignore_errors=True)
    with Prepared(root) as prepared:
        prepared.devices(3, lost=1)
        prepared.jobs(2)
        prepared.ready()
        prepared.render(20, failing=(4,))
        prepared.begin()
        shutil.copy(TOP / "devices.toml", root / "devices.toml")
        yield prepared
    shutil.rmtree(root, ignore_errors=True)


def _wave(number: int, length: float) -> float:
    return 0.5 + 0.4 * math.sin(number / length)


def live(farm: Prepared) -> None:
    """Have an hour of vitals, and a log that has begun."""
    for number in range(240):
        at = farm.now - 3600 + number * 15
        gpu = None if 60 < number < 80 else _wave(number, 9)
        row = VitalsRow("tower", at, 8 * _wave(number, 20), 8, int(2**35 * _wave(number, 60)),
                        2**35, gpu, 90 * _wave(number, 30), 2**40)  # fmt: skip
        farm.journal.vitals([row], at)
    app = farm.centre()
    app.find()
    run = next(run for run in app.feed.views.runs() if run.device == "tower")
    path = app.feed.views.log_path(run.id)
    app.feed.close()
    path.parent.mkdir(exist_ok=True)
    lines = [
        f"Fra:{n} Mem:1{n}.21M (Peak 20.10M) | Scene, ViewLayer | Sample 3/32" for n in range(60)
    ]
    path.write_text("\n".join([*lines, "Saved: '[red]out/59.png' \x1b[31m", ""]))


@pytest.mark.parametrize("size", SIZES)
def test_a_device(farm: Prepared, snap_compare: Compare, size: tuple[int, int]) -> None:
    live(farm)

    async def opened(pilot: Pilot[int]) -> None:
        pilot.app.open_device("tower")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(farm.centre(), terminal_size=size, run_before=opened)


def test_a_lost_device(farm: Prepared, snap_compare: Compare) -> None:
    async def opened(pilot: Pilot[int]) -> None:
        pilot.app.open_device("oldpc")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(farm.centre(), terminal_size=(80, 24), run_before=opened)


async def _editor(pilot: Pilot[int]) -> EditorScreen:
    screen = EditorScreen()
    await pilot.app.push_screen(screen)
    await pilot.pause()
    return screen


async def _hold_cursor(pilot: Pilot[int]) -> None:
    """Let no cursor blink: a picture would show it as chance has it."""
    for one in pilot.app.screen.query(Input):
        one.cursor_blink = False
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_the_editor(farm: Prepared, snap_compare: Compare, size: tuple[int, int]) -> None:
    async def opened(pilot: Pilot[int]) -> None:
        await _editor(pilot)
        await pilot.press("enter", "down", "down", *"x2")
        shown = pilot.app.screen.query(".field-problem")
        await until(pilot, lambda: any(str(one.render()) for one in shown))
        await _hold_cursor(pilot)

    assert snap_compare(farm.centre(), terminal_size=size, run_before=opened)


def test_a_change_by_hand(farm: Prepared, snap_compare: Compare) -> None:
    path = farm.root / "devices.toml"

    async def opened(pilot: Pilot[int]) -> None:
        await _editor(pilot)
        await pilot.press("enter", "down", "down", *"22")
        path.write_text(path.read_text().replace('"local"', '"local"  # by hand', 1))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ClashScreen))

    assert snap_compare(farm.centre(), terminal_size=(80, 24), run_before=opened)


@pytest.mark.parametrize("size", SIZES)
def test_adding_a_project(farm: Prepared, snap_compare: Compare, size: tuple[int, int]) -> None:
    folder = farm.root / "projects"
    (folder / "old").mkdir(parents=True)
    shutil.copy(TOP / "examples" / "bouncing.zip", folder / "[red]shot.zip")

    async def opened(pilot: Pilot[int]) -> None:
        screen = AddScreen(folder)
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.query("#tree").first().root.children)  # type: ignore[attr-defined]
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: screen.query_one(Form).has_focus_within)
        await pilot.press(*"1-12")
        await _hold_cursor(pilot)

    assert snap_compare(farm.centre(), terminal_size=size, run_before=opened)
