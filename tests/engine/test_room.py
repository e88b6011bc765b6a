"""Room on the share: no device's frame takes what there is not, and others go on meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.devices.slot import RunFolder
from blendtui.devices.small_files import SmallFiles
from blendtui.engine.collector import FRAME_AT_MOST, Collector
from blendtui.engine.office import Heard
from blendtui.engine.room import Room
from blendtui.farm.decisions import CollectFrame
from blendtui.farm.events import FrameDone
from blendtui.farm.faults import FaultKind
from blendtui.farm.model import OutputFile
from blendtui.places import Places
from blendtui.settings import DeviceSettings
from blendtui.store.journal import Journal
from blendtui.wording import explain
from tests.support.offices import office
from tests.support.shares import job, mounted, needs_root, refused

MIB = 2**20
DATA = b"a frame"


class Files(SmallFiles):
    """A stand-in for a device: each of its files is a few bytes, and has what is asked for."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    async def read(self, path: str, size: int, sha256: str | None = None) -> bytes:
        return DATA


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """Collects to a share of 4 MiB."""
    (tmp_path / "share").mkdir()
    with mounted(tmp_path / "share", "size=4m"):
        places = Places(tmp_path / "state", tmp_path / "share")
        own = office(places, Journal(tmp_path / "store.db"), list[Heard]())
        job(own.share)
        yield Collector(own)


async def collect(collector: Collector, frame: int, *sizes: int) -> FrameDone:
    hashed = hashlib.sha256(DATA).hexdigest()
    names = [f"{frame:04}.png", *(f"node-{count}/{frame:04}.png" for count in range(1, len(sizes)))]
    files = tuple(OutputFile(*one, hashed) for one in zip(names, sizes, strict=True))
    wanted = CollectFrame("run", "shot", frame, 1, files)
    folder = RunFolder("/far", "shot", "run")
    return await collector.collect(wanted, Files(), folder, DeviceSettings(name="box"))


@needs_root
async def test_a_frame_that_is_larger_than_what_is_free_waits_and_others_are_brought(
    collector: Collector,
) -> None:
    with refused(FaultKind.SHARE_WRITE) as faults:
        await collect(collector, 1, 3 * MIB, 3 * MIB)
    assert "no space left for frame 1 of box, 6.0 MiB" in explain(faults[0]).what
    assert await collect(collector, 2, len(DATA)) == FrameDone("run", 2, 1)


@needs_root
async def test_no_frame_has_more_than_any_frame_has_however_many_files_it_is_in(
    collector: Collector,
) -> None:
    with refused(FaultKind.OUTPUT_REFUSED) as faults:
        await collect(collector, 1, *[FRAME_AT_MOST // 600 + 1] * 600)
    assert "64.0 GiB" in explain(faults[0]).what


@given(st.lists(st.integers(0, 100), max_size=20), st.integers(0, 300))
def test_no_more_is_promised_at_once_than_there_is(sizes: list[int], spare: int) -> None:
    async def promise() -> int:
        room = Room(lambda: spare)
        async with AsyncExitStack() as stack:
            given = [await stack.enter_async_context(room.promised(size)) for size in sizes]
            return sum(size for size, is_there in zip(sizes, given, strict=True) if is_there)

    promised = asyncio.run(promise())
    assert promised <= spare
    assert promised == sum(sizes) or sum(sizes) > spare


async def test_what_was_promised_is_room_again_when_the_share_is_looked_at_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blendtui.engine.room.LOOK", 0)
    room = Room(lambda: 10)
    for _ in range(3):
        async with room.promised(10) as first, room.promised(1) as second:
            assert (first, second) == (True, False)


async def test_a_share_that_does_not_say_what_is_free_takes_all() -> None:
    async with Room(lambda: None).promised(2**60) as is_there:
        assert is_there
