"""What `blendtui submit` does with its files, one after another, and what it says of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from blendtui.places import Places
from blendtui.process import OK, SOME_FAILED
from blendtui.share import Share
from blendtui.store.views import Views
from blendtui.submit import Drop, Plan, drop
from blendtui.submit.waiting import Waiting
from blendtui.wording import explain, safe, size

_NAMED = 20
"""So many missing files are named, the others counted."""


def send(
    files: list[Path], places: Places, wishes: dict[str, Any], options: argparse.Namespace
) -> int:
    """Drop files and say so; with `--wait`, gives 1 where a job came to a bad end.

    Raises:
        Failure: a file can't be sent; those before it were.
    """
    share = Share(places.share)
    drops: list[Drop] = []
    for file in files:
        sent = drop(
            file,
            share,
            wishes,
            name=options.name or "",
            known=_known(places),
            strict=options.strict,
            told=partial(_tell, file),
        )
        drops += sent
        print(f"Dropped as {', '.join(safe(one.name) for one in sent)}.", flush=True)
    if not options.wait:
        return OK
    return OK if Waiting(drops, places, sys.stdout).run() else SOME_FAILED


def _tell(file: Path, plan: Plan) -> None:
    print(planned(file, plan), flush=True)


def planned(file: Path, plan: Plan) -> str:
    """Say what was packed, what it lacks and what else one should know."""
    return "\n".join(_lines(file, plan))


def _lines(file: Path, plan: Plan) -> Iterator[str]:
    files = "1 file" if plan.files == 1 else f"{plan.files} files"
    yield f"{safe(file.name)}: {files}, {size(plan.size)}."
    if plan.missing:
        yield f"  Missing ({len(plan.missing)}):"
        yield from (f"    {safe(path)}" for path in plan.missing[:_NAMED])
        more = len(plan.missing) - _NAMED
        if more > 0:
            yield f"    and {more} more"
    yield from (f"  {explain(note)}" for note in plan.notes)


def _known(places: Places) -> frozenset[str]:
    """Name the jobs that the engine of this machine knows, if there was one."""
    if not places.store.exists():
        return frozenset()
    views = Views(places.store)
    try:
        return frozenset(job.name for job in views.jobs())
    finally:
        views.close()
