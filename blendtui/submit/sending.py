"""What `blendtui submit` does with its files, one after another, and what it says of them."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from blendtui.intake.tracing import around_number
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
    if plan.outside:
        yield f"  From outside its folder ({len(plan.outside)}):"
        yield from (f"    {line}" for line in _alike(plan.outside))
    missing = [path for path in plan.missing if path not in plan.kept_back]
    if missing:
        yield f"  Missing ({len(missing)}):"
        yield from _some(missing)
    if plan.kept_back:
        yield f"  Not packed, as private ({len(plan.kept_back)}):"
        yield from _some(plan.kept_back)
        yield "    Any .blend could ask for a hidden file, or for one of the system. To send one"
        yield "    anyway, put a copy of it beside the .blend, or pack it into the .blend."
    yield from (f"  {explain(note)}" for note in plan.notes)


def _some(paths: Sequence[str]) -> Iterator[str]:
    yield from (f"    {safe(path)}" for path in paths[:_NAMED])
    more = len(paths) - _NAMED
    if more > 0:
        yield f"    and {more} more"


def _alike(paths: Sequence[str]) -> Iterator[str]:
    """Name every file, save that those that differ by their number only are one line."""
    first: dict[tuple[str, object], str] = {}
    more: Counter[tuple[str, object]] = Counter()
    for path in paths:
        folder, name = os.path.split(path)
        kind: tuple[str, object] = (folder, around_number(name) or name)
        more[kind] += kind in first
        first.setdefault(kind, path)
    for kind, path in first.items():
        yield safe(path) + (f" and {more[kind]} more like it" if more[kind] else "")


def _known(places: Places) -> frozenset[str]:
    """Name the jobs that the engine of this machine knows, if there was one."""
    if not places.store.exists():
        return frozenset()
    views = Views(places.store)
    try:
        return frozenset(job.name for job in views.jobs())
    finally:
        views.close()
