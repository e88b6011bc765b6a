"""A drop that has to wait for reasons of ours waits by itself, and takes no room meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from blendtui.engine import arrivals as arriving
from blendtui.engine.arrivals import Arrivals
from blendtui.engine.office import Heard
from blendtui.engine.tasks import end
from blendtui.farm.events import JobAdded
from blendtui.farm.faults import FaultKind
from blendtui.farm.state import Note, NoteKind
from blendtui.places import Places
from blendtui.settings import ShareSettings
from blendtui.store.journal import Journal
from tests.support.offices import office
from tests.support.scenes import needs_blender, scenes
from tests.support.small_disk import small_disk
from tests.support.sshd import ROOT

pytestmark = needs_blender

MIB = 1 << 20


class Entrance:
    """The part of an engine that takes drops, alone; jobs are added as soon as it tells of them."""

    def __init__(self, root: Path, state: Path) -> None:
        self.share = root / "share"
        self.share.mkdir()
        self.places = Places(state, self.share)
        self.heard: list[Heard] = []
        self._journal = Journal(root / "store.db")
        self._office = office(self.places, self._journal, self.heard)
        self._office.tell = self._told

    def _told(self, heard: Heard) -> None:
        self.heard.append(heard)
        if heard.after is not None:
            heard.after()

    @property
    def jobs(self) -> list[str]:
        """The jobs that were told of, the first one first."""
        return [one.event.spec.name for one in self.heard if isinstance(one.event, JobAdded)]

    def notes(self, kind: NoteKind) -> list[tuple[str, FaultKind]]:
        """Which drops were told of in that way, and why."""
        return [
            (one.event.detail, one.event.fault.kind)
            for one in self.heard
            if isinstance(one.event, Note) and one.event.kind is kind and one.event.fault
        ]

    def drop(self, name: str, more: int = 0, scene: str = "cycles", job: str = "") -> Path:
        """Drop a zip with a scene, job.toml, and so many bytes besides."""
        hidden = self.share / ".copying"
        with zipfile.ZipFile(hidden, "w", zipfile.ZIP_STORED) as archive:
            archive.write(scenes() / f"{scene}.blend", "shot.blend")
            archive.writestr("job.toml", job)
            if more:
                archive.writestr("cache.bin", os.urandom(more))
        return hidden.replace(self.share / name)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Arrivals]:
        """Take drops while the block lasts."""
        arrivals = Arrivals(self._office, self._journal, ShareSettings(settle=0.05), self.jobs)
        keeping = asyncio.create_task(arrivals.keep())
        try:
            yield arrivals
            assert not keeping.done(), "it has ended by itself"
        finally:
            await end(keeping)

    def close(self) -> None:
        self._journal.close()


async def until(come: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not come():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "HOLD", 0.05)
    monkeypatch.setattr(arriving, "LEISURE", 0.0)
    monkeypatch.setattr(arriving, "LOOK", 0.01)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Entrance]:
    """An entrance whose state is on a disk of 24 MiB."""
    with small_disk(tmp_path / "disk") as disk:
        entrance = Entrance(tmp_path, disk / "state")
        yield entrance
        entrance.close()


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Have nobody rename a file, whatever they may else do: something is mounted on it."""
    if not ROOT or subprocess.run(["mount", "--bind", path, path], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        release(path)


def release(path: Path) -> None:
    subprocess.run(["umount", "-l", path], check=False, capture_output=True)


def room(entrance: Entrance) -> int:
    return shutil.disk_usage(entrance.places.state).free


async def test_a_drop_for_which_there_is_no_room_now_waits_while_others_are_taken(
    small: Entrance,
) -> None:
    ballast = small.places.state / "ballast"
    ballast.write_bytes(bytes(14 * MIB))
    left = [room(small)]

    def is_taken() -> bool:
        left.append(room(small))
        return small.jobs == ["b small"]

    small.drop("a large.zip", 12 * MIB)
    async with small.opened() as arrivals:
        await until(lambda: small.notes(NoteKind.WARNING))
        small.drop("b small.zip")
        await until(is_taken)
        assert not arrivals.is_idle
        assert min(left) > 5 * MIB, "it took room in vain"
        ballast.unlink()
        await until(lambda: small.jobs == ["b small", "a large"])
        await until(lambda: arrivals.is_idle)
    assert small.notes(NoteKind.WARNING) == [("a large.zip", FaultKind.DISK_NO_ROOM)]
    assert small.notes(NoteKind.REJECTED) == []


async def test_a_drop_that_the_disk_can_never_hold_is_refused_and_says_so(small: Entrance) -> None:
    small.drop("huge.zip", 24 * MIB)
    async with small.opened():
        await until(lambda: small.notes(NoteKind.REJECTED))
    assert small.notes(NoteKind.REJECTED) == [("huge.zip", FaultKind.DISK_TOO_SMALL)]
    reason = (small.share / "rejected" / "huge.reason.txt").read_text()
    assert "24.0 MiB" in reason
    assert (small.share / "rejected" / "huge.zip").is_file()


async def test_a_disk_that_is_full_keeps_every_drop_until_there_is_room(small: Entrance) -> None:
    ballast = small.places.state / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            pass
    small.drop("shot.zip")
    (small.share / "bare.blend").write_bytes((scenes() / "cycles.blend").read_bytes())
    async with small.opened():
        await until(lambda: len(small.notes(NoteKind.WARNING)) == 2)
        ballast.unlink()
        await until(lambda: sorted(small.jobs) == ["bare", "shot"])
    assert small.notes(NoteKind.REJECTED) == []


async def test_a_disk_without_room_for_a_folder_ends_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m,nr_inodes=80") as disk:
        entrance = Entrance(tmp_path, disk / "state")
        fillers = (entrance.places.own / f"{number}" for number in range(100))
        with contextlib.suppress(OSError):
            for filler in fillers:
                filler.mkdir()
        entrance.drop("shot.zip")
        async with entrance.opened():
            await until(lambda: entrance.notes(NoteKind.WARNING))
            for path in entrance.places.own.iterdir():
                path.rmdir()
            await until(lambda: entrance.jobs == ["shot"])
        entrance.close()


async def test_what_an_earlier_start_has_begun_keeps_no_new_drop_waiting(small: Entrance) -> None:
    taken = small.share / "begun"
    taken.mkdir()
    small.drop("begun.zip", 12 * MIB).replace(taken / "begun.zip")
    (taken / ".blendtui-job").touch()
    ballast = small.places.state / "ballast"
    ballast.write_bytes(bytes(14 * MIB))
    small.drop("new.zip")
    async with small.opened():
        await until(lambda: small.jobs == ["new"])
        ballast.unlink()
        await until(lambda: small.jobs == ["new", "begun"])


async def test_a_drop_that_cannot_be_moved_keeps_no_other_waiting(tmp_path: Path) -> None:
    entrance = Entrance(tmp_path, tmp_path / "state")
    with held(entrance.drop("a.zip")):
        async with entrance.opened():
            await until(lambda: entrance.notes(NoteKind.WARNING))
            entrance.drop("b.zip")
            await until(lambda: entrance.jobs == ["b"])
            entrance.drop("c.zip")
            await until(lambda: entrance.jobs == ["b", "c"])
            release(entrance.share / "a.zip")
            await until(lambda: entrance.jobs == ["b", "c", "a"])
    assert entrance.notes(NoteKind.WARNING) == [("a.zip", FaultKind.SHARE_WRITE)]
    entrance.close()


async def test_copies_for_which_the_share_has_no_room_are_not_begun(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        entrance = Entrance(disk, tmp_path / "state")
        drop = entrance.drop("film.zip", 6 * MIB, "second", 'scenes = ["Scene", "Second"]')
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(7 * MIB))
        names = set[str]()

        def is_told() -> bool:
            names.update(path.name for path in entrance.share.iterdir())
            return bool(entrance.notes(NoteKind.WARNING))

        async with entrance.opened() as arrivals:
            await until(is_told)
            entrance.drop("other.zip")
            await until(lambda: is_told() and entrance.jobs == ["other"])
            assert names <= {drop.name, ".copying", "other.zip", "other"}
            ballast.unlink()
            await until(lambda: sorted(entrance.jobs) == ["film-Scene", "film-Second", "other"])
            await until(lambda: arrivals.is_idle)
        assert entrance.notes(NoteKind.WARNING) == [("film.zip", FaultKind.DISK_NO_ROOM)]
        assert not drop.exists()
        entrance.close()


async def test_a_drop_that_is_replaced_while_it_waits_is_taken_once_as_it_is_then(
    small: Entrance,
) -> None:
    (small.places.state / "ballast").write_bytes(bytes(14 * MIB))
    small.drop("shot.zip", 12 * MIB)
    async with small.opened() as arrivals:
        await until(lambda: small.notes(NoteKind.WARNING))
        small.drop("shot.zip")
        await until(lambda: small.jobs)
        await until(lambda: arrivals.is_idle)
    assert small.jobs == ["shot"]
    assert (small.share / "shot" / "shot.zip").stat().st_size < MIB


async def test_a_drop_that_is_taken_away_while_it_waits_is_waited_for_no_longer(
    small: Entrance,
) -> None:
    (small.places.state / "ballast").write_bytes(bytes(14 * MIB))
    drop = small.drop("shot.zip", 12 * MIB)
    async with small.opened() as arrivals:
        await until(lambda: small.notes(NoteKind.WARNING))
        assert not arrivals.is_idle
        drop.unlink()
        await until(lambda: arrivals.is_idle)
    assert small.jobs == []
