"""The control centre's first picture, against an empty Textual app with a table and a footer.

Also a job of 10,000 frames opened. benchmarks/busy says how it does while 500 devices work.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.centres import Prepared, until

TURNS = 7
AT_MOST = 2.0
OPENED_WITHIN = 0.200

_EMPTY = """
from textual.app import App
from textual.widgets import DataTable, Footer

class Empty(App):
    def compose(self):
        yield DataTable()
        yield Footer()
    def on_mount(self):
        self.call_after_refresh(self.exit)

Empty().run(headless=True)
"""

_OURS = """
import sys
from pathlib import Path
from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import look_around

ControlCentre.on_ready = lambda self: self.call_after_refresh(self.exit)
root = Path(sys.argv[1])
ControlCentre(lambda: look_around(root / "devices.toml", None, root / "state")).run(headless=True)
"""


def _seconds(code: str, *words: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def first_picture(root: Path) -> float:
    """Give the median of the ratios to an empty app's time, turn about."""
    (root / "devices.toml").write_text('[share]\npath = "share"\n[devices.left]\nhost = "local"\n')
    ratios = []
    for _ in range(TURNS):
        empty = _seconds(_EMPTY)
        ratios.append(_seconds(_OURS, str(root)) / empty)
    return statistics.median(ratios)


async def opening(farm: Prepared) -> float:
    """Give the median of seconds from the wish to the screen that shows a job of 10,000 frames."""
    app = farm.centre()
    times = []
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "blendtui.tui.screens.job" in sys.modules)
        for _ in range(TURNS):
            await pilot.pause(0.3)
            shown = asyncio.Event()
            begun = time.perf_counter()
            app.open_job("bouncing")
            app.screen.call_after_refresh(shown.set)
            await shown.wait()
            times.append(time.perf_counter() - begun)
            await pilot.press("escape")
    return statistics.median(times)


def main() -> int:
    """Measure and print both; 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as folder, Prepared(Path(folder) / "long") as farm:
        farm.devices(3)
        farm.jobs(1, frames=10_000)
        ratio = first_picture(farm.root)
        opened = asyncio.run(opening(farm))
    print(f"first picture {ratio:.2f} times an empty app's (bound {AT_MOST})")
    print(f"10,000 frames opened in {opened * 1000:.0f} ms (bound {OPENED_WITHIN * 1000:.0f})")
    return int(ratio > AT_MOST or opened > OPENED_WITHIN)


if __name__ == "__main__":
    sys.exit(main())
