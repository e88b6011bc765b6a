"""The processes that run on this machine, told apart by their command lines."""

from __future__ import annotations

from pathlib import Path


def processes() -> dict[int, list[str]]:
    """Give the words of each process's command line; one that ends while we look is left out."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text("utf-8", "surrogateescape").split("\0")
        except OSError:
            continue
        found[int(path.parent.name)] = words[:-1]
    return found


def running(marker: str) -> list[int]:
    """Give the processes that have a text in one word of their command line."""
    return [pid for pid, words in processes().items() if any(marker in word for word in words)]
