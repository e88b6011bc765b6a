"""Which frame of a job a file belongs to: no frame's file takes the place of another frame's.

A device says itself what files a frame has, and it is not trusted. Names by the scene's own
pattern tell whose they are. Other names, as those of File Output nodes, have to hold the frame's
number, as all do that Blender writes, and belong to the frame that was first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from blendtui.devices.driver_names import MOVIE_ENDING, leaf, storable
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.share.names import folded

_NUMBERS = re.compile(r"(-?)(\d{1,20})", re.ASCII)
_MARKS = re.compile(r"#+")
_ENDS = re.compile(r"[.{]")

DIGITS = 4
"""What Blender adds to a name that has no # for them."""


class Pattern:
    """How a job names its frames: `output` is its scene's output path, or what job.toml has."""

    def __init__(self, output: str) -> None:
        name = storable(leaf(output))
        marks = list(_MARKS.finditer(name))
        before = name[: marks[-1].start()] if marks else name
        # A name ends differently by format and eye; an ending may also give way to another one.
        after = _ENDS.split(name[marks[-1].end() :])[0] if marks else ""
        self._width = len(marks[-1][0]) if marks else DIGITS
        shape = re.escape(folded(before))
        if not marks:
            # Blender adds its digits, behind an ending too, and we "_" before those of a movie.
            shape = f"(?:{shape}_?|{re.escape(folded(MOVIE_ENDING.sub('', name)))}_?)"
        shape += r"(-?\d{1,20})" + re.escape(folded(after))
        self._name = re.compile(shape, re.ASCII)
        self._is_known = bool(before)

    def frame_of(self, path: str) -> int | None:
        """Give the frame that a file's name is for; None where it isn't by this pattern."""
        folder, _, name = path.rpartition("/")
        name = folded(name)
        found = self._name.match(name) if self._is_known else None
        number = int(found[1]) if found else 0
        sign = "-" if number < 0 else ""  # Blender's digits do not count it
        if found is None or found[1] != f"{sign}{abs(number):0{self._width}d}":
            return None
        # What a node calls its files may begin like this, and then have a number of its own first.
        is_only = len(found[1]) == DIGITS and not _NUMBERS.search(name, found.end(1))
        return number if is_only or not folder else None


class Ownership:
    """Knows the files of one job's frames; `done` are those that are in place already."""

    def __init__(self, output: str | None, done: Mapping[int, Iterable[str]]) -> None:
        self._pattern = Pattern(output) if output else None
        self._owners: dict[str, int] = {}
        for frame, paths in done.items():
            self.claim(frame, paths)

    def claim(self, frame: int, paths: Iterable[str]) -> None:
        """Note that files are a frame's; those of another frame stay that one's."""
        for path in paths:
            if self._named(path) is None:
                self._owners.setdefault(folded(path), frame)

    def flaw(self, frame: int, paths: Iterable[str]) -> str | None:
        """Say why files can't be a frame's; None if they can."""
        for path in paths:
            named = self._named(path)
            if named is None and not _holds(path, frame):
                return "a file's name does not say which frame it is"
            if self._owners.get(folded(path), frame) != frame or named not in (None, frame):
                return "a file has the name of another frame's"
        return None

    def _named(self, path: str) -> int | None:
        return self._pattern.frame_of(path) if self._pattern else None


class Owners:
    """The ownership of all jobs that files come for; `output` and `done` tell what is known."""

    def __init__(
        self,
        output: Callable[[str], str | None],
        done: Callable[[str], Mapping[int, Iterable[str]]],
    ) -> None:
        self._output = output
        self._done = done
        self._jobs: dict[str, Ownership] = {}

    def take(self, job: str, frame: int, paths: Iterable[str]) -> None:
        """Have files be a frame's from now on.

        Raises:
            Failure: OUTPUT_REFUSED, where one of them is not to be had for this frame.
        """
        paths = list(paths)
        known = self._jobs.get(job)
        if known is None:
            known = self._jobs[job] = Ownership(self._output(job), self._done(job))
        flaw = known.flaw(frame, paths)
        if flaw:
            raise Failure.of(FaultKind.OUTPUT_REFUSED, detail=flaw)
        known.claim(frame, paths)

    def forget(self, job: str) -> None:
        """Keep in mind nothing of a job that is over."""
        self._jobs.pop(job, None)


def _holds(path: str, frame: int) -> bool:
    """Whether a number in a path is the frame's; a hyphen may be a minus, or only a hyphen.

    Blender also puts its digits right behind those of a name: `Image_001` has `Image_0010003`.
    """
    for sign, digits in _NUMBERS.findall(path):
        if frame in (int(sign + digits), int(digits)) and (frame >= 0 or sign):
            return True
        if frame >= 0 and digits.endswith(f"{frame:0{DIGITS}d}"):
            return True
    return False
