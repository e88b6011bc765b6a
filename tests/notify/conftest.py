"""For all tests of notifiers: one that looks often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui import notify
from tests.support.telling import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(notify, "LOOK", 0.02)
    made = Home(tmp_path)
    yield made
    made.close()
