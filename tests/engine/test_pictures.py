"""Small pictures of frames: what is fetched, what is kept, and what is thrown away."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PIL import Image

from blendtui.engine import pictures
from blendtui.engine.office import Heard, Pictured
from blendtui.engine.pictures import Pictures
from blendtui.engine.tasks import end
from blendtui.errors import Failure
from blendtui.farm import events as ev
from blendtui.farm.faults import FaultKind
from blendtui.farm.model import DeviceSpec, JobSpec, OutputFile, Run
from blendtui.store.views import Views
from tests.support.offices import office, places_in
from tests.support.stores import StoreStory

JPEG = io.BytesIO()
Image.new("RGB", (32, 18), (200, 30, 10)).save(JPEG, "JPEG")


class Album:
    """Pictures that are kept, of a job with five frames that two devices render."""

    def __init__(self, folder: Path) -> None:
        self.places = places_in(folder)
        self.story = StoreStory(self.places.store)
        devices = (DeviceSpec("left"), DeviceSpec("right"))
        self.story.tell(
            ev.DevicesSet(devices),
            *(ev.DeviceReached(device.name) for device in devices),
            ev.JobAdded(JobSpec("shot", "a.blend", (1, 2, 3, 4, 5))),
            ev.RunReady("left.1.1", "3.4.1"),
            ev.RunReady("right.1.2", "3.4.1"),
        )
        self.views = Views(self.places.store)
        self.office = office(self.places, self.story.journal, list[Heard]())
        self.data: dict[str, bytes | Failure] = {}
        self.read: list[tuple[str, str]] = []
        farm = self.story.scheduler.farm
        self.pictures = Pictures(self.office, self.story.journal, farm, self._read)

    async def _read(self, run: Run, name: str, size: int) -> bytes:
        self.read.append((run.id, name))
        found = self.data.get(name, JPEG.getvalue())
        if isinstance(found, Failure):
            raise found
        return found

    def told(self, run: str, frame: int, number: int = 1) -> None:
        """Have a device say that it has a picture."""
        one = self.story.scheduler.farm.runs[run]
        name = f"{frame}-{number}.jpg"
        self.office.pictured.pop(run, None)
        self.office.pictured[run] = Pictured(one, frame, number, name, 99)

    async def until(self, check: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not check():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)

    async def at_rest(self) -> None:
        await self.until(lambda: not self.office.pictured and not self.pictures._fetching)


@pytest.fixture
def unkept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Album:
    monkeypatch.setattr(pictures, "EVERY", 0.005)
    return Album(tmp_path)


@pytest.fixture
async def album(unkept: Album) -> AsyncIterator[Album]:
    task = asyncio.create_task(unkept.pictures.keep())
    yield unkept
    await end(task)
    unkept.views.close()
    unkept.story.journal.close()


async def test_a_picture_that_a_device_has_is_fetched_and_shown(album: Album) -> None:
    album.told("left.1.1", 1)
    await album.until(album.views.last_picture)
    path = album.views.picture("shot", 1)
    assert path is not None
    assert album.views.last_picture() == ("shot", 1, path)
    assert path.read_bytes() == JPEG.getvalue()


async def test_of_many_that_wait_only_each_runs_newest_is_fetched(album: Album) -> None:
    for frame in range(1, 6):
        album.told("left.1.1", frame, 0)
    album.told("right.1.2", 2, 0)
    await album.at_rest()
    assert album.read == [("right.1.2", "2-0.jpg"), ("left.1.1", "5-0.jpg")]


@pytest.mark.parametrize(
    "data",
    [b"", b"#!/bin/sh", Failure.of(FaultKind.OUTPUT_MISSING)],
    ids=["nothing", "a script", "a failure"],
)
async def test_what_is_no_picture_is_not_kept_and_the_next_one_is(
    album: Album, data: bytes | Failure
) -> None:
    album.data["1-1.jpg"] = data
    album.told("left.1.1", 1)
    await album.at_rest()
    assert album.views.picture("shot", 1) is None
    album.told("right.1.2", 2)
    await album.until(lambda: album.views.picture("shot", 2))


@pytest.mark.parametrize(("frame", "number"), [(6, 1), (2**31, 1), (1, 2)])
async def test_a_frame_that_was_never_ordered_has_no_picture(
    album: Album, frame: int, number: int
) -> None:
    album.told("left.1.1", frame, number)
    await album.at_rest()
    assert album.read == []


async def test_of_a_jobs_pictures_the_newest_are_kept(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "KEPT", 3)
    monkeypatch.setattr(pictures, "SLACK", 1)
    for frame in range(1, 6):
        await album.pictures._put("shot", frame, JPEG.getvalue())
        path = album.views.picture("shot", frame)
        assert path is not None
        os.utime(path, (frame, frame))
    assert [frame for frame in range(1, 6) if album.views.picture("shot", frame)] == [3, 4, 5]


async def test_pictures_of_forgotten_jobs_are_removed_at_a_start(unkept: Album) -> None:
    folder = unkept.places.own / "pictures"
    for job in ("shot", "forgotten"):
        (folder / job).mkdir(parents=True)
        (folder / job / "1.jpg").write_bytes(JPEG.getvalue())
    task = asyncio.create_task(unkept.pictures.keep())
    await unkept.until(lambda: not (folder / "forgotten").exists())
    await end(task)
    assert unkept.views.picture("shot", 1)


def _never(*_: object, **__: object) -> None:
    raise AssertionError("a frame was opened in the engine's own process")


async def test_a_picture_is_made_of_a_frame_on_the_share_in_a_process_of_its_own(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = (OutputFile("data.exr", 9, "0" * 64), OutputFile("left/shot.png", 9, "0" * 64))
    album.story.tell(
        ev.FrameStarted("left.1.1", 1, 1),
        ev.FrameRendered("left.1.1", 1, 1, 1.0, files),
        ev.FrameDone("left.1.1", 1, 1),
    )
    folder = album.places.share / "shot" / "frames" / "left"
    folder.mkdir(parents=True)
    (folder.parent / "data.exr").write_bytes(b"\x76\x2f\x31\x01")
    Image.new("RGB", (1920, 1080), (200, 30, 10)).save(folder / "shot.png")
    with monkeypatch.context() as engine:
        engine.setattr(Image, "open", _never)
        await album.pictures.make("shot", 1)
    path = album.views.picture("shot", 1)
    assert path is not None
    with Image.open(path) as image:
        assert image.size == (512, 288)
    assert album.views.last_picture() is None  # it is no news


async def test_of_a_frame_that_is_not_there_no_picture_is_made(album: Album) -> None:
    for job, frame in (("shot", 2), ("shot", 99), ("nothing", 1)):
        await album.pictures.make(job, frame)
        assert album.views.picture(job, frame) is None


async def test_no_picture_is_made_of_what_a_link_leads_to(album: Album, tmp_path: Path) -> None:
    files = (OutputFile("shot.png", 9, "0" * 64),)
    album.story.tell(
        ev.FrameStarted("left.1.1", 1, 1),
        ev.FrameRendered("left.1.1", 1, 1, 1.0, files),
        ev.FrameDone("left.1.1", 1, 1),
    )
    secret = tmp_path / "secret.png"
    Image.new("RGB", (32, 18)).save(secret)
    folder = album.places.share / "shot" / "frames"
    folder.mkdir(parents=True)
    (folder / "shot.png").symlink_to(secret)
    await album.pictures.make("shot", 1)
    assert album.views.picture("shot", 1) is None
