"""A real terminal: tmux runs a program in it, takes keys, and tells what is on the screen."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pytest

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")

PATIENCE = 60.0
"""Seconds until something that should be on the screen counts as missing."""


class Terminal:
    """A tmux server of its own; a context manager."""

    def __init__(self, folder: Path, columns: int = 120, lines: int = 40) -> None:
        self._folder = folder
        self._serial = 0
        self._size = (str(columns), str(lines))

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._folder / f"tmux{self._serial}"), "-f", "/dev/null", *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        )
        return done.stdout

    def run(self, words: Sequence[str], cwd: Path | None = None) -> None:
        """Run a program in a new window; what it prints last stays to be read."""
        columns, lines = self._size
        command = f"{shlex.join(words)}; echo; echo ended with $?; cat"
        place = ["-c", str(cwd)] if cwd else []
        self.hang_up()
        self._serial += 1  # a server that is just ending would take the new window with it
        self._tmux("new-session", "-d", "-x", columns, "-y", lines, *place, command)
        self._tmux("set", "-g", "escape-time", "0")

    def keys(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        for key in keys:
            self._tmux("send-keys", key)
            time.sleep(0.05)  # as fast as fingers are: Escape and a key at once is Alt and the key

    def write(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    @property
    def screen(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p")

    @property
    def colored(self) -> str:
        """What is on the screen, with the codes of its colors."""
        return self._tmux("capture-pane", "-p", "-e")

    def until(self, holds: str | Callable[[str], object], grows: str = "") -> str:
        """Wait until the screen has a text, or something holds of it.

        That may take its time as long as what the pattern `grows` finds there goes on changing.
        """
        wanted = (lambda screen: holds in screen) if isinstance(holds, str) else holds
        deadline, found = time.monotonic() + PATIENCE, [""]
        while time.monotonic() < deadline:
            screen = self.screen
            if wanted(screen):
                return screen
            if grows and found != (found := re.findall(grows, screen)):
                deadline = time.monotonic() + PATIENCE
            time.sleep(0.1)
        raise AssertionError(f"never seen: {holds}\n{self.screen}")

    def hang_up(self) -> None:
        """Close the terminal, as one that is shut or whose line is cut."""
        self._tmux("kill-server")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()
