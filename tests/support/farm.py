"""A whole farm on this machine: a share, OpenSSH devices, and `blendtui --watch` as a process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tomli_w
from PIL import Image

from blendtui.places import Places
from blendtui.store.views import Views
from tests.support.processes import processes, running
from tests.support.scenes import BLENDER
from tests.support.sshd import Sshd

_T = TypeVar("_T")


class Farm:
    """Two devices behind sshd by default; `watch()` starts the engine for them.

    `settings` hold for all devices, those in `own` for the device of that number.
    """

    def __init__(
        self,
        devices: int = 2,
        slots: int = 1,
        settle: float = 0.2,
        patience: float = 60.0,
        own: dict[int, dict[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="blendtui-farm-"))
        self.share = self.root / "share"
        self.share.mkdir()
        self.places = Places(self.root / "state", self.share)
        self.config = self.root / "devices.toml"
        self.servers = [Sshd(self.root / f"host{number}").start() for number in range(devices)]
        self.settings = settings
        self.own = own or {}
        self.slots = slots
        self.settle = settle
        self.patience = patience
        self.output = self.root / "output"
        self._engine: subprocess.Popen[bytes] | None = None
        self.write_config()
        self.trust()

    @property
    def engine(self) -> int | None:
        """The engine's process."""
        return self._engine.pid if self._engine else None

    def trust(self) -> None:
        """Trust all servers' keys."""
        lines = [server.known_hosts_line() for server in self.servers]
        self.places.known_hosts.write_text("".join(lines))

    def write_config(self, **changes: Any) -> None:
        """Write devices.toml; device names are host0, host1, ..."""
        self.settings |= changes
        devices = {}
        for number, server in enumerate(self.servers):
            device = server.device()
            devices[f"host{number}"] = {
                "host": device.host,
                "port": device.port,
                "user": device.user,
                "key": str(device.key),
                "work_dir": device.work_dir,
                "slots": self.slots,
                **self.settings,
                **self.own.get(number, {}),
            }
        share = {"path": str(self.share), "settle": self.settle, "patience": self.patience}
        whole = {"share": share, "devices": devices}
        fresh = self.config.with_suffix(".new")
        fresh.write_text(tomli_w.dumps(whole))
        fresh.replace(self.config)

    def drop(self, name: str, *files: Path, job: dict[str, Any] | None = None) -> None:
        """Drop a zip of files into the share, complete at once."""
        zipped = self.root / name
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as archive:
            for file in files:
                archive.write(file, file.name)
            if job is not None:
                archive.writestr("job.toml", tomli_w.dumps(job))
        zipped.replace(self.share / name)

    def command(self, *words: str) -> list[str]:
        """Give a command line of blendtui for this farm."""
        places = ["--devices", str(self.config), "--state", str(self.places.state)]
        return [sys.executable, "-m", "blendtui", *words, *places]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False, timeout=100
        )

    def watch(self, *words: str) -> None:
        """Start the engine in the background."""
        with self.output.open("ab") as output:
            self._engine = subprocess.Popen(
                self.command("--watch", *words), stdout=output, stderr=output
            )

    def kill(self) -> None:
        """End the engine with SIGKILL."""
        assert self._engine is not None
        self._engine.kill()
        self._engine.wait()

    def stop(self) -> int:
        """End the engine with SIGTERM; gives its exit code."""
        assert self._engine is not None
        self._engine.send_signal(signal.SIGTERM)
        return self._engine.wait(30)

    def end(self, seconds: float = 100) -> int:
        """Wait until the engine ends by itself (--once); gives its exit code."""
        assert self._engine is not None
        return self._engine.wait(seconds)

    def printed(self) -> str:
        """Give what the engine has printed."""
        return self.output.read_text() if self.output.exists() else ""

    def until(self, look: Callable[[Views], _T | None], seconds: float = 60) -> _T:
        """Wait until a look at the store gives something; gives that."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.places.store.exists():
                views = Views(self.places.store)
                try:
                    found = look(views)
                finally:
                    views.close()
                if found:
                    return found
            time.sleep(0.02)
        raise AssertionError(f"nothing came of it within {seconds} s:\n{self.printed()}")

    def done(self, job: str, frames: int) -> None:
        """Wait until that many frames of a job are done."""

        def look(views: Views) -> bool:
            row = views.job(job)
            return row is not None and row.done >= frames

        self.until(look)

    def report(self, job: str) -> dict[str, Any]:
        """Read a job's report.toml."""
        return tomllib.loads((self.share / job / "report.toml").read_text())

    def frames(self, job: str) -> dict[str, Path]:
        """Give a job's frames on the share, by name."""
        return {path.name: path for path in sorted((self.share / job / "frames").iterdir())}

    def close(self) -> None:
        """End everything and remove it."""
        if self._engine is not None and self._engine.poll() is None:
            self.kill()
        self.kill_engines()
        for blender in self.blenders():
            os.kill(blender, signal.SIGKILL)
        for server in self.servers:
            server.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def blenders(self) -> list[int]:
        """Give the processes of this farm's devices that are Blenders, or stand in for one."""
        return self._processes(
            lambda words: words[0].endswith("blender") or words[1].endswith("standin.py")
        )

    def kill_engines(self) -> None:
        """End all engines with SIGKILL, those too that a control centre has started."""
        for engine in self._processes(lambda words: "--watch" in words):
            os.kill(engine, signal.SIGKILL)

    def _processes(self, wanted: Callable[[list[str]], bool]) -> list[int]:
        mine = set(running(str(self.root)))
        return [
            pid for pid, words in processes().items() if pid in mine and wanted([*words, "", ""])
        ]

    def __enter__(self) -> Farm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def render_alone(blend: Path, folder: Path) -> dict[str, Path]:
    """Render an animation as `blender -b -a` does, on this machine alone; gives files by name."""
    assert BLENDER is not None
    words = [BLENDER, "-b", str(blend), "-o", f"{folder}/shot_####", "-a"]
    subprocess.run(words, check=True, capture_output=True)
    return {path.name: path for path in sorted(folder.iterdir())}


def same_pixels(first: Path, second: Path) -> bool:
    """Whether two pictures are equal, pixel for pixel; what else the files say does not count."""
    with Image.open(first) as one, Image.open(second) as other:
        return bool(np.array_equal(np.asarray(one), np.asarray(other)))
