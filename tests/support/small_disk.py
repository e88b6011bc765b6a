"""A disk that is soon full."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sshd import ROOT


@contextlib.contextmanager
def small_disk(place: Path, size: str = "24m") -> Iterator[Path]:
    """Mount a disk of its own; skips the test where that can't be done."""
    if not ROOT:
        pytest.skip("only root can mount a small disk")
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
