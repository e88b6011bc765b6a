"""Plain tables for terminals and pipes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> list[str]:
    """Lay rows out in columns as wide as their widest cell; `empty` stands for no rows."""
    if not rows:
        return [empty]
    whole = (header, *rows)
    widths = [max(cells(row[column]) for row in whole) for column in range(len(header))]
    return ["  ".join(map(_padded, row, widths)).rstrip() for row in whole]


def cells(text: str) -> int:
    """Give the columns that a text takes on a terminal."""
    return sum(map(_cells, text))


def fitted(text: str, columns: int) -> str:
    """Cut a text to the columns that there are."""
    taken = 0
    for index, char in enumerate(text):
        taken += _cells(char)
        if taken > columns:
            return text[:index]
    return text


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))
