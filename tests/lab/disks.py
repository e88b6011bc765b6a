"""Small disks of the lab: each a tmpfs of its own, that can be filled, locked and taken away."""

from __future__ import annotations

import errno
import subprocess
import time
from pathlib import Path

PATIENCE = 5.0
"""Seconds for which a disk that is busy is asked again to become read-only."""


class Disk:
    """A tmpfs behind a folder: `folder` is seen by those who use it, `back` stays for the lab."""

    def __init__(self, back: Path, folder: Path, size: str) -> None:
        self.back, self.folder = back, folder
        back.mkdir(parents=True)
        _mount("-t", "tmpfs", "-o", f"size={size},mode=0755", "lab", str(back))
        (back / "files").mkdir()
        folder.mkdir(parents=True)
        self.connect()

    def connect(self) -> None:
        """Have its files in the folder (again)."""
        _mount("--bind", str(self.back / "files"), str(self.folder))

    def disconnect(self) -> None:
        """Take it away, whoever uses it; the folder is empty then, and is another one."""
        subprocess.run(["umount", "-l", str(self.folder)], check=True)

    def fill(self) -> None:
        """Leave no room."""
        with (self.back / "ballast").open("ab", buffering=0) as ballast:
            for piece in (1 << 16, 1 << 12, 1):
                try:
                    while ballast.write(b"\0" * piece) == piece:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Give the room back."""
        (self.back / "ballast").unlink(missing_ok=True)

    def lock(self) -> bool:
        """Make it read-only; says whether it became so: nobody may be writing just then."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if _remount("ro", self.folder):
                return True
            time.sleep(0.01)
        return False

    def unlock(self) -> None:
        """Let everybody write again."""
        _remount("rw", self.folder)

    def close(self) -> None:
        """Remove it."""
        for place in (self.folder, self.back):
            subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _remount(mode: str, folder: Path) -> bool:
    words = ["mount", "-o", f"remount,bind,{mode}", str(folder)]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
