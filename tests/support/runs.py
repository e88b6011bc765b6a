"""A run on this machine: its files laid out as on a device, and the driver started directly."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from blendtui.devices import driver_project
from blendtui.devices.orders import Order, RenderOrder, encode
from blendtui.devices.protocol import BlenderLine, Bye, DriverLine, LogReader
from blendtui.devices.slot import RunFolder, RunSettings
from tests.support.scenes import BLENDER

DRIVER = Path(driver_project.__file__).with_name("driver.py")
_T = TypeVar("_T")


def lay_job(work_dir: Path, job: str, files: Mapping[str, bytes], blend: str) -> dict[str, str]:
    """Put a job's manifest and its files, as uploaded blobs, on a device; gives their hashes."""
    blobs, folder = work_dir / "blobs", work_dir / "jobs" / job
    for made in (blobs, folder):
        made.mkdir(parents=True, exist_ok=True)
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    for path, data in files.items():
        if not (blobs / hashes[path]).exists():
            (blobs / f"{hashes[path]}.part").write_bytes(data)
    listed = [[path, hashes[path], len(data)] for path, data in files.items()]
    (folder / "manifest.json").write_text(json.dumps({"blend": blend, "files": listed}))
    return hashes


class DriverRun:
    """A driver in a Blender of its own. Leave the block, and it is gone.

    `first` is a script that Blender runs before the driver.
    """

    def __init__(
        self,
        work_dir: Path,
        blend: Path,
        settings: RunSettings | None = None,
        run: str = "r1",
        first: Path | None = None,
    ) -> None:
        settings = settings or RunSettings()
        self.folder = RunFolder(str(work_dir), "job {1}", run)
        self.path = Path(self.folder.path)
        if not settings.share_file:
            lay_job(
                work_dir, self.folder.job, {"shots/a.blend": blend.read_bytes()}, "shots/a.blend"
            )
        (self.path / "out").mkdir(parents=True)
        for name in ("log", "orders"):
            (self.path / name).touch()
        (self.path / "settings.json").write_bytes(msgspec.json.encode(settings))
        self.project = self.path.parent / "project"
        self.lines: list[DriverLine | BlenderLine] = []
        self._reader = LogReader()
        self._read = 0
        scripts = "--enable-autoexec" if settings.allow_scripts else "--disable-autoexec"
        start = [str(BLENDER), "-b", scripts, "--python-exit-code", "3", "-t", "1"]
        start += ["-P", str(first)] if first else []
        start += ["-P", str(DRIVER), "--", str(self.path / "settings.json")]
        with (self.path / "log").open("ab") as log:
            self.process = subprocess.Popen(start, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def order(self, *orders: Order) -> None:
        """Append orders in one write."""
        self.order_raw(b"".join(map(encode, orders)))

    def order_raw(self, data: bytes) -> None:
        """Append anything."""
        with (self.path / "orders").open("ab") as file:
            file.write(data)

    def render(self, *frames: int, number: int = 1) -> None:
        """Order frames."""
        self.order(*(RenderOrder(frame, number) for frame in frames))

    def all(self, kind: type[_T]) -> list[_T]:
        """Give all lines of a kind that were read so far."""
        with (self.path / "log").open("rb") as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        self.lines += [entry.line for entry in self._reader.feed(data)]
        return [line for line in self.lines if isinstance(line, kind)]

    def wait(
        self, kind: type[_T], count: int = 1, check: Callable[[_T], bool] = lambda _: True
    ) -> list[_T]:
        """Wait until `count` lines of a kind are there; fails when Blender ends without."""
        deadline = time.monotonic() + 300  # EEVEE in software takes its time
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            found = [line for line in self.all(kind) if check(line)]
            if len(found) >= count:
                return found
            assert not ended, (self.path / "log").read_text(errors="replace")[-3000:]
            time.sleep(0.005)
        raise AssertionError(f"no {kind.__name__}: {self.lines[-20:]}")

    def leave(self) -> str:
        """Wait until Blender has ended; gives the driver's reason."""
        assert self.process.wait(60) == 0, self.lines
        return self.wait(Bye)[0].reason

    def output(self, frame: int, path: str, number: int = 1) -> Path:
        """Give the place of an output file."""
        return Path(self.folder.output(frame, number, path))

    def __enter__(self) -> DriverRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
