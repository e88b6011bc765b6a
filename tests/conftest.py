"""For all tests: how many examples Hypothesis makes up, and reports that workers can send."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.examples import times

# GNU readline exports the size of a terminal that workers don't have; programs would believe it.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

# No deadline: how long an example takes says more of the machine than of us.
settings.register_profile("blendtui", max_examples=times(100), deadline=None)
settings.load_profile("blendtui")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole farms: at the end two workers would wait for the one with the longest."""
    farms = [Path(__file__).parent / name for name in ("lab", "real")]
    items.sort(key=lambda item: item.path.parent not in farms)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape what was logged of names that are no text: workers send their reports as UTF-8."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode())
        for title, text in report.sections
    ]
    return report
