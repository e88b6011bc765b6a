"""Small .blend files with simulations, made once for a test process."""

from __future__ import annotations

import functools
from pathlib import Path

from tests.support.scenes import blender, made


def simulations() -> Path:
    """Give the folder of the .blend files that make_simulations.py describes."""
    return made("simulations")


@functools.cache
def baked_frames() -> Path:
    """Give the folder of moving.blend's frames as `blender -a` renders them once it's baked."""
    folder = simulations() / "frames"
    blender(str(simulations() / "baked.blend"), "-o", f"{folder}/shot_####", "-t", "1", "-a")
    return folder
