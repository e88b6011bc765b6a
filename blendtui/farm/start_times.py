"""How long devices need until a Blender has a project open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class StartTimes:
    """What a device needs until a Blender has a project open, in seconds; None until it is seen.

    `first` includes the project's transfer, `again` is for a project that it has already.
    """

    first: float | None = None
    again: float | None = None

    def learn(self, seconds: float, has_project: bool) -> None:
        """Take a start in; the latest counts half."""
        seconds = max(seconds, 0.0)  # a clock may have been set back in the meantime
        old = self.again if has_project else self.first
        new = seconds if old is None else (old + seconds) / 2
        if has_project:
            self.again = new
        else:
            self.first = new

    def expected(self, has_project: bool) -> float | None:
        """Guess the next start's time, by the other kind of start where this one wasn't seen."""
        kinds = (self.again, self.first) if has_project else (self.first, self.again)
        return kinds[1] if kinds[0] is None else kinds[0]
