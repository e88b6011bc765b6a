"""What a user is told of each case: by `blendtui inspect`, and by a farm that takes the drop."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blendtui import cli
from blendtui.wording import Words
from tests.refusals import drops
from tests.refusals.cases import Case
from tests.support.farm import Farm

INSPECT, REASON, REPORT, PRINTED, SUBMIT = (
    "`blendtui inspect`", "reason.txt", "report.toml", "`blendtui --watch`", "`blendtui submit`",
)  # fmt: skip


@dataclass
class Told:
    """What became of a drop, and each text that was said of it with the places that said it."""

    becomes: str = ""
    said: dict[str, list[str]] = field(default_factory=dict)

    def is_as_wanted(self, says: str | None) -> bool:
        """Whether a text has those words, or nothing was said where None is wanted."""
        return not self.said if says is None else any(says in text for text in self.said)

    def add(self, place: str, *texts: str) -> None:
        """Note that a place has said something."""
        for text in texts:
            self.said.setdefault(text, []).append(place)


def inspected(path: Path, state: Path) -> list[str]:
    """Give what `blendtui inspect` says speaks against a drop, or should be known of it."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        cli.main(["inspect", str(path), "--json", "--state", str(state)])
    found = json.loads(shown.getvalue())
    faults = [*found["warnings"], *([found["problem"]] if found["problem"] else [])]
    return [f"{one['what']} {one['cure']}" for one in faults]


@contextlib.contextmanager
def farm_of(kind: str, newer: str) -> Iterator[Farm]:
    """Give one of the farms that the cases name; `newer` is the command of a newer Blender."""
    farms: dict[str, dict[int, dict[str, Any]]] = {
        "usual": {0: {}},
        "stills": {0: {"slots": 2}},
        "newer": {0: {"blender": newer}},
        "both": {0: {}, 1: {"blender": newer}},
        "undrawn": {0: {"env": {"__EGL_VENDOR_LIBRARY_DIRS": "/nonexistent"}}},
        "cards": {0: {"compute": "CUDA"}},
    }
    own = farms[kind]
    with Farm(devices=len(own), own=own, patience=1) as farm:
        yield farm


def run(cases: Iterable[Case], kind: str, made: Path, newer: str) -> dict[str, Told]:
    """Drop all of one farm's cases at once, and give what was said of each, by its name."""
    told = {case.name: Told() for case in cases}
    with farm_of(kind, newer) as farm:
        folder = farm.root / "drops"
        folder.mkdir()
        for case in cases:
            path = drops.write(case, made / "newer" if case.newer else made, folder)
            if case.is_sent:
                _send(farm, path, told[case.name])
                continue
            told[case.name].add(INSPECT, *inspected(path, farm.places.state))
            shutil.copy(path, farm.share / f".{case.name}")
        if len(farm.servers) > 1:
            _reach(farm)
        for case in cases:
            if not case.is_sent:
                (farm.share / f".{case.name}").rename(farm.share / case.name)
        farm.watch("--once")
        farm.end(900)
        for case in cases:
            if not case.is_sent:
                _gather(farm, case, told[case.name])
    return {name: _without_places(one, farm) for name, one in told.items()}


def _reach(farm: Farm) -> None:
    """Let the farm learn which Blenders its devices have, before there is a job for them."""
    farm.watch()
    farm.until(lambda views: all(one.blenders for one in views.devices()) and views.devices())
    farm.stop()


def _send(farm: Farm, path: Path, told: Told) -> None:
    done = farm.run("submit", str(path), "--dry-run")
    told.becomes = "packed and dropped"
    told.add(SUBMIT, done.stdout.rstrip())


def _without_places(told: Told, farm: Farm) -> Told:
    """Write the share and the folder of the drops as people who read it would have them."""
    places = {str(farm.share): "SHARE", str(farm.root / "drops"): "/projects/film"}
    said: dict[str, list[str]] = {}
    for text, where in told.said.items():
        shown = text
        for path, name in places.items():
            shown = shown.replace(path, name)
        said[shown] = where
    return Told(told.becomes, said)


def _gather(farm: Farm, case: Case, told: Told) -> None:
    reason = farm.share / "rejected" / f"{case.stem}.reason.txt"
    if reason.exists():
        told.becomes = "refused"
        told.add(REASON, reason.read_text("utf-8").strip())
        return
    report = tomllib.loads((farm.share / case.stem / "report.toml").read_text("utf-8"))
    frames = report["frames"]
    told.becomes = f"{report['state']}, {frames['done_count']} of {frames['count']} frames"
    told.becomes += _parts(report)
    told.add(f"{REPORT} (reason)", *([report["reason"]] if "reason" in report else []))
    told.add(f"{REPORT} (warnings)", *report["warnings"])
    failures = {str(Words(one["reason"], one["cure"])) for one in report["failures"]}
    told.add(f"{REPORT} (failures)", *sorted(failures))
    movie = report.get("movie", {})
    told.add(f"{REPORT} (movie)", *([movie["reason"]] if "reason" in movie else []))
    told.add(f"{REPORT} (movie, warnings)", *movie.get("warnings", []))
    if report["state"] not in ("done", "failed"):
        told.add(PRINTED, *_printed(farm, case.stem))


def _parts(report: dict[str, Any]) -> str:
    parts = sum(device.get("parts", 0) for device in report["devices"])
    return ", in parts" if parts else ""


def _printed(farm: Farm, job: str) -> list[str]:
    """Give the lines of the watcher about a job, without their time of day."""
    lines = [line.partition("  ")[2] for line in farm.printed().splitlines()]
    return [line for line in lines if line.startswith(f"{job}: ") and ": taken, " not in line]
