"""On the device: what a run is told and what it says, a line each in RUN/orders and RUN/log.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library only, nothing else of ours.
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LINE_AT_MOST = 60_000
"""Bytes of a line that the workstation still reads."""

_WRITE_TRIES = 120


class Log:
    """Says things to the workstation, one line each, begun by a record separator (RFC 7464).

    One write a line, so that Blender's own output, which shares the file, can only stand before or
    behind it.
    """

    def __init__(self) -> None:
        self._fd = os.dup(1)
        self._lock = threading.Lock()

    def say(self, what: str, **fields: object) -> None:
        """Write a line; where the disk is full, wait for room."""
        line = line_of(what, fields)
        for _ in range(_WRITE_TRIES):
            if self._write(line):
                return
            time.sleep(1)
        raise OSError("the log cannot be written")

    def mention(self, what: str, **fields: object) -> None:
        """Write a line that nobody misses."""
        self._write(line_of(what, fields))

    def _write(self, line: bytes) -> bool:
        try:
            with self._lock:
                return os.write(self._fd, line) == len(line)
        except OSError:
            return False


def line_of(what: str, fields: dict[str, Any]) -> bytes:
    """Write a line as the log has it."""
    text = json.dumps({"is": what, **fields}, ensure_ascii=False, separators=(",", ":"))
    return b"\x1e" + text.encode("utf-8", "replace") + b"\n"


class Orders:
    """The file of orders: gives each complete line once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def look(self) -> list[dict[str, Any]] | None:
        """Give the orders that are new; None if nothing was written. Raises FileNotFoundError.

        The file is opened anew: a network file system may go on showing old contents otherwise.
        """
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        end = text.rfind(b"\n") + 1
        if end == 0:
            return None
        self._offset += end
        return [order for order in map(_order, text[:end].splitlines()) if order is not None]


def _order(line: bytes) -> dict[str, Any] | None:
    """Read one order; None for anything else."""
    try:
        order = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    if not isinstance(order, dict):
        return None
    if order.get("do") in ("alive", "quit"):
        return order
    frame, number = order.get("frame"), order.get("try")
    whole = type(frame) is int and type(number) is int and number >= 0
    return order if whole and order.get("do") in ("frame", "drop", "collected") else None
