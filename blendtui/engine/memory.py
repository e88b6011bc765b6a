"""Memory that is free goes back to the system, where the C library does not see to it itself."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from collections.abc import Callable

EVERY = 10.0
"""Seconds between two times."""


async def keep_small() -> None:
    """Give free memory back now and then, until cancelled.

    Much that comes over SSH leaves glibc's heap full of holes, which it keeps: a process that has
    10 MB in use can take up 1 GB.
    """
    trim = _trim()
    while True:
        await asyncio.sleep(EVERY)
        if trim is not None:
            trim(0)


def _trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library than glibc
        return None
    return trim
