"""The control centre on a real terminal, with real keys, engine, devices and Blender."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.locks import engine_runs
from tests.support.farm import Farm
from tests.support.processes import running
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd
from tests.support.terminal import Terminal, needs_tmux

pytestmark = [needs_blender, needs_sshd, needs_tmux]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm() as made:
        yield made


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with Terminal(tmp_path) as opened:
        yield opened


def centre(farm: Farm) -> list[str]:
    words = ["--devices", str(farm.config), "--state", str(farm.places.state)]
    return [sys.executable, "-m", "blendtui", *words]


def test_from_an_empty_farm_to_a_finished_job(farm: Farm, terminal: Terminal) -> None:
    terminal.run(centre(farm), cwd=Path(__file__).parents[2])
    terminal.until("No jobs yet.")
    terminal.until(lambda screen: screen.count("● connected") == 2)
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-60"})
    terminal.until("▶ active")
    terminal.keys("Space")
    terminal.until("‖ paused")
    terminal.keys("Space")
    terminal.until("▶ active")
    terminal.keys("Enter")
    terminal.until("of 60 frames")
    terminal.until("✓ done")
    terminal.keys("End")
    terminal.until("Frame 60  ■ done")
    terminal.until(lambda screen: "▀" in screen)
    terminal.keys("q")
    terminal.until("ended with 0")
    assert not engine_runs(farm.places)


def test_a_farm_that_was_handed_over_goes_on_and_is_joined_again(
    farm: Farm, terminal: Terminal
) -> None:
    terminal.run(centre(farm), cwd=Path(__file__).parents[2])
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-400"})
    terminal.until("▶ active")
    terminal.keys("q")
    terminal.until("Jobs are still being rendered.")
    terminal.keys("s")
    terminal.until(lambda screen: "Jobs are still" not in screen)
    terminal.keys("q")
    terminal.until("Jobs are still being rendered.")
    terminal.keys("h")
    terminal.until("ended with 0")
    assert engine_runs(farm.places)
    terminal.run(centre(farm), cwd=Path(__file__).parents[2])
    terminal.until("400/400")
    terminal.until("✓ done")
    terminal.keys("q")
    terminal.until("ended with 0")
    assert engine_runs(farm.places)


def test_a_terminal_of_16_colors_is_sent_no_others(farm: Farm, terminal: Terminal) -> None:
    few = ["env", "-u", "COLORTERM", "TERM=linux"]
    terminal.run([*few, *centre(farm)], cwd=Path(__file__).parents[2])
    terminal.until(lambda screen: screen.count("● connected") == 2)
    codes = set(re.findall(r"\x1b\[([\d;]*)m", terminal.colored))
    assert not {code for code in codes if code.startswith(("38;", "48;"))}
    assert codes & {"32", "92"}  # a green dot for the engine
    terminal.keys("q")
    terminal.until("ended with 0")


def screens_of(farm: Farm) -> set[int]:
    """Give this farm's control centres that run."""
    return set(running(str(farm.config))) - set(running("--watch"))


DEAF = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]
"""Runs a command that begins with SIGHUP ignored."""


@pytest.mark.parametrize("before", [[], DEAF], ids=["", "with SIGHUP ignored"])
def test_a_closed_terminal_ends_the_screen_and_no_farm(
    farm: Farm, terminal: Terminal, before: list[str]
) -> None:
    terminal.run([*before, *centre(farm)], cwd=Path(__file__).parents[2])
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-60"})
    terminal.until("▶ active")
    terminal.hang_up()
    farm.until(lambda _: not screens_of(farm))
    farm.done("shot", 60)
    assert engine_runs(farm.places)


def test_a_lost_device_and_a_lost_engine_are_said_and_survived(
    farm: Farm, terminal: Terminal
) -> None:
    terminal.run(centre(farm), cwd=Path(__file__).parents[2])
    terminal.until(lambda screen: screen.count("● connected") == 2)
    farm.servers[0].kill()
    terminal.until("✗ not connected")
    farm.servers[0].start()
    terminal.until(lambda screen: screen.count("● connected") == 2)
    farm.kill_engines()
    terminal.until("no engine: ctrl+e starts one")
    terminal.keys("C-e")
    terminal.until("engine runs")
    terminal.until(lambda screen: screen.count("● connected") == 2)
