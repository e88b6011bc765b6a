"""Takes the pictures of the control centre for the README: a real farm on this machine, rendering.

Usage: python scripts/screenshots.py FOLDER
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import look_around

EXAMPLE = Path(__file__).parents[1] / "examples" / "bouncing.zip"
SIZE = (120, 34)
CONFIG = """\
[share]
path = "./share"
{devices}
"""
DEVICE = """
[devices.{name}]
host = "local"
work_dir = "{folder}/{name}"
"""


async def take(folder: Path) -> None:
    """Render the example on two devices, and take pictures of it half-way."""
    home = Path(tempfile.gettempdir()) / "farm"
    shutil.rmtree(home, ignore_errors=True)
    (home / "share").mkdir(parents=True)
    devices = "".join(DEVICE.format(name=name, folder=home) for name in ("laptop", "tower"))
    (home / "devices.toml").write_text(CONFIG.format(devices=devices))
    app = ControlCentre(
        lambda: look_around(home / "devices.toml", None, home / "state"), keeps_engine=True
    )
    async with app.run_test(size=SIZE) as pilot:
        shutil.copy(EXAMPLE, home / "share")
        while not any(job.done >= 14 for job in app.feed.jobs.values()):
            await pilot.pause(0.1)
        await pilot.pause(1.0)
        (folder / "farm.svg").write_text(app.export_screenshot(title="blendtui"))
        await pilot.press("enter", "right", "right", "right")
        await pilot.pause(2.0)
        (folder / "job.svg").write_text(app.export_screenshot(title="blendtui"))
        while app.feed.has_open_jobs:
            await pilot.pause(0.1)
        if app.keeper is not None:
            await asyncio.to_thread(app.keeper.end)
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1])))
