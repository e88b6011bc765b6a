"""What a job's movie is called: as Blender would call it, by a name that every system can store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from blendtui.devices.driver_names import MOVIE_ENDING, leaf, storable
from blendtui.farm.movies import MovieAsked
from blendtui.output import plan
from blendtui.share.names import is_forbidden, is_reserved

_MARKS = re.compile(r"#+(?![^{}]*\})")
"""The places of digits; a # within braces says how a number there is written."""


def movie_name(asked: MovieAsked, output: str, files: Mapping[int, Iterable[str]]) -> str:
    """Give the name of a movie of these frames, whose scene has this output path.

    What cannot be stored is replaced in it, and what stands in braces is filled in, as in the
    names of the frames. There is at least one frame.
    """
    frames = list(files)
    filled = _filled(storable(leaf(output)), frames[0], files[frames[0]])
    kept = "".join("_" if is_forbidden(char) else char for char in filled)
    name = plan.name_of(asked, kept, frames)
    return f"_{name}" if is_reserved(name) else name


def _filled(name: str, frame: int, files: Iterable[str]) -> str:
    """Fill in braces as the device's Blender did: the frame's own file tells it.

    Blender does so from 5.0 on; an older one leaves them as they are.
    """
    own = min((path for path in files if "/" not in path), default="")
    if "{" not in name or not own:
        return name
    stem = MOVIE_ENDING.sub("", name)
    marks = list(_MARKS.finditer(stem))
    # A movie's frames have their digits behind "_" where its name has no place for any.
    left, right = (stem[: marks[-1].start()], stem[marks[-1].end() :]) if marks else (stem, "")
    between, width = ("", len(marks[-1][0])) if marks else ("_", 4)
    number = f"{'-' if frame < 0 else ''}{abs(frame):0{width}d}"
    before, after = left.rpartition("}")[2] + between, right.partition("{")[0]
    told = PurePosixPath(own).stem
    start = told.rfind(before + number + after) + len(before)
    if start < len(before):
        return name
    if "{" in left:
        left = told[: start - len(between)]
    if "{" in right:
        right = told[start + len(number) :]
    return left + "#" * (width if marks else 0) + right + name[len(stem) :]
