"""Memory that is free goes back to the system, where the C library does not see to it itself."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from collections.abc import Callable

EVERY = 10.0
"""Seconds between two times."""


_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's mallopt(3)."""


def share_arenas() -> None:
    """Have threads allocate from one heap; each of its own would keep the most it ever had.

    To be called before there are threads.
    """
    tell = _function("mallopt")
    if tell is not None:
        tell(_ARENA_MAX, 1)


async def keep_small() -> None:
    """Give free memory back now and then, until cancelled.

    Much that comes over SSH leaves glibc's heap full of holes, which it keeps: a process that has
    10 MB in use can take up 1 GB.
    """
    trim = _function("malloc_trim")
    while True:
        await asyncio.sleep(EVERY)
        if trim is not None:
            trim(0)


def _function(name: str) -> Callable[..., int] | None:
    """Find a function of glibc; None with another C library."""
    if sys.platform != "linux":
        return None
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
    return found
