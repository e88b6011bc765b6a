"""A share in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui.share import Share


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    made.mkdir()
    return made


@pytest.fixture
def share(folder: Path) -> Share:
    return Share(folder)
