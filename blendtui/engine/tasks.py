"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any

_AGAIN = 0.5


async def end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks and wait until they are over; what they end with is nobody's business.

    One cancellation is not enough: `asyncio.wait_for` of Python 3.11 loses it when what it waits
    for is done at that very moment (seen in one of thirty shutdowns while devices were reached).
    """
    left = {task for task in tasks if task is not None and not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN)
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
