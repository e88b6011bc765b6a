"""The engine behind the control centre: one that runs is joined, else one is started as a child.

The child is a `blendtui --watch` of its own, in a session of its own: a closed terminal or a
crash of the control centre doesn't end it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from blendtui.locks import engine_runs
from blendtui.places import Places

START_WITHIN = 15.0
"""Seconds that a child may take until it holds its lock."""

LEAVE_WITHIN = 15.0
"""Seconds that a child may take to end in order, before it is ended for good."""

LAST_WORDS = 2000
"""Bytes of what a child printed that are looked at for its reason to end."""


class EngineState(StrEnum):
    """OTHER was there before; OWN is our child; STARTING is not there yet; GONE: nobody renders."""

    OTHER = "other"
    OWN = "own"
    STARTING = "starting"
    GONE = "gone"


class Keeper:
    """Watches over the engine. All methods but `begin` may block: call them in a thread."""

    def __init__(self, places: Places, arguments: Sequence[str]) -> None:
        """Keep the engine for a share; `arguments` are the child's, as `--devices FILE`."""
        self._places = places
        self._arguments = list(arguments)
        self._child: subprocess.Popen[bytes] | None = None
        self._begun = 0.0

    @property
    def printed(self) -> str:
        """What the child complained of last: its reason to end."""
        with contextlib.suppress(OSError), self._output.open("rb") as output:
            size = output.seek(0, os.SEEK_END)
            output.seek(max(size - LAST_WORDS, 0))
            return output.read(LAST_WORDS).decode(errors="replace").strip()
        return ""

    @property
    def _output(self) -> Path:
        return self._places.own / "engine.out"

    @property
    def has_child(self) -> bool:
        """Whether a child of ours is alive."""
        return self._child is not None and self._child.poll() is None

    def begin(self) -> None:
        """Start an engine, unless one runs."""
        if self.has_child or engine_runs(self._places):
            return
        words = [sys.executable, "-m", "blendtui", "--watch", *self._arguments]
        with self._output.open("wb") as output:
            self._child = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                # What happens is in the store; a line a frame would fill the disk one day.
                stdout=subprocess.DEVNULL,
                stderr=output,
                start_new_session=True,
            )
        self._begun = time.monotonic()

    def look(self) -> EngineState:
        """Say who renders just now."""
        if engine_runs(self._places):
            return EngineState.OWN if self.has_child else EngineState.OTHER
        if self.has_child and time.monotonic() - self._begun < START_WITHIN:
            return EngineState.STARTING
        return EngineState.GONE

    def end(self) -> None:
        """End our child in order: devices finish what they have. Another's engine goes on."""
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(LEAVE_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def hand_over(self) -> None:
        """Let our child go on without us."""
        self._child = None
