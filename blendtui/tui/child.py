"""Our own commands as child processes: what screens need of rooms that they don't import."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blendtui.tui.app import ControlCentre

END_WITHIN = 3.0
"""Seconds that a child may take to clean up when its answer is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed as JSON; None if it printed none."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    @property
    def trouble(self) -> str:
        """Why there is no answer, in its own words."""
        words = " ".join(self.err.split()).removeprefix("blendtui: ")
        return words or f"The command ended with exit code {self.code}."


async def run(*words: str) -> Said:
    """Run `blendtui WORDS`. Whoever cancels this ends the child, which cleans up behind itself."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "blendtui", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = await child.communicate()
    except asyncio.CancelledError:
        await _end(child)
        raise
    return Said(
        child.returncode or 0, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    )


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        async with asyncio.timeout(END_WITHIN):
            await child.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


def places_of(centre: ControlCentre) -> list[str]:
    """Give the options that have a command look where the control centre looks."""
    places, settings = centre.places, centre.settings
    words = ["--state", str(places.state if places else centre.state)]
    if settings is not None and settings.source.exists():
        words += ["--devices", str(settings.source)]
    return [*words, "--share", str(places.share)] if places else words
