"""A run over a real SSH server: started once, followed, left alone, found again, ended, removed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from blendtui.devices import slot
from blendtui.devices import slot_scripts as scripts
from blendtui.devices.connection import connect
from blendtui.devices.link import Link
from blendtui.devices.orders import QuitOrder, RenderOrder
from blendtui.devices.protocol import (
    BlenderLine,
    Bye,
    Ended,
    Entry,
    Hello,
    Opened,
    Rendered,
    Started,
)
from blendtui.devices.slot import Life, RunFolder, RunSettings
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from tests.support.processes import running
from tests.support.runs import lay_job
from tests.support.scenes import BLENDER, needs_blender, scenes
from tests.support.slots import JOB, is_there, size_of, text
from tests.support.sshd import Sshd, needs_sshd, until

_T = TypeVar("_T")


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
async def link(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Link]:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    made = await connect(sshd.device(), sshd.known_hosts)
    yield made
    await made.close()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run's folder, for a job that cycles.blend belongs to."""
    return RunFolder(str(tmp_path), JOB, "run-1")


def lay(folder: RunFolder, name: str = "cycles") -> None:
    data = (scenes() / f"{name}.blend").read_bytes()
    lay_job(Path(folder.work_dir), folder.job, {"a.blend": data}, "a.blend")


async def first(entries: AsyncIterator[Entry], kind: type[_T]) -> _T:
    """Read on until a line of a kind comes."""
    async with asyncio.timeout(30):
        async for entry in entries:
            if isinstance(entry.line, kind):
                return entry.line
    raise AssertionError(f"the log ended without {kind.__name__}")


async def until_dead(link: Link, folder: RunFolder) -> None:
    async with asyncio.timeout(10):
        while await slot.state(link, folder) is not Life.DEAD:
            pass


@needs_sshd
@needs_blender
async def test_a_run_lives_from_its_start_to_its_removal(link: Link, folder: RunFolder) -> None:
    lay(folder)
    device = DeviceSettings(name="box", host="box", blender=(str(BLENDER),), threads=1)
    assert await slot.state(link, folder) is Life.ABSENT
    await slot.prepare(link, folder, RunSettings())
    assert await slot.state(link, folder) is Life.ABSENT
    async with slot.follow(link, folder, 0) as talk:
        pid = await slot.launch(link, folder, device, False)
        assert await slot.launch(link, folder, device, False) == pid
        assert (await first(talk.entries, Hello)).pid == pid
        assert (await first(talk.entries, Opened)).facts.frame_end == 12
        assert await slot.state(link, folder) is Life.ALIVE
        await slot.append(link, folder, [RenderOrder(3, 1), RenderOrder(4, 1)])
        for frame in (3, 4):
            rendered = await first(talk.entries, Rendered)
            assert rendered.frame == frame
            path = folder.output(frame, 1, rendered.files[0].path)
            assert size_of(path) == rendered.files[0].size
        await slot.append(link, folder, [QuitOrder()])
        assert await first(talk.entries, Bye) == Bye("quit")
        assert await first(talk.entries, Ended) == Ended(0)
    await until_dead(link, folder)
    assert text(folder).count('"is":"hello"') == 1
    await slot.remove(link, folder)
    assert await slot.state(link, folder) is Life.ABSENT
    assert not is_there(folder.path)


@needs_sshd
@needs_blender
async def test_a_blender_that_is_killed_is_said_to_have_ended(
    link: Link, folder: RunFolder
) -> None:
    lay(folder)
    device = DeviceSettings(name="box", host="box", blender=(str(BLENDER),))
    await slot.prepare(link, folder, RunSettings())
    async with slot.follow(link, folder, 0) as talk:
        pid = await slot.launch(link, folder, device, False)
        await first(talk.entries, Opened)
        os.kill(pid, signal.SIGKILL)
        assert await first(talk.entries, Ended) == Ended(137)
    await until_dead(link, folder)
    assert await slot.launch(link, folder, device, False) == pid
    assert await slot.state(link, folder) is Life.DEAD


