"""Drops are found when they have settled, by real files in a real folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import threading
import time
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path

import pytest

from blendtui.intake.watch import Drop, DropWatch

SOON = 10.0
QUICK = 0.15


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("made") / "shot.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shot.blend", os.urandom(20_000))
    return path.read_bytes()


@contextlib.asynccontextmanager
async def watching(watch: DropWatch) -> AsyncIterator[AsyncGenerator[Drop]]:
    async with contextlib.aclosing(watch.drops()) as drops:
        yield drops


async def following(drops: AsyncGenerator[Drop]) -> Drop:
    async with asyncio.timeout(SOON):
        return await anext(drops)


@contextlib.contextmanager
def slow_copier(data: bytes, target: Path, final: Path | None = None) -> Iterator[list[float]]:
    """Write a file in parts with pauses longer than a look, then rename it; tells when it ended."""
    ended: list[float] = []

    def copy() -> None:
        pause = threading.Event()
        with target.open("wb") as file:
            for at in range(0, len(data), 4000):
                file.write(data[at : at + 4000])
                file.flush()
                pause.wait(QUICK / 2)
        if final is not None:
            target.rename(final)
        ended.append(time.monotonic())

    thread = threading.Thread(target=copy)
    thread.start()
    yield ended
    thread.join()


async def test_what_was_dropped_while_nothing_ran_is_found(share: Path, whole: bytes) -> None:
    (share / "B.ZIP").write_bytes(whole)
    os.utime(share / "B.ZIP", (1, 1))
    (share / "a.zip").write_bytes(whole)
    watch = DropWatch(share, QUICK, SOON)
    assert not watch.is_quiet
    async with watching(watch) as drops:
        assert await following(drops) == Drop(share / "B.ZIP", complete=True)
        assert not watch.is_quiet
        assert await following(drops) == Drop(share / "a.zip", complete=True)
        assert watch.is_quiet


async def test_a_slow_copy_is_taken_only_when_it_is_whole(share: Path, whole: bytes) -> None:
    async with watching(DropWatch(share, 0.05, SOON)) as drops:
        with slow_copier(whole, share / "shot.zip"):
            drop = await following(drops)
            assert drop == Drop(share / "shot.zip", complete=True)
            assert drop.path.stat().st_size == len(whole)


async def test_a_copy_that_is_renamed_at_the_end_is_taken_then(share: Path, whole: bytes) -> None:
    async with watching(DropWatch(share, 0.05, SOON)) as drops:
        with slow_copier(whole, share / "shot.zip.part", share / "shot.zip") as ended:
            drop = await following(drops)
            assert drop == Drop(share / "shot.zip", complete=True)
            assert ended


async def test_without_events_the_folder_is_polled(
    share: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a network share looks like from here: watching succeeds and nothing is ever told.
    monkeypatch.setattr("blendtui.filewatch._Watch._heard", lambda self, event: None)
    async with watching(DropWatch(share, 0.05, SOON, every=0.1)) as drops:
        with slow_copier(whole, share / "shot.zip"):
            assert await following(drops) == Drop(share / "shot.zip", complete=True)


async def test_a_file_that_stays_incomplete_is_given_up_after_patience(
    share: Path, whole: bytes
) -> None:
    (share / "cut.zip").write_bytes(whole[:-100])
    (share / "cut.blend").write_bytes(b"BLENDER-v304DATA")
    began = time.monotonic()
    async with watching(DropWatch(share, 0.05, 0.5)) as drops:
        found = {await following(drops), await following(drops)}
    assert found == {Drop(share / "cut.zip", False), Drop(share / "cut.blend", False)}
    assert time.monotonic() - began >= 0.5


async def test_only_what_can_be_a_drop_is_looked_at(share: Path, whole: bytes) -> None:
    for name in (".shot.zip", "~shot.zip", "shot.zip.part", "shot.rar", "zip", "shot.zip~"):
        (share / name).write_bytes(whole)
    (share / "folder.zip").mkdir()
    (share / "folder.zip" / "inner.zip").write_bytes(whole)
    (share / "link.zip").symlink_to(share / ".shot.zip")
    os.mkfifo(share / "pipe.zip")
    watch = DropWatch(share, 0.05, 0.1)
    async with watching(watch) as drops:
        (share / "real.zip").write_bytes(whole)
        assert await following(drops) == Drop(share / "real.zip", complete=True)
        assert watch.is_quiet


async def test_a_drop_is_given_again_only_after_a_change(share: Path, whole: bytes) -> None:
    path = share / "shot.zip"
    path.write_bytes(whole)
    async with watching(DropWatch(share, 0.05, SOON)) as drops:
        assert (await following(drops)).path == path
        (share / "other.zip").write_bytes(whole)
        assert (await following(drops)).path == share / "other.zip"
        path.unlink()
        path.write_bytes(whole)
        assert (await following(drops)).path == path


async def test_a_share_that_goes_and_comes_back_is_watched_on(share: Path, whole: bytes) -> None:
    watch = DropWatch(share, 0.05, SOON, every=0.1)
    async with watching(watch) as drops:
        (share / "a.zip").write_bytes(whole)
        assert (await following(drops)).path == share / "a.zip"
        away = share.with_name("away")
        shutil.move(share, away)
        waiting = asyncio.ensure_future(following(drops))
        await asyncio.to_thread(shutil.copytree, away, share)
        (share / "b.zip").write_bytes(whole)
        assert (await waiting).path.parent == share
