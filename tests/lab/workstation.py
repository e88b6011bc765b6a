"""The lab's workstation: the share, the state folder, devices.toml and the watcher's process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from blendtui.errors import Failure
from blendtui.places import Places
from blendtui.store.views import Views
from tests.lab.clock import Clock
from tests.lab.disks import Disk
from tests.lab.hosts import Host
from tests.lab.namespaces import user

_T = TypeVar("_T")
ROOM = "48m"
REPOSITORY = Path(__file__).parents[2]
AGAIN = 1.0
"""Seconds until a watcher that ended by itself is started again, as a supervisor would."""


class Workstation:
    """Runs blendtui in its own network namespace; `keep()` it going, as a supervisor does."""

    def __init__(self, root: Path, enter: list[str], key: Path) -> None:
        self.root, self.key = root, key
        self._enter = enter
        self.share = Disk(root / "back-share", root / "share", ROOM)
        self.state = Disk(root / "back-state", root / "state", ROOM)
        self.places = Places(self.state.folder, self.share.folder)
        self.config = root / "devices.toml"
        self.output = root / "output"
        self.clock = Clock(root)
        self.ends: list[tuple[int, str]] = []
        """Exit code and last words of each watcher that ended though nobody ended it."""
        self._watcher: subprocess.Popen[bytes] | None = None
        self._ended_at: float | None = None

    # devices.toml and hosts

    def write_config(self, hosts: Sequence[Host], share: dict[str, Any], **device: Any) -> None:
        """Write devices.toml in one step."""
        devices = {
            host.name: {
                "host": host.cable.address,
                "user": user(),
                "key": str(self.key),
                "work_dir": str(host.work_dir),
                "threads": 1,
                **device,
            }
            for host in hosts
        }
        whole = {"share": {"path": str(self.share.folder), **share}, "devices": devices}
        self.write_text(tomli_w.dumps(whole))

    def write_text(self, text: str) -> None:
        """Write anything as devices.toml."""
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self.config)

    def trust(self, hosts: Sequence[Host]) -> None:
        """Trust the host keys of all."""
        self.places.known_hosts.write_text("".join(host.known_hosts_line() for host in hosts))

    def drop(self, name: str, blend: Path, job: dict[str, Any]) -> None:
        """Drop a zip into the share, complete at once."""
        zipped = self.root / name
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as archive:
            archive.write(blend, blend.name)
            archive.writestr("job.toml", tomli_w.dumps(job))
        hidden = self.share.folder / f".{name}"
        hidden.write_bytes(zipped.read_bytes())
        hidden.replace(self.share.folder / name)

    # commands

    def command(self, *words: str, state: Path | None = None) -> list[str]:
        """Give a command line of blendtui on this workstation."""
        places = ["--devices", str(self.config), "--state", str(state or self.places.state)]
        return [*self._enter, sys.executable, "-m", "blendtui", *words, *places]

    def run(
        self, *words: str, state: Path | None = None, seconds: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*words, state=state),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
        return os.environ | own | self.clock.environment

    # the watcher

    def watch(self) -> None:
        """Start the watcher."""
        self._watcher = self.start("--watch")
        self._ended_at = None

    def start(self, *words: str, state: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a command that prints where the watcher does."""
        with self.output.open("ab") as output:
            return subprocess.Popen(
                self.command(*words, state=state),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment(),
                start_new_session=True,  # as a service has; Linux shares its time among sessions
            )

    @property
    def is_watching(self) -> bool:
        """Whether the watcher's process lives."""
        return self._watcher is not None and self._watcher.poll() is None

    def keep(self) -> None:
        """Start a watcher that ended by itself again, after a moment; call it often."""
        if self._watcher is None or self._watcher.poll() is None:
            return
        if self._ended_at is None:
            self._ended_at = time.monotonic()
            self.ends.append((self._watcher.returncode, self.printed()[-300:]))
        elif time.monotonic() - self._ended_at > AGAIN:
            self.watch()

    def kill(self) -> None:
        """End the watcher with SIGKILL; `keep` leaves it so, until somebody starts it."""
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.wait()
            self._watcher = None

    def stop(self) -> int:
        """End the watcher with SIGTERM; gives its exit code."""
        assert self._watcher is not None
        self._watcher.send_signal(signal.SIGTERM)
        code = self._watcher.wait(120)
        self._watcher = None
        return code

    def printed(self) -> str:
        """Give what all watchers have printed."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def logged(self) -> str:
        """Give what the log file has."""
        path = Places.log_of(self.places.state)
        return path.read_text(errors="replace") if path.exists() else ""

    def look(self, at: Callable[[Views], _T]) -> _T | None:
        """Look into the store once; None where it can't be read just now."""
        try:
            if not self.places.store.exists():
                return None
            views = Views(self.places.store)
            try:
                return at(views)
            finally:
                views.close()
        except (Failure, OSError):
            return None

    def close(self) -> None:
        """End the watcher, remove the disks."""
        self.kill()
        self.share.close()
        self.state.close()
