"""Blender as a Python package: for a machine where no other Blender can be had."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

VERSIONS = {(3, 11): "4.2.23", (3, 13): "5.2.3"}
"""The bpy wheel that each Python can load: a wheel fits one version of Python only."""

_LAUNCHER = Path(__file__).with_name("bpy_launcher.py")


def find_blender() -> str | None:
    """Find a Blender on this machine's path."""
    return shutil.which("blender")


def can_offer() -> str | None:
    """Give the version of the wheel that fits this Python, None where there is none."""
    return VERSIONS.get(sys.version_info[:2])


def install(folder: Path) -> Path:
    """Make an environment with the wheel, and give the launcher in it: a Blender's command.

    Raises:
        subprocess.CalledProcessError: the package could not be installed.
    """
    launcher = folder / "bin" / "blender"
    if launcher.exists():
        return launcher
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            f"bpy=={can_offer()}",
        ],
        check=True,
    )
    text = _LAUNCHER.read_text().split("\n", 1)[1]
    fresh = launcher.with_suffix(".new")
    fresh.write_text(f"#!{python}\n{text}")
    fresh.chmod(0o755)
    fresh.replace(launcher)
    return launcher
