"""The control centre on a real terminal, telling how long each key took: run as a process."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from textual import events

import blendtui.tui.app
from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import look_around


class Timed(ControlCentre):
    """Writes for each key the seconds from its arrival to the screen that shows its effect."""

    CSS_PATH = str(Path(blendtui.tui.app.__file__).with_name("blendtui.tcss"))

    def __init__(self, root: Path) -> None:
        super().__init__(lambda: look_around(root / "devices.toml", None, root / "state"))
        self._times = (root / "keys.txt").open("w", buffering=1, encoding="utf-8")
        self._last = 0.0

    async def on_event(self, event: events.Event) -> None:
        await super().on_event(event)
        if isinstance(event, events.Key):
            # It comes by twice: on its way to who has the focus, and back, when it takes effect.
            if event.time == self._last:
                self.screen.call_after_refresh(self._answered, event.key, event.time)
            self._last = event.time

    def _answered(self, key: str, came: float) -> None:
        self._times.write(f"{key} {time.monotonic() - came:.6f}\n")


if __name__ == "__main__":
    Timed(Path(sys.argv[1])).run()
