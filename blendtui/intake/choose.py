"""Which of a project's files are job.toml and the .blend to render. Pure: paths in, paths out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.jobfile import JOBFILE_NAME

_MOST_LISTED = 12


def find_jobfile(paths: Sequence[str]) -> str | None:
    """Find job.toml at the top: beside everything, or in the one folder that holds everything."""
    for path in paths:
        if path.casefold() == JOBFILE_NAME:
            return path
    inner = f"{top_folder(paths)}{JOBFILE_NAME}".casefold()
    return next((path for path in paths if path.casefold() == inner), None)


def top_folder(paths: Iterable[str]) -> str:
    """Give the one folder that holds all paths, with a `/` behind it; empty if there is none."""
    tops = {path.partition("/")[0] if "/" in path else "" for path in paths}
    top = tops.pop() if len(tops) == 1 else ""
    return f"{top}/" if top else ""


def choose_blend(
    paths: Sequence[str], wanted: str | None, *, jobfile: str | None, drop: str
) -> str:
    """Choose the .blend to render: the one that job.toml names, the only one, the only at the top.

    `paths` are the project's files, without job.toml (`jobfile`). `wanted` counts from job.toml's
    folder, else from the zip's root. Raises Failure BLEND_NAMED_MISSING, BLEND_NONE or
    BLEND_SEVERAL, which name `drop` and list the .blend files that are there.
    """
    blends = sorted(path for path in paths if is_blend(path))
    if wanted is not None:
        return _named(blends, wanted, jobfile or "", drop)
    if not blends:
        raise Failure.of(FaultKind.BLEND_NONE, name=drop)
    top = top_folder(paths)
    at_top = [path for path in blends if "/" not in path.removeprefix(top)]
    for found in (blends, at_top):
        if len(found) == 1:
            return found[0]
    example = blends[0].removeprefix(top)
    raise Failure.of(FaultKind.BLEND_SEVERAL, name=drop, blends=listed(blends), example=example)


def pick_blend(paths: Iterable[str], chosen: str, drop: str) -> str:
    """Give the .blend that somebody chose by its path. Raises Failure BLEND_CHOSEN_MISSING."""
    blends = sorted(path for path in paths if is_blend(path))
    if chosen in blends:
        return chosen
    raise Failure.of(FaultKind.BLEND_CHOSEN_MISSING, blend=chosen, name=drop, blends=listed(blends))


def is_blend(path: str) -> bool:
    """Say whether a path is a .blend file: not a backup (.blend1), not a bare suffix."""
    name = path.rpartition("/")[2].casefold()
    return name.endswith(".blend") and name != ".blend"


def _named(blends: list[str], wanted: str, jobfile: str, drop: str) -> str:
    parts = [part for part in wanted.replace("\\", "/").split("/") if part not in ("", ".")]
    path = "/".join(parts)
    beside = jobfile[: jobfile.rfind("/") + 1]
    for candidate in (beside + path, path):
        if candidate in blends:
            return candidate
    raise Failure.of(FaultKind.BLEND_NAMED_MISSING, blend=wanted, name=drop, blends=listed(blends))


def listed(blends: Sequence[str]) -> str:
    """Name .blend files in a sentence, and the number of those beyond a dozen."""
    if not blends:
        return "none"
    more = len(blends) - _MOST_LISTED
    return ", ".join(blends[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
