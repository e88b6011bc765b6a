"""The walk of somebody who has never seen blendtui: from nothing to frames, and what goes wrong."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.locks import engine_runs
from blendtui.places import Places
from tests.support.farm import Farm
from tests.support.processes import running
from tests.support.scenes import blender, needs_blender, scenes
from tests.support.sshd import Sshd, free_port, needs_sshd
from tests.support.terminal import Terminal, needs_tmux

pytestmark = [needs_blender, needs_sshd, needs_tmux, pytest.mark.timeout(300)]

FIELDS = {
    "host": "An address",
    "port": "The SSH server's port",
    "user": "The user on the device",
    "key": "A private key on this machine",
    "blender": "Its Blender's command or path",
    "work_dir": "A folder on the device",
}
"""A device's first settings in the editor's order, and how their explanations begin."""

SPOILT = """
import bpy, os, signal, time
def spoil(scene, *_):
    time.sleep(0.1)
    if scene.frame_current == 5 and not os.path.exists({mended!r}):
        os.kill(os.getpid(), signal.SIGSEGV)
bpy.app.handlers.frame_change_pre.append(spoil)
"""
"""Frame 5 has Blender crash until a file says that it is mended.

Frames take so long that the job is not over before all that is done meanwhile.
"""

_MAKE = """
import bpy
bpy.ops.wm.open_mainfile(filepath={scene!r})
text = bpy.data.texts.new("spoil.py")
text.write({spoilt!r})
text.use_module = True
bpy.ops.wm.save_as_mainfile(filepath={path!r})
"""


@pytest.fixture
def farm() -> Iterator[Farm]:
    """Servers and folders only: nothing is set up, nothing is trusted."""
    with Farm() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a user who has no settings yet."""
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def terminal(tmp_path: Path, home: Path) -> Iterator[Terminal]:
    with Terminal(tmp_path) as opened:
        yield opened


def blendtui(home: Path) -> list[str]:
    """Give the command that a new user types, in a home of its own."""
    kinds = ("CONFIG", "STATE", "DATA", "CACHE")
    own = [f"XDG_{kind}_HOME={home / kind.lower()}" for kind in kinds]
    code = f"PYTHONPATH={Path(__file__).parents[2]}"
    return ["env", *own, code, sys.executable, "-m", "blendtui"]


def spoilt_scene(folder: Path, mended: Path) -> Path:
    """Make a .blend whose frame 5 fails until there is a certain file."""
    path = folder / "spoilt.blend"
    facts = {"scene": str(scenes() / "cycles.blend"), "path": str(path)}
    code = _MAKE.format(spoilt=SPOILT.format(mended=str(mended)), **facts)
    blender("--python-expr", code)
    return path


def fill(terminal: Terminal, label: str, text: str) -> None:
    """Go to the next field, which must be this one, and type a text."""
    terminal.keys("Tab")
    terminal.until(FIELDS[label])
    terminal.write(text)
    terminal.until(f"{label:<15}{text}")


def add_device(terminal: Terminal, name: str, server: Sshd, port: int) -> None:
    """Add a device in the editor."""
    device = server.device()
    terminal.keys("C-n")
    terminal.until("name           device")
    terminal.write(name)
    terminal.until(f"name           {name}")
    texts = (device.host, str(port), device.user, str(device.key), "", device.work_dir)
    for label, text in zip(FIELDS, texts, strict=True):
        fill(terminal, label, text or "")


def trust(terminal: Terminal, name: str) -> None:
    """Test the device that the editor shows, trust its key, and see that it is well."""
    terminal.keys("C-t")
    terminal.until("Trust its key (t)")
    terminal.keys("t")
    terminal.until(f"Trust the host key of {name}?")
    terminal.keys("y")
    terminal.until(f"{name} is ready to render")
    terminal.keys("Escape")
    terminal.until(lambda screen: f"{name} is ready" not in screen)


