"""The workstation's time of day, for the watcher's process alone: it can be moved while that runs.

Linux has namespaces for the clocks that only count on, and none for the time of day; to set that
would set it for the whole machine.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from pathlib import Path

MOMENT = 15.0
"""Seconds that a watcher may take to say what it was told."""

SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """A clock in a folder; `environment` has a process live by it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._library = folder / "clock.so"
        self._file.write_bytes(struct.pack("=q", 0))
        self._since = 0.0
        self._moved: list[tuple[float, float]] = []
        compiler = shutil.which("cc") or shutil.which("gcc")
        self.is_here = compiler is not None
        """Whether it can be moved at all: it needs a C compiler."""
        if compiler is not None:
            words = [compiler, "-shared", "-fPIC", "-O1", "-o", str(self._library), str(SOURCE)]
            subprocess.run(words, check=True)

    @property
    def environment(self) -> dict[str, str]:
        """Give what a process must be started with."""
        if not self.is_here:
            return {}
        return {"LD_PRELOAD": str(self._library), "LAB_CLOCK": str(self._file)}

    def move(self, seconds: int) -> None:
        """Have it go so much ahead of the machine's clock, or behind it."""
        if seconds and not self._since:
            self._since = time.time()
        elif self._since and not seconds:
            self._moved.append((self._since, time.time()))
            self._since = 0.0
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))

    def was_right(self, at: float) -> bool:
        """Whether it went with the machine's clock at a time, and for a moment before and after."""
        spans = [*self._moved, *([(self._since, time.time())] if self._since else [])]
        return all(not begin - MOMENT <= at <= end + MOMENT for begin, end in spans)
