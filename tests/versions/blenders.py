"""The Blenders of this machine: the one on the path, and the wheels that were fetched."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.scenes import find_blender


@dataclass(frozen=True)
class Version:
    """A Blender to try, or why it can't be."""

    name: str
    command: Path | None
    reason: str = ""


def installed() -> Version:
    """Give the Blender on the path."""
    found = find_blender({})
    if found is None:
        return Version("on the path", None, "skipped, Blender is not installed")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Blender (\d+\.\d+)", said)
    return Version(version[1] if version else "on the path", Path(found))


def wheels(folder: Path) -> list[Version]:
    """Give the Blenders that were fetched, and those that could not be."""
    found = []
    for said in sorted(folder.glob("*.txt")):
        command, reason = folder / said.stem / "bin" / "blender", said.read_text().strip()
        is_there = command.exists() and not reason.startswith("skipped")
        found.append(Version(said.stem, command if is_there else None, reason))
    return found
