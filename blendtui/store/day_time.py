"""The time of day of what is in the store, whose own clock goes on evenly whatever is set.

The engine's clock never jumps, or a corrected time zone would end frames that are well. It drifts
from the time of day where that is set, or the computer slept; the engine notes by how much, and
what faces are shown is put right with that.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TypeVar

from blendtui.store.database import from_json, to_json

NAME = "clock"
"""The name under which the engine says it."""

STEPS_AT_MOST = 100

_At = TypeVar("_At", float, float | None)


class DayTime:
    """From when on the store's clock was how many seconds ahead of the time of day."""

    def __init__(self, text: str | None = None) -> None:
        self._steps = from_json(text, list[tuple[float, float]]) if text else []

    def of(self, at: _At) -> _At:
        """Give the time of day of a time in the store, both in seconds since the epoch."""
        if at is None or not self._steps:
            return at
        place = bisect_right(self._steps, (at, float("inf")))
        return at - self._steps[max(place - 1, 0)][1]

    def note(self, at: float, ahead: float) -> None:
        """Note how far the clock is ahead, where that has changed by a second or more."""
        if not self._steps or abs(self._steps[-1][1] - ahead) >= 1.0:
            self._steps = [*self._steps, (at, ahead)][-STEPS_AT_MOST:]

    def last(self) -> float:
        """Give the last time that was noted, the epoch's beginning if none was."""
        return self._steps[-1][0] if self._steps else 0.0

    def text(self) -> str:
        """Give it as the store keeps it."""
        return to_json(self._steps)
