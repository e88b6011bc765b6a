"""Finds drops in the share: files at its top that nobody is writing any more."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from blendtui.filewatch import changes
from blendtui.intake.settling import Drop, Settling, Stamp
from blendtui.intake.whole import is_whole

__all__ = ["Drop", "DropWatch"]

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".zip", ".blend"})


class DropWatch:
    """Watches the share's top folder for drops: NAME.zip and NAME.blend, once each.

    `settle`, `patience` and `every` are seconds: how long a complete file must stay unchanged,
    how long an incomplete one may, and how often the folder is looked at in any case.
    """

    def __init__(self, share: Path, settle: float, patience: float, every: float = 1.0) -> None:
        self._share = share
        self._settling = Settling(settle, patience)
        self._pace = min(every, max(settle / 2, 0.02))
        self._looked = False

    def change(self, settle: float, patience: float) -> None:
        """Wait as long as this from now on; the pace of looking stays."""
        self._settling.change(settle, patience)

    @property
    def is_quiet(self) -> bool:
        """Whether the folder was looked at and every file that was there has been given."""
        return self._looked and self._settling.is_quiet

    def look_again(self) -> None:
        """Count as not looked at until the next look: something was put there just now."""
        self._looked = False

    async def drops(self) -> AsyncGenerator[Drop]:
        """Yield each settled file once, again only after it changed; never ends by itself.

        While the share can't be read nothing is forgotten, and nothing yielded.
        """
        async with contextlib.aclosing(changes(self._share, self._pace)) as wakings:
            async for _ in wakings:
                observed = await asyncio.to_thread(_observe, self._share)
                if observed is None:
                    continue
                due = self._settling.look(time.monotonic(), observed)
                self._looked = True
                for path in due:
                    drop = await self._judge(path, observed[path])
                    if drop is not None:
                        yield drop

    async def _judge(self, path: Path, stamp: Stamp) -> Drop | None:
        whole = await asyncio.to_thread(is_whole, path)
        # Opening it may have shown a network file system newer facts: then it isn't settled.
        if await asyncio.to_thread(_stamp, path) != stamp:
            return None
        return self._settling.judged(time.monotonic(), path, whole)


def _observe(share: Path) -> dict[Path, Stamp] | None:
    try:
        with os.scandir(share) as entries:
            paths = [Path(entry.path) for entry in entries if _is_candidate(entry.name)]
    except OSError as error:
        log.debug("%s cannot be looked at: %s", share, error)
        return None
    stamps = ((path, _stamp(path)) for path in paths)
    return {path: stamp for path, stamp in stamps if stamp is not None}


def _is_candidate(name: str) -> bool:
    # Office programs and some copiers write `~name` first, others `.name`.
    return not name.startswith((".", "~")) and Path(name).suffix.lower() in SUFFIXES


def _stamp(path: Path) -> Stamp | None:
    """Look at a regular file; None for links, folders, pipes and what is gone."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ino)
