"""Small .blend files with simulations, made once for a test process."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from tests.support.scenes import blender

_SCRIPT = Path(__file__).with_name("make_simulations.py")


@functools.cache
def simulations() -> Path:
    """Give the folder of the .blend files that make_simulations.py describes."""
    folder = Path(tempfile.mkdtemp(prefix="blendtui-simulations-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    blender("-P", str(_SCRIPT), "--", str(folder))
    return folder


@functools.cache
def baked_frames() -> Path:
    """Give the folder of moving.blend's frames as `blender -a` renders them once it's baked."""
    folder = simulations() / "frames"
    blender(str(simulations() / "baked.blend"), "-o", f"{folder}/shot_####", "-t", "1", "-a")
    return folder