@needs_sshd
@needs_blender
async def test_a_lost_connection_stops_nothing_and_the_log_is_read_on(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    lay(folder, "slow")
    with Sshd() as sshd:
        link = await connect(sshd.device(), sshd.known_hosts)
        await slot.prepare(link, folder, RunSettings())
        await slot.launch(link, folder, sshd.device(blender=(str(BLENDER),)), False)
        await slot.append(link, folder, [RenderOrder(1, 1), RenderOrder(2, 1)])
        seen = 0
        with pytest.raises(Failure) as caught:
            async with slot.follow(link, folder, 0) as talk:
                async for entry in talk.entries:
                    seen = entry.offset_after
                    if isinstance(entry.line, Started):
                        sshd.restart()
        assert caught.value.fault.kind is FaultKind.LINK_LOST
        with (Path(folder.path) / "orders").open("ab") as orders:
            orders.write(b'{"do":"frame","frame":9,"t')
        link = await connect(sshd.device(), sshd.known_hosts)
        assert await slot.state(link, folder) is Life.ALIVE
        await slot.append(link, folder, [QuitOrder()])
        async with slot.follow(link, folder, seen) as talk:
            assert (await first(talk.entries, Rendered)).frame in (1, 2)
            assert await first(talk.entries, Ended) == Ended(0)
        await link.close()


@needs_sshd
async def test_who_stops_following_leaves_nothing_on_the_device(
    link: Link, folder: RunFolder
) -> None:
    await slot.prepare(link, folder, RunSettings())
    with (Path(folder.path) / "log").open("ab") as log:
        log.write(b"one\ntwo\n")
    async with slot.follow(link, folder, 4) as talk:
        assert await first(talk.entries, BlenderLine) == BlenderLine("two")
        assert running(folder.path)
    await until(lambda: not set(running("tail")) & set(running(folder.path)))


@needs_sshd
async def test_orders_go_beside_the_log_and_are_known_to_be_there(
    link: Link, folder: RunFolder
) -> None:
    await slot.prepare(link, folder, RunSettings())
    async with slot.follow(link, folder, 0) as talk:
        assert await talk.order([RenderOrder(1, 1), RenderOrder(2, 1)])
        assert await talk.order([QuitOrder()])
        words = [line for line in text(folder, "orders").splitlines() if line]
        assert [json.loads(line)["do"] for line in words] == ["frame", "frame", "quit"]
        await slot.remove(link, folder)
        assert not await talk.order([QuitOrder()])
    assert not await talk.order([QuitOrder()])
    assert not is_there(folder.path)


@needs_sshd
async def test_orders_that_nobody_answers_when_the_link_is_lost_count_as_not_given(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with Sshd() as sshd:
        link = await connect(sshd.device(), sshd.known_hosts)
        await slot.prepare(link, folder, RunSettings())
        silent = 'read -r line; : >"$1/heard"; while read -r line; do :; done'
        monkeypatch.setattr(scripts, "HEAR", silent)
        async with slot.follow(link, folder, 0) as talk:
            ordering = asyncio.create_task(talk.order([QuitOrder()]))
            await until(lambda: is_there(f"{folder.path}/heard"))
            sshd.restart()
            assert not await ordering
        await link.close()


@needs_sshd
@needs_blender
@pytest.mark.parametrize("stopped", [False, True])
async def test_killing_a_run_ends_its_blender_in_the_middle_of_a_frame(
    link: Link, folder: RunFolder, stopped: bool
) -> None:
    lay(folder, "slow")
    await slot.prepare(link, folder, RunSettings())
    device = DeviceSettings(name="box", host="box", blender=(str(BLENDER),))
    async with slot.follow(link, folder, 0) as talk:
        pid = await slot.launch(link, folder, device, False)
        await slot.append(link, folder, [RenderOrder(1, 1)])
        await first(talk.entries, Started)
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        assert await slot.kill(link, folder, grace=0.3)
        assert await first(talk.entries, Ended) == Ended(137 if stopped else 143)
    assert await slot.state(link, folder) is Life.DEAD
    assert not is_there(f"/proc/{pid}")
