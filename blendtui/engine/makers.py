"""The process that makes movies, contact sheets and small pictures, as the engine works with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
from collections.abc import Callable

from blendtui.engine.tasks import end
from blendtui.output.tasks import Broken, MovieMade, Progress, SheetMade, SmallMade, Task
from blendtui.output.worker import order, word

log = logging.getLogger(__name__)

_LINE_AT_MOST = 1 << 20
_WORDS = 4000
_LOW = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # Windows has it for `nice`


async def make(
    task: Task, progress: Callable[[int], None] | None = None
) -> MovieMade | SheetMade | SmallMade | Broken:
    """Have a task done; `progress` is told how many frames are. Cancelled, the process is killed.

    It ends with the engine too, however that ends: its standard input does.
    """
    kind = type(task).__name__.lower()  # for who looks at processes
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "blendtui.output.worker", kind),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        limit=_LINE_AT_MOST,
        creationflags=_LOW,
    )
    complaints = asyncio.create_task(_last_words(process))
    try:
        said = await _hear(process, task, progress)
        if said is not None:
            return said
        status, words = await process.wait(), await complaints
        log.warning("the process for a %s ended with status %d:\n%s", kind, status, words)
        return Broken(f"the process that makes it ended with status {status}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await end(complaints)


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Read what a process complains of, of which the end counts."""
    kept = b""
    while process.stderr is not None and (piece := await process.stderr.read(_WORDS)):
        kept = (kept + piece)[-_WORDS:]
    return kept.decode("utf-8", "replace")


async def _hear(
    process: asyncio.subprocess.Process,
    task: Task,
    progress: Callable[[int], None] | None,
) -> MovieMade | SheetMade | SmallMade | Broken | None:
    """Tell the process what to do and hear it out; None where it ends without a word."""
    if process.stdin is None or process.stdout is None:
        return Broken("the process for it could not be spoken to")
    process.stdin.write(order(task))
    with contextlib.suppress(ConnectionError):
        await process.stdin.drain()
    async for line in process.stdout:
        said = word(line)
        if isinstance(said, Progress):
            if progress is not None:
                progress(said.done)
        elif said is not None:
            return said
    return None
