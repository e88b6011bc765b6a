"""What all tests of the screens need."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _terminal_of_many_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the looks not depend on the terminal that runs the tests."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
