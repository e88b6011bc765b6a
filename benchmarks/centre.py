"""The control centre's first picture, against an empty Textual app with a table and a footer.

Also a job of 10,000 frames opened, and a key answered while 500 simulated devices finish frames.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.centres import Prepared

TURNS = 7
AT_MOST = 2.0
OPENED_WITHIN, ANSWERED_WITHIN = 0.200, 0.050

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
    """Give the seconds until a job with 10,000 frames is on the screen."""
    app = farm.centre()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        begun = time.perf_counter()
        app.open_job("bouncing")
        await pilot.pause()
        return time.perf_counter() - begun


async def answering(farm: Prepared) -> float:
    """Give the 95th percentile of a key's time, with all rows changing between two keys."""
    app = farm.centre()
    times = []
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        for turn in range(60):
            farm.render(25)
            app.look()
            begun = time.perf_counter()
            await pilot.press("down" if turn % 2 else "up")
            times.append(time.perf_counter() - begun)
    return sorted(times)[int(len(times) * 0.95)]


def main() -> int:
    """Measure and print all three; 1 if a bound is missed."""
    with tempfile.TemporaryDirectory() as folder:
        with Prepared(Path(folder) / "long") as farm:
            farm.devices(3)
            farm.jobs(1, frames=10_000)
            ratio = first_picture(farm.root)
            opened = asyncio.run(opening(farm))
        with Prepared(Path(folder) / "large") as farm:
            farm.devices(500)
            farm.jobs(3, frames=4000)
            farm.ready()
            answered = asyncio.run(answering(farm))
    print(f"first picture {ratio:.2f} times an empty app's (bound {AT_MOST})")
    print(f"10,000 frames opened in {opened * 1000:.0f} ms (bound {OPENED_WITHIN * 1000:.0f})")
    print(f"a key, 500 devices: {answered * 1000:.0f} ms (bound {ANSWERED_WITHIN * 1000:.0f})")
    return int(ratio > AT_MOST or opened > OPENED_WITHIN or answered > ANSWERED_WITHIN)


if __name__ == "__main__":
    sys.exit(main())
