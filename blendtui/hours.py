"""Hours of the week as people write them: `20:00-08:00`, or `mon-fri 20:00-08:00, sat-sun`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_PART = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?)?"
    r"(?:(?:^|(?<=[a-z])\s+)(?P<begin>\d{1,2}:\d\d)\s*-\s*(?P<end>\d{1,2}:\d\d))?"
)


@dataclass(frozen=True, slots=True)
class Hours:
    """When something may be: `text` as it was written, `spans` in minutes from Monday, 0:00.

    A span that ends after the week's end goes on from its beginning.
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, text: str) -> Hours:
        """Read hours. Raises ValueError, which names the part that is wrong."""
        spans = tuple(span for part in text.split(",") for span in _spans(part.strip().lower()))
        return cls(text, spans)

    def cover(self, at: datetime) -> bool:
        """Whether a moment, in local time, is within."""
        minute = at.weekday() * _DAY + at.hour * 60 + at.minute
        return any(
            begin <= moment < end
            for begin, end in self.spans
            for moment in (minute, minute + _WEEK)
        )


def _spans(part: str) -> Iterator[tuple[int, int]]:
    found = _PART.fullmatch(part)
    if not part or found is None:
        raise ValueError(part)
    first, last = found["first"], found["last"]
    if not {first or "mon", last or "mon"} <= set(DAYS):
        raise ValueError(part)
    begin, end = _minute(found["begin"] or "0:00", part), _minute(found["end"] or "24:00", part)
    if begin in (end, _DAY):
        raise ValueError(part)
    if end < begin:
        end += _DAY
    for day in _days(first, last):
        yield day * _DAY + begin, day * _DAY + end


def _days(first: str | None, last: str | None) -> Iterator[int]:
    """Give the days from one to another, over the week's end too."""
    begin = DAYS.index(first) if first else 0
    count = (DAYS.index(last) - begin) % 7 + 1 if last else 1
    yield from ((begin + step) % 7 for step in range(count if first else 7))


def _minute(clock: str, part: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59 or hour * 60 + minute > _DAY:
        raise ValueError(part)
    return hour * 60 + minute
