"""Room on the share for frames that are on their way: promised before the first byte comes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable

from blendtui.devices.pump import in_thread

LOOK = 1.0
"""Seconds for which the free space is taken to be what it was, less what was promised since."""


class Room:
    """What frames may still take on the share.

    `spare` gives it in bytes, None where nobody knows; it blocks. A device says how large its
    frame is: one for which there is no room is left where it is, and the others go on.
    """

    def __init__(self, spare: Callable[[], int | None]) -> None:
        self._spare = spare
        self._looked = float("-inf")
        self._left: int | None = None
        self._under_way = 0

    @contextlib.asynccontextmanager
    async def promised(self, size: int) -> AsyncIterator[bool]:
        """Keep room for so many bytes meanwhile; says whether there is any.

        Raises:
            Failure: SHARE_MISSING, SHARE_WRITE.
        """
        if time.monotonic() - self._looked >= LOOK:
            spare = await in_thread(self._spare)
            self._looked = time.monotonic()
            self._left = None if spare is None else spare - self._under_way
        if self._left is not None:
            if size > self._left:
                yield False
                return
            self._left -= size
        self._under_way += size
        try:
            yield True
        finally:
            self._under_way -= size
