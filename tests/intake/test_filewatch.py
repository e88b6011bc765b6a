"""Waking when a folder changes, on a real folder with real events."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from blendtui.filewatch import changes

NEVER = 3600.0
SOON = 5.0
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="counts on inotify")


@contextlib.asynccontextmanager
async def watching(folder: Path, every: float) -> AsyncIterator[AsyncGenerator[None]]:
    async with contextlib.aclosing(changes(folder, every)) as wakings:
        async with asyncio.timeout(SOON):
            await anext(wakings)
        yield wakings


async def woken(wakings: AsyncGenerator[None]) -> None:
    async with asyncio.timeout(SOON):
        await anext(wakings)


async def count(wakings: AsyncGenerator[None], quiet: float = 0.4) -> int:
    """Count wakings until there was none for `quiet` seconds."""
    seen = 0
    while True:
        waiting = asyncio.ensure_future(anext(wakings))
        done, _ = await asyncio.wait([waiting], timeout=quiet)
        if not done:
            # The generator is over with this: there is no looking on after a quiet time.
            waiting.cancel()
            await asyncio.wait([waiting])
            return seen
        seen += 1


@linux_only
async def test_a_new_a_changed_a_renamed_and_a_removed_file_each_wake(tmp_path: Path) -> None:
    async with watching(tmp_path, NEVER) as wakings:
        (tmp_path / "a").write_bytes(b"1")
        await woken(wakings)
        with (tmp_path / "a").open("ab") as file:
            file.write(b"2")
        await woken(wakings)
        (tmp_path / "a").rename(tmp_path / "b")
        await woken(wakings)
        (tmp_path / "b").unlink()
        await woken(wakings)


@linux_only
async def test_a_burst_is_merged_into_few_wakings(tmp_path: Path) -> None:
    async with watching(tmp_path, NEVER) as wakings:
        for number in range(200):
            (tmp_path / str(number)).write_bytes(b"1")
        assert 1 <= await count(wakings) <= 10


@linux_only
async def test_looking_into_the_folder_does_not_wake(tmp_path: Path) -> None:
    written = [tmp_path / str(number) for number in range(50)]
    for path in written:
        path.write_bytes(b"1")
    async with watching(tmp_path, NEVER) as wakings:
        assert sum(len(path.read_bytes()) for path in written) == 50
        assert await count(wakings) == 0


async def test_without_any_event_the_clock_wakes(tmp_path: Path) -> None:
    async with watching(tmp_path, 0.05) as wakings:
        for _ in range(3):
            await woken(wakings)


@linux_only
async def test_a_folder_that_vanishes_and_comes_back_is_watched_again(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    async with watching(folder, 0.2) as wakings:
        for _ in range(3):
            shutil.rmtree(folder)
            await woken(wakings)
            folder.mkdir()
            await woken(wakings)
            # Watched again once it was looked at; from then on a change wakes before the clock.
            await woken(wakings)
    async with watching(folder, NEVER) as wakings:
        shutil.rmtree(folder)
        await woken(wakings)


@linux_only
async def test_after_coming_back_events_arrive_before_the_clock(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    async with watching(folder, 1.0) as wakings:
        folder.mkdir()
        await woken(wakings)
        began = time.monotonic()
        (folder / "a").write_bytes(b"1")
        await woken(wakings)
        assert time.monotonic() - began < 0.8


async def test_a_missing_folder_is_no_error(tmp_path: Path) -> None:
    async with watching(tmp_path / "nowhere", 0.05) as wakings:
        await woken(wakings)


async def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    async with watching(tmp_path, NEVER):
        pass
    left = {
        thread for thread in set(threading.enumerate()) - before if "asyncio" not in thread.name
    }
    assert not {thread.name for thread in left if thread.is_alive()}
