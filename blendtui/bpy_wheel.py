"""Blender as a Python package: for a machine where no other Blender can be had."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

VERSIONS = {(3, 11): "4.2.23", (3, 13): "5.2.3"}
"""The version of bpy for each Python: its wheel loads in that Python only. The first is an LTS."""

_LAUNCHER = Path(__file__).with_name("bpy_launcher.py")


def find_blender() -> str | None:
    """Find a Blender on this machine's path."""
    return shutil.which("blender")


def can_offer(python: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """Give the version of the wheel that fits a Python, None where there is none."""
    return VERSIONS.get(python)


def install(folder: Path) -> Path:
    """Make an environment with the wheel, and give the launcher in it: a Blender's command.

    What an earlier start left unfinished is made anew; what it finished is taken as it is.

    Raises:
        OSError: the folder can't be written.
        subprocess.CalledProcessError: the package can't be installed, `stderr` says why.
    """
    launcher = folder / "bin" / "blender"
    if launcher.exists():
        return launcher
    venv.create(folder, with_pip=True, clear=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*command, "--no-input", f"bpy=={can_offer()}"],
        check=True,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    return write_launcher(launcher, python)


def write_launcher(path: Path, python: Path) -> Path:
    """Write the launcher for an environment's Python, whole or not at all.

    The shell starts Python in its place, with the same process: a first line that names Python
    itself may hold neither a space nor a long path. To Python the shell's line is a text.
    """
    # Alone (-I), as Blender's own Python is; and what it prints is in the log at once (-u).
    first = f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} -I -u \"$0\" \"$@\"\n' '''\n"
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as file:
        file.write(first + _LAUNCHER.read_text(encoding="utf-8"))
    fresh = Path(file.name)
    fresh.chmod(0o755)
    return fresh.replace(path)
