"""Hours of the week, as people write them."""

from __future__ import annotations

from datetime import datetime

import pytest

from blendtui.hours import Hours

MONDAY, SATURDAY, SUNDAY = "2026-11-23", "2026-11-28", "2026-11-29"


@pytest.mark.parametrize(
    ("text", "at", "within"),
    [
        ("20:00-08:00", f"{MONDAY} 19:59", False),
        ("20:00-08:00", f"{MONDAY} 20:00", True),
        ("20:00-08:00", f"{MONDAY} 07:59", True),
        ("20:00-08:00", f"{MONDAY} 08:00", False),
        ("9:00 - 17:30", f"{SUNDAY} 17:29", True),
        ("00:00-24:00", f"{SUNDAY} 23:59", True),
        ("mon", f"{MONDAY} 00:00", True),
        ("mon", f"{SUNDAY} 23:59", False),
        ("Mon-Fri 20:00-08:00", f"{SATURDAY} 07:59", True),
        ("mon-fri 20:00-08:00", f"{SATURDAY} 20:00", False),
        ("mon-fri 20:00-08:00", f"{MONDAY} 07:00", False),
        ("sun 20:00-08:00", f"{MONDAY} 07:00", True),
        ("mon-fri 20:00-08:00, sat-sun", f"{SUNDAY} 12:00", True),
        ("fri-mon 12:00-13:00", f"{SUNDAY} 12:30", True),
        ("fri-mon 12:00-13:00", "2026-11-24 12:30", False),
    ],
)
def test_a_moment_is_within_or_not(text: str, at: str, within: bool) -> None:
    assert Hours.of(text).cover(datetime.fromisoformat(at)) is within


@pytest.mark.parametrize(
    "text",
    ["", "8-20", "20:00", "20:00-20:00", "25:00-26:00", "08:60-09:00", "24:00-08:00", "mo-fr",
     "mon-", "mon20:00-08:00", "mon-fri-sun", "20:00-08:00,", "always", "24:30-25:00"],
)  # fmt: skip
def test_what_says_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Hours.of(text)