def set_up(terminal: Terminal, farm: Farm) -> None:
    """Choose the share and add two devices, one of them with a wrong port at first."""
    left, right = farm.servers
    terminal.until("Say which computers render")
    terminal.keys("e")
    terminal.until("a new file")
    terminal.keys("Enter")
    terminal.until("The folder where you drop projects")
    terminal.write(str(farm.share))
    terminal.until(str(farm.share))
    add_device(terminal, "left", left, left.port)
    trust(terminal, "left")
    add_device(terminal, "right", right, free_port())
    terminal.keys("C-t")
    terminal.until("right has a problem")
    terminal.until("no SSH connection")
    terminal.keys("Escape")
    terminal.until(lambda screen: "right has a problem" not in screen)
    for label in ("blender", "key", "user", "port"):
        terminal.keys("BTab")
        terminal.until(FIELDS[label])
    terminal.keys("C-u")
    terminal.write(str(right.port))
    terminal.until(f"port           {right.port}")
    trust(terminal, "right")
    terminal.keys("C-s")
    terminal.until("Saved")
    terminal.keys("Escape")
    terminal.until("^s Save")
    # A busy machine may take two keys for one: it is pressed until the editor is left.
    while "^s Save" in terminal.screen:
        terminal.keys("Escape")
    terminal.until(lambda screen: screen.count("● connected") == 2)


def test_from_nothing_to_frames_through_all_that_goes_wrong(
    farm: Farm, terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    mended = tmp_path / "mended"
    scene = spoilt_scene(tmp_path, mended)
    terminal.run(blendtui(home), cwd=home)
    set_up(terminal, farm)

    farm.drop("shot.zip", scene, job={"frames": "1-300", "allow_scripts": True})
    terminal.until("shot  ")
    terminal.keys("Enter")
    terminal.until("of 300 frames")
    terminal.until(lambda screen: screen.count("■") > 10)
    terminal.until("Frame 1  ■ done")
    terminal.until(lambda screen: "▀" in screen)
    terminal.keys("Space")
    terminal.until("‖ paused")
    terminal.keys("Space")
    terminal.until("▶ active")

    terminal.keys("Escape")
    farm.drop("second.zip", scenes() / "cycles.blend", job={"frames": "1-20"})
    terminal.until("second  ")
    terminal.keys("Down", "+", "+")
    terminal.until("  70  ")
    terminal.until(lambda screen: screen.index("second") < screen.index("shot"))

    farm.servers[1].kill()
    terminal.until("✗ not connected")
    terminal.until("20/20")
    farm.servers[1].start()
    terminal.until(lambda screen: "not connected" not in screen)

    terminal.until("299/300", grows=r"\d+/300")
    terminal.until("✗ failed")
    mended.touch()
    terminal.keys("Home", "r")
    terminal.until("300/300")
    hand_over_and_come_back(terminal, farm, home)


def hand_over_and_come_back(terminal: Terminal, farm: Farm, home: Path) -> None:
    """Leave the engine to itself amid a job, and see it done later."""
    places = Places(home / "state" / "blendtui", farm.share)
    farm.drop("third.zip", scenes() / "cycles.blend", job={"frames": "1-200"})
    terminal.until("▶ active")
    terminal.keys("q")
    terminal.until("Jobs are still being rendered.")
    terminal.keys("h")
    terminal.until("ended with 0")
    try:
        assert engine_runs(places)
        terminal.run(blendtui(home), cwd=home)
        terminal.until("200/200", grows=r"\d+/200")
        terminal.until(lambda screen: screen.count("✓ done") == 3)
        terminal.keys("q")
        terminal.until("ended with 0")
        assert engine_runs(places)
    finally:
        end_engine(home)


def end_engine(home: Path) -> None:
    """End the engine that was left to itself."""
    for pid in set(running(str(home))) & set(running("--watch")):
        os.kill(pid, signal.SIGTERM)
