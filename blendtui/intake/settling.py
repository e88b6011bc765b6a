"""The rule by which a dropped file counts as settled. Pure: what is seen and the time come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file looks like from outside: bytes, time of change in ns, number in its folder."""

    size: int
    changed: int
    inode: int


@dataclass(frozen=True, slots=True)
class Drop:
    """A settled file; `complete` is False where it was given up waiting for its rest."""

    path: Path
    complete: bool


@dataclass(slots=True)
class _Seen:
    """One file: unchanged `since`, to be judged again at `due` unless it was `given`."""

    stamp: Stamp
    since: float
    due: float = field(default=0.0)
    given: bool = field(default=False)


class Settling:
    """Decides when a file that others may still be writing is taken.

    A file is judged when it was unchanged for `settle` seconds. One that is whole is given at
    once; one that is not gets judged again at growing intervals, since a file that was given its
    full size beforehand is filled without a visible change, and is given as incomplete after
    `patience` seconds without a change. Each state of a file is given once.
    """

    def __init__(self, settle: float, patience: float) -> None:
        self.change(settle, patience)
        self._seen: dict[Path, _Seen] = {}

    def change(self, settle: float, patience: float) -> None:
        """Wait as long as this from now on."""
        self._settle = settle
        self._patience = max(patience, settle)

    @property
    def is_quiet(self) -> bool:
        """Whether all files that are there were given."""
        return all(seen.given for seen in self._seen.values())

    def look(self, now: float, observed: Mapping[Path, Stamp]) -> tuple[Path, ...]:
        """Take note of what is there now; gives those that are to be judged, the oldest first."""
        for path in self._seen.keys() - observed.keys():
            del self._seen[path]
        for path, stamp in observed.items():
            seen = self._seen.get(path)
            if seen is None or seen.stamp != stamp:
                self._seen[path] = _Seen(stamp, now, now + self._settle)
        due = [path for path, seen in self._seen.items() if not seen.given and seen.due <= now]
        return tuple(sorted(due, key=lambda path: (observed[path].changed, path)))

    def judged(self, now: float, path: Path, whole: bool) -> Drop | None:
        """Hear whether a file that `look` gave is whole; gives it back if it is taken now."""
        seen = self._seen[path]
        age = now - seen.since
        if whole or age >= self._patience:
            seen.given = True
            return Drop(path, whole)
        seen.due = seen.since + min(2 * age, self._patience)
        return None
