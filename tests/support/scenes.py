"""Small .blend files, made by the Blender that is installed, once for a test process."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

CHOICE = "BLENDTUI_TEST_BLENDER"
"""The environment variable that names the Blender for the tests, instead of the one on the path."""


def find_blender(environment: Mapping[str, str]) -> str | None:
    """Find the Blender that the tests run in."""
    return shutil.which(environment.get(CHOICE) or "blender")


BLENDER = find_blender(os.environ)
needs_blender = pytest.mark.skipif(BLENDER is None, reason="Blender is not installed")


def scenes() -> Path:
    """Give the folder of the .blend files that make_scenes.py describes."""
    return made("scenes")


def movies() -> Path:
    """Give the folder of the .blend files that make_movies.py describes."""
    return made("movies")


@functools.cache
def made(kind: str) -> Path:
    """Give the folder of the .blend files that the script make_KIND.py beside this one makes."""
    folder = Path(tempfile.mkdtemp(prefix=f"blendtui-{kind}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    blender("-P", str(Path(__file__).with_name(f"make_{kind}.py")), "--", str(folder))
    return folder


def blender(*words: str) -> str:
    """Run Blender in the background to its end; gives what it printed."""
    assert BLENDER is not None
    start = [BLENDER, "-b", "--factory-startup", "--python-exit-code", "3"]
    done = subprocess.run([*start, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
