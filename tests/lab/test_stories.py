"""Farms amid faults: at the end every frame is there once, and nothing else is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.namespaces import needs_lab, needs_user_namespaces
from tests.support.scenes import needs_blender

pytestmark = [needs_blender, pytest.mark.timeout(400)]


def stories(*words: str) -> str:
    """Play some; gives what is told of them."""
    whole = [sys.executable, "-m", "tests.lab", "--quick", *words]
    root = Path(__file__).parents[2]
    done = subprocess.run(whole, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_lab
def test_some_random_stories_end_well() -> None:
    assert "5 passed, 0 failed" in stories("5", "--at-once", "3")


@needs_user_namespaces
def test_a_story_ends_well_without_root() -> None:
    assert "1 passed, 0 failed" in stories("1", "--start", "6", "--without-root")
