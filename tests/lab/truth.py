"""What must hold when all faults are over: looked at from outside, in files and processes."""

from __future__ import annotations

import os
import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blendtui.farm.frames import parse_frames
from blendtui.locks import FILE
from blendtui.share import MARK, SHEET
from blendtui.share.files import is_temporary
from blendtui.store.views import Views
from tests.lab.hosts import Host
from tests.lab.lab import Lab
from tests.support.farm import same_pixels

SOON = 60.0
"""Seconds within which what only looks at a device ends after its connection is lost.

It looks every 10 s, and sshd sends again ever later where a line was dead, before it gives up.
"""

WORDS = 200
"""Characters of a process's command that are told."""

_CACHED = re.compile(r"[0-9a-f]{64}(\.part)?")
"""What a device keeps: a project's file by its hash, or as much of it as has arrived."""

LOGS = "logs"
"""A folder in a job's folder with logs of failed tries: for the user, and no remains."""


def violations(lab: Lab, job: str, frames: tuple[int, ...], expected: Path) -> Iterator[str]:
    """Say all that isn't as it must be, with the watcher ended."""
    yield from lab.complaints
    yield from _frames(lab, job, frames, expected)
    yield from _report(lab, job, frames)
    yield from _share(lab, job)
    for host in lab.hosts:
        yield from remains(host)
        yield from _strange(host)
        yield from _processes(host)
    yield from _state(lab)
    yield from _told(lab)


def _frames(lab: Lab, job: str, frames: tuple[int, ...], expected: Path) -> Iterator[str]:
    folder = lab.share / job / "frames"
    names = {f"shot_{number:04d}.png" for number in frames}
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if names - there:
        yield f"frames lost: {sorted(names - there)}"
    if there - names:
        yield f"nobody asked for: {sorted(there - names)}"
    for name in sorted(names & there):
        if not same_pixels(expected / name, folder / name):
            yield f"another picture than without faults: {name}"


def _report(lab: Lab, job: str, frames: tuple[int, ...]) -> Iterator[str]:
    path = lab.share / job / "report.toml"
    if not path.is_file():
        yield "no report.toml"
        return
    report = tomllib.loads(path.read_text())
    if report["state"] != "done" or "ended" not in report:
        yield f"report.toml says {report['state']}: {report.get('reason')}"
    else:
        yield from _times(lab, path, report)
    told = report["frames"]
    if parse_frames(told["done"] or "0") != frames or told["failed"] or told["missing"]:
        yield f"report.toml has other frames: {told}"
    if told["count"] != len(frames) or told["done_count"] != len(frames):
        yield f"report.toml counts {told}"
    if sum(device["frames"] for device in report["devices"]) != len(frames):
        yield f"report.toml's devices have other sums: {report['devices']}"
    done = lab.workstation.look(lambda views: _done_tries(views, job))
    if done != sorted(frames):
        yield f"the store has other finished tries: {done}"


def _times(lab: Lab, path: Path, report: dict[str, Any]) -> Iterator[str]:
    """Hold that it was added and ended when it was, unless the clock was wrong just then."""
    dropped, written = (
        (path.parent / f"{path.parent.name}.zip").stat().st_mtime,
        path.stat().st_mtime,
    )
    right = lab.workstation.clock.was_right
    added, ended = (report[name].timestamp() for name in ("added", "ended"))
    if right(dropped) and not dropped - 2 <= added <= written + 2:
        yield f"report.toml: added at {added}, dropped at {dropped}, written at {written}"
    if right(written) and not dropped - 2 <= ended <= written + 2:
        yield f"report.toml: ended at {ended}, dropped at {dropped}, written at {written}"


def _done_tries(views: Views, job: str) -> list[int]:
    return sorted(one.frame for one in views.attempts(job) if one.state == "done")


def _share(lab: Lab, job: str) -> Iterator[str]:
    """Look for what is left of work on the share."""
    if {path.name for path in lab.share.iterdir()} - {FILE} != {job}:
        yield f"on the share: {sorted(path.name for path in lab.share.iterdir())}"
    if (lab.share / FILE).exists():
        yield "the engine's lock is left on the share"
    in_job = {path.name for path in (lab.share / job).iterdir()} - {LOGS}
    if in_job != {f"{job}.zip", "frames", "report.toml", SHEET}:
        yield f"in the job's folder: {sorted(in_job)}"
    for path in lab.share.rglob("*"):
        if is_temporary(path.name) or path.name == MARK:
            yield f"left on the share: {path.relative_to(lab.share)}"


def remains(host: Host) -> Iterator[str]:
    """Say what a finished job has left on a device."""
    blenders = host.processes("blender")
    if blenders:
        yield f"{host.name}: Blender still runs"
    left = [
        Path(where, name)
        for where, *inside in os.walk(host.work_dir / "jobs")
        for names in inside
        for name in names
    ]
    if left:
        told = sorted(str(path.relative_to(host.work_dir)) for path in left)
        yield f"{host.name}: left on the device: {told[:20]}"


def _strange(host: Host) -> Iterator[str]:
    """Look for what is neither cache nor jobs in a device's work_dir."""
    inside = {path.name for path in host.work_dir.glob("*")} - {"blobs", "jobs"}
    cached = {path.name for path in host.work_dir.glob("blobs/*")}
    strange = sorted(inside | {name for name in cached if not _CACHED.fullmatch(name)})
    if strange:
        yield f"{host.name}: left in work_dir: {strange}"


def _state(lab: Lab) -> Iterator[str]:
    """Look for what was on its way in the state folder."""
    places = lab.workstation.places
    left = [path for path in places.state.rglob("*") if is_temporary(path.name)]
    left += places.incoming.iterdir()
    if left:
        yield f"left in the state folder: {[str(path.relative_to(places.state)) for path in left]}"


def _processes(host: Host) -> Iterator[str]:
    """Say which processes are left, when they have had the time to end."""
    others = _others(host)
    deadline = time.monotonic() + SOON
    while others and time.monotonic() < deadline:
        time.sleep(0.2)
        others = _others(host)
    if others:
        yield f"{host.name}: processes left: {sorted(_words(pid) for pid in others)}"


def _others(host: Host) -> list[int]:
    return [pid for pid in host.processes() if not _is_its_own(host, pid)]


def _is_its_own(host: Host, pid: int) -> bool:
    return pid in host.processes("sshd") or _words(pid).startswith(("sh -c while :", "sleep 1000"))


def _words(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
    return text.replace("\0", " ")[:WORDS]


def _told(lab: Lab) -> Iterator[str]:
    station = lab.workstation
    printed, logged = station.printed(), station.logged()
    for name, text in (("printed", printed), ("logged", logged)):
        if "Traceback" in text:
            at = text.index("Traceback")
            yield f"a traceback was {name}: {text[max(at - 300, 0) : at + 2500]}"
    for code, last in station.ends:
        if code not in (0, 2):
            yield f"a watcher ended by itself with {code}: {last}"
