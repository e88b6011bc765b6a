"""Fetch the Blenders that `make test-versions` tries besides the one on the path.

Each is a wheel of PyPI in an environment of its own, made with the one Python that can load it.
Usage: scripts/blenders.py FOLDER; prints a line for each, also for those that can't be had here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

WHEELS = {"4.2": ("4.2.23", "3.11"), "5.0": ("5.0.1", "3.11"), "5.2": ("5.2.3", "3.13")}
"""By series: the wheel's version, and the Python that can load it."""

MAKE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from blendtui.bpy_wheel import install, write_launcher
from blendtui.errors import Failure
from blendtui.wording import explain
try:
    launcher = install(Path(sys.argv[2]), sys.argv[3])
except Failure as failure:
    sys.exit(explain(failure.fault).what)
write_launcher(launcher, launcher.with_name("python"))
"""


def python_of(version: str) -> str | None:
    """Find a Python of a version: on the path, or among those that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    own = sorted(kept.glob(f"{version}.*/bin/python"), reverse=True)
    candidates = [shutil.which(f"python{version}"), *map(str, own)]
    return next((found for found in candidates if found and _is(found, version)), None)


def _is(python: str, version: str) -> bool:
    """Whether it starts (pyenv's links need not), is that version, and makes environments."""
    look = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", look], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.stdout.strip() == version


def fetch(folder: Path, series: str) -> str:
    """Have a series' Blender in FOLDER/SERIES; gives what there is to say of it."""
    version, needed = WHEELS[series]
    python = python_of(needed)
    if python is None:
        return f"skipped, it needs Python {needed} with venv, which is not here"
    words = [python, "-c", MAKE, str(ROOT), str(folder / series), version]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return "skipped, " + (done.stderr.strip().splitlines() or ["it could not be installed"])[-1]
    return version


def main(folder: str) -> None:
    """Fetch all."""
    place = Path(folder).resolve()
    place.mkdir(parents=True, exist_ok=True)
    for series in WHEELS:
        said = fetch(place, series)
        (place / f"{series}.txt").write_text(said + "\n", encoding="utf-8")
        print(f"Blender {series}: {said}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
