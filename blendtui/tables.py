"""Plain tables for terminals and pipes."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> list[str]:
    """Lay rows out in columns as wide as their widest cell; `empty` stands for no rows."""
    if not rows:
        return [empty]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
