"""Farms amid faults: at the end every frame is there once, and nothing else is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.network import lacking
from tests.support.scenes import needs_blender

SEEDS = 6

pytestmark = [
    needs_blender,
    pytest.mark.skipif(bool(lacking()), reason=f"no lab: {lacking()}"),
    pytest.mark.timeout(400),
]


def test_some_random_stories_end_well() -> None:
    words = [sys.executable, "-m", "tests.lab", str(SEEDS), "--quick", "--at-once", "3"]
    root = Path(__file__).parents[2]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SEEDS} passed, 0 failed" in done.stdout
