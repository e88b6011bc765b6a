"""Starting with a thousand finished jobs in the store, against starting with none.

From the start of `blendtui --watch` to the moment at which its one device, this machine, is
reached: by then the store is read and the farm works.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tomli_w

from blendtui.farm.model import (
    Attempt,
    AttemptState,
    Frame,
    FrameState,
    Job,
    JobSpec,
    JobState,
    OutputFile,
    Run,
    RunState,
    SlotId,
)
from blendtui.farm.project import Project, ProjectFile
from blendtui.places import Places
from blendtui.store.journal import Journal
from blendtui.store.views import Views

JOBS, FRAMES, TURNS = 1_000, 250, 9
AT_MOST = 1.2


class Place:
    """A share with so many finished jobs behind it."""

    def __init__(self, jobs: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="blendtui-past-"))
        share = self.root / "share"
        share.mkdir()
        self.places = Places(self.root / "state", share)
        self.config = self.root / "devices.toml"
        told = {
            "share": {"path": str(share)},
            "devices": {"here": {"host": "local", "work_dir": str(self.root / "work")}},
        }
        self.config.write_text(tomli_w.dumps(told))
        journal = Journal(self.places.store)
        for number in range(jobs):
            self._fill(journal, f"job{number:04d}", number)
            (share / f"job{number:04d}" / "frames").mkdir(parents=True)
        journal.close()

    def _fill(self, journal: Journal, name: str, position: int) -> None:
        spec = JobSpec(name, "a.blend", tuple(range(1, FRAMES + 1)))
        slot, at = SlotId("here", 1), 1_700_000_000.0 + position
        job = Job(spec, position, added=at, priority=50, state=JobState.DONE, reported=True)
        job.ended, job.proven, job.counts = at + 1, True, {FrameState.DONE: FRAMES}
        run = Run(f"here.1.x.{position + 1}", name, slot, RunState.CLOSED, at, blender="3.4.1")
        frames = [Frame(name, frame, FrameState.DONE, 1) for frame in spec.frames]
        tries = [
            Attempt(
                name, frame, 1, run.id, slot, AttemptState.DONE, at, at, at + 1, 1.0,
                (OutputFile(f"shot_{frame:04d}.png", 20_000, "0" * 64),),
            )
            for frame in spec.frames
        ]  # fmt: skip
        files = tuple(ProjectFile(f"tex/{one}.png", f"{one:064x}", 1000) for one in range(50))
        journal.add_project(name, Project("a.blend", files), None)
        journal.commit(at, [job, run, *frames, *tries], [], {})

    def start(self) -> float:
        """Time a start."""
        views = Views(self.places.store)
        before = views.last_history()
        words = ["-m", "blendtui", "--watch", "--devices", str(self.config)]
        begun = time.perf_counter()
        watcher = subprocess.Popen(
            [sys.executable, *words, "--state", str(self.places.state)], stdout=subprocess.DEVNULL
        )
        try:
            while not any(row.kind == "device-reached" for row in views.history(before)):
                assert watcher.poll() is None and time.perf_counter() - begun < 60
                time.sleep(0.002)
            return time.perf_counter() - begun
        finally:
            views.close()
            watcher.terminate()
            watcher.wait()

    def close(self) -> None:
        """Remove it all."""
        shutil.rmtree(self.root, ignore_errors=True)


def main() -> int:
    """Print the ratio of medians, the two taken in turn; 1 if the bound is missed."""
    places = [Place(JOBS), Place(0)]
    try:
        pairs = [[place.start() for place in places] for _ in range(TURNS)]
    finally:
        for place in places:
            place.close()
    full, empty = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = full / empty
    print(f"{JOBS} finished jobs of {FRAMES} frames: {full * 1000:.0f} ms; none:"
          f" {empty * 1000:.0f} ms")  # fmt: skip
    print(f"ratio {ratio:.2f}, bound {AT_MOST}: {'kept' if ratio <= AT_MOST else 'MISSED'}")
    return int(ratio > AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
