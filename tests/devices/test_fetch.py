"""What comes back from a device is what it reported, or nothing, with a real OpenSSH server."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncssh
import pytest

from blendtui.devices.connection import Link, connect
from blendtui.devices.fetch import fetch, read_small
from blendtui.devices.local_server import LocalServer
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support.sshd import Sshd, needs_sshd, until

pytestmark = needs_sshd


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
async def link(sshd: Sshd) -> AsyncIterator[Link]:
    link = await connect(sshd.device(), sshd.known_hosts)
    yield link
    await link.close()


class Frame:
    """A file that a device has, what it reported, and where it is to go."""

    def __init__(self, folder: Path, size: int = 30_000) -> None:
        self.data = os.urandom(size)
        self.remote = folder / "frame 0001.png"
        self.remote.write_bytes(self.data)
        self.local = folder / "share" / ".frame 0001.png.new"
        self.local.parent.mkdir()
        self.size = size
        self.sha256 = hashlib.sha256(self.data).hexdigest()

    async def fetch(self, link: Link) -> None:
        await fetch(link, str(self.remote), self.local, self.size, self.sha256)

    async def refused(self, link: Link) -> Failure:
        with pytest.raises(Failure) as caught:
            await self.fetch(link)
        assert not self.local.exists()
        return caught.value


@pytest.mark.parametrize("size", [0, 1, 30_000, 255 * 1024, 255 * 1024 + 1, 20_000_000])
async def test_a_file_of_any_size_comes_back_whole(link: Link, tmp_path: Path, size: int) -> None:
    frame = Frame(tmp_path, size)
    frame.local.write_bytes(b"left from the last time" * 100)
    await frame.fetch(link)
    assert frame.local.read_bytes() == frame.data


async def test_many_come_at_once(link: Link, tmp_path: Path) -> None:
    frames = []
    for number in range(20):
        (tmp_path / str(number)).mkdir()
        frames.append(Frame(tmp_path / str(number), 400_000))
    await asyncio.gather(*(frame.fetch(link) for frame in frames))
    assert all(frame.local.read_bytes() == frame.data for frame in frames)


@pytest.mark.parametrize("size", [100, 9_000_000])
async def test_other_content_of_the_same_size_is_refused(
    link: Link, tmp_path: Path, size: int
) -> None:
    frame = Frame(tmp_path, size)
    frame.remote.write_bytes(frame.data[:-1] + bytes([frame.data[-1] ^ 1]))
    failure = await frame.refused(link)
    assert failure.fault.kind == FaultKind.OUTPUT_CHANGED
    assert "its content is not what was reported" in explain(failure.fault).what


@pytest.mark.parametrize("size", [0, 29_999, 30_001, 50_000_000])
async def test_another_size_than_reported_is_refused_before_it_is_read(
    link: Link, tmp_path: Path, size: int
) -> None:
    frame = Frame(tmp_path)
    os.truncate(frame.remote, size)
    failure = await frame.refused(link)
    assert failure.fault.kind == FaultKind.OUTPUT_CHANGED
    assert f"{size} bytes instead of 30000" in failure.fault.fact("detail")


async def test_a_symbolic_link_is_refused_even_to_the_right_content(
    link: Link, tmp_path: Path
) -> None:
    frame = Frame(tmp_path)
    target = frame.remote.rename(tmp_path / "elsewhere")
    frame.remote.symlink_to(target)
    failure = await frame.refused(link)
    assert failure.fault.kind == FaultKind.OUTPUT_CHANGED
    assert "symbolic link" in failure.fault.fact("detail")


async def test_a_pipe_or_a_folder_in_its_place_stops_nothing(link: Link, tmp_path: Path) -> None:
    frame = Frame(tmp_path)
    frame.remote.unlink()
    os.mkfifo(frame.remote)
    assert (await frame.refused(link)).fault.kind == FaultKind.OUTPUT_CHANGED
    frame.remote.unlink()
    frame.remote.mkdir()
    assert (await frame.refused(link)).fault.kind == FaultKind.OUTPUT_CHANGED
    assert await link.latency() < 5


async def test_a_missing_file_is_said_to_be_missing(link: Link, tmp_path: Path) -> None:
    frame = Frame(tmp_path)
    frame.remote.unlink()
    failure = await frame.refused(link)
    assert failure.fault.kind == FaultKind.OUTPUT_MISSING
    assert "frame 0001.png is not there" in explain(failure.fault).what


async def test_a_share_that_cannot_be_written_is_named(link: Link, tmp_path: Path) -> None:
    frame = Frame(tmp_path)
    frame.local = tmp_path / "no such folder" / "frame.png"
    failure = await frame.refused(link)
    assert failure.fault.kind == FaultKind.SHARE_WRITE
    assert "no such file or directory" in explain(failure.fault).what


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_a_full_share_is_said_to_be_full(link: Link, tmp_path: Path) -> None:
    frame = Frame(tmp_path, 9_000_000)
    frame.local.symlink_to("/dev/full")
    failure = await frame.refused(link)
    assert failure.fault.kind == FaultKind.SHARE_WRITE
    assert "no space left" in explain(failure.fault).what


async def test_a_lost_link_leaves_nothing_behind(tmp_path: Path) -> None:
    with Sshd() as server:
        link = await connect(server.device(), server.known_hosts)
        frame = Frame(tmp_path, 60_000_000)
        fetching = asyncio.create_task(frame.fetch(link))
        await until(frame.local.exists)
        server.kill()
        with pytest.raises(Failure) as caught:
            await fetching
        await link.close()
    assert caught.value.fault.kind == FaultKind.LINK_LOST
    assert not frame.local.exists()


async def test_a_cancelled_fetch_leaves_nothing_behind(link: Link, tmp_path: Path) -> None:
    frame = Frame(tmp_path, 60_000_000)
    fetching = asyncio.create_task(frame.fetch(link))
    await until(frame.local.exists)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert not frame.local.exists()
    assert await link.latency() < 5


async def test_a_small_file_is_read_as_it_was_announced(link: Link, tmp_path: Path) -> None:
    frame = Frame(tmp_path)
    assert await read_small(link, str(frame.remote), frame.size) == frame.data


@pytest.mark.parametrize("what", ["longer", "gone", "a link", "a pipe"])
async def test_a_small_file_that_is_not_what_was_announced_is_not_read(
    link: Link, tmp_path: Path, what: str
) -> None:
    frame = Frame(tmp_path)
    if what == "longer":
        frame.remote.write_bytes(frame.data + b"x")
    else:
        frame.remote.unlink()
    if what == "a link":
        frame.remote.symlink_to("/etc/hostname")
    elif what == "a pipe":
        os.mkfifo(frame.remote)
    with pytest.raises(Failure) as caught:
        await read_small(link, str(frame.remote), frame.size)
    gone = what == "gone"
    kind = FaultKind.OUTPUT_MISSING if gone else FaultKind.OUTPUT_CHANGED
    assert caught.value.fault.kind is kind


class Silent(asyncssh.SFTPServer):
    """Answers to everything, but not about one file."""

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        if b"silent" in path:
            await asyncio.Future()
        return asyncssh.SFTPAttrs.from_local(os.lstat(path))


async def test_a_device_that_says_nothing_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blendtui.devices.fetch.STALLED", 0.3)
    monkeypatch.setattr("blendtui.devices.local_server._Files", Silent)
    server = LocalServer()
    await server.start()
    link = await connect(DeviceSettings(name="here", host="local"), tmp_path / "none", server)
    frame = Frame(tmp_path)
    frame.remote = frame.remote.rename(tmp_path / "silent")
    fault = (await frame.refused(link)).fault
    assert fault.kind is FaultKind.OUTPUT_CHANGED
    assert "nothing came of it" in (fault.fact("detail") or "")
    await link.close()
    await server.close()
