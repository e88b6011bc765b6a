"""Small files come with one question and one answer, or else as SFTP gives or refuses them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from blendtui.devices import small_files
from blendtui.devices.connection import Pace, connect
from blendtui.devices.small_files import READ, SMALL, SmallFiles
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from tests.support.processes import running
from tests.support.slots import SHELLS
from tests.support.sshd import Sshd, needs_sshd, until


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
async def files(sshd: Sshd) -> AsyncIterator[SmallFiles]:
    made = SmallFiles(await connect(sshd.device(), sshd.known_hosts))
    yield made
    await made.close()
    await made.link.close()


@pytest.fixture
def no_sftp(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> bytes:
        raise AssertionError("SFTP was asked")

    monkeypatch.setattr(small_files, "read_small", refuse)


def lay(path: Path, size: int = 30_000) -> tuple[str, int, str]:
    """Write a file; gives what is announced of it."""
    data = os.urandom(size)
    path.write_bytes(data)
    return str(path), size, hashlib.sha256(data).hexdigest()


async def refused(files: SmallFiles, told: tuple[str, int, str]) -> Failure:
    with pytest.raises(Failure) as caught:
        await files.read(*told)
    return caught.value


@needs_sshd
@pytest.mark.usefixtures("no_sftp")
@pytest.mark.parametrize("size", [0, 1, 30_000, SMALL])
async def test_files_come_whole_without_sftp(files: SmallFiles, tmp_path: Path, size: int) -> None:
    told = [lay(tmp_path / f"{number}.png", size) for number in range(20)]
    read = await asyncio.gather(*(files.read(*one) for one in told))
    assert [hashlib.sha256(data).hexdigest() for data in read] == [one[2] for one in told]


@needs_sshd
@pytest.mark.usefixtures("no_sftp")
@pytest.mark.parametrize(
    "name", [" a b ", "-n", 'it\'s $(id) `id` "x"', "a\\n\\\\b", "é\udcff", "%s"]
)
async def test_names_are_taken_as_they_are(files: SmallFiles, tmp_path: Path, name: str) -> None:
    path, size, sha256 = lay(tmp_path / name)
    assert hashlib.sha256(await files.read(path, size, sha256)).hexdigest() == sha256


@needs_sshd
async def test_a_name_of_two_lines_is_left_to_sftp(files: SmallFiles, tmp_path: Path) -> None:
    path, size, sha256 = lay(tmp_path / "a\nb")
    assert hashlib.sha256(await files.read(path, size, sha256)).hexdigest() == sha256


@needs_sshd
async def test_what_is_not_as_announced_is_refused_and_the_next_file_comes(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, size, sha256 = lay(tmp_path / "1.png")
    link = tmp_path / "link.png"
    link.symlink_to(path)
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    cases = {
        "it is gone": (f"{path}.no", size, sha256),
        "it is a symbolic link": (str(link), size, sha256),
        "it is not a file": (str(pipe), size, sha256),
        "its content is not what was reported": (path, size, "0" * 64),
        f"it has {size} bytes instead of {size + 1}": (path, size + 1, sha256),
        f"it has {size} bytes instead of {size - 1}": (path, size - 1, sha256),
        f"it has {size} bytes instead of 0": (path, 0, sha256),
    }
    for words, told in cases.items():
        failure = await refused(files, told)
        assert words in (failure.fault.fact("detail") or "")
        with monkeypatch.context() as patch:
            patch.delattr(small_files, "read_small")
            assert len(await files.read(path, size, sha256)) == size


@needs_sshd
async def test_a_file_that_holds_what_ends_another_does_not_end_there(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "word")
    data = b"word+\nword-\nmore"
    (tmp_path / "1.png").write_bytes(data)
    told = (str(tmp_path / "1.png"), len(data), hashlib.sha256(data).hexdigest())
    assert await files.read(*told) == data


@needs_sshd
async def test_where_the_shell_is_killed_sftp_is_asked(
    files: SmallFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_files, "READ", f"{READ}# {tmp_path}")
    told = lay(tmp_path / "1.png")
    assert len(await files.read(*told)) == told[1]
    shells = running(str(tmp_path))
    assert shells
    for pid in shells:
        os.kill(pid, signal.SIGKILL)
    assert len(await files.read(*told)) == told[1]


@needs_sshd
async def test_a_device_that_falls_silent_is_a_lost_link(tmp_path: Path) -> None:
    with Sshd() as sshd:
        pace = Pace(interval=0.1, count=2)
        link = await connect(sshd.device(), sshd.known_hosts, pace=pace)
        files = SmallFiles(link)
        told = lay(tmp_path / "1.png")
        await files.read(*told)
        sshd.signal_all(signal.SIGSTOP)
        failure = await refused(files, told)
        assert failure.fault.kind is FaultKind.LINK_LOST
        sshd.signal_all(signal.SIGCONT)
        await files.close()
        await link.close()


@needs_sshd
async def test_a_lost_link_is_said_and_leaves_no_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_files, "READ", f"{READ}# {tmp_path}")
    with Sshd() as sshd:
        link = await connect(sshd.device(), sshd.known_hosts)
        files = SmallFiles(link)
        told = lay(tmp_path / "1.png")
        await files.read(*told)
        sshd.restart()
        failure = await refused(files, told)
        assert failure.fault.kind is FaultKind.LINK_LOST
        await files.close()
        await link.close()
    await until(lambda: not running(str(tmp_path)))


@pytest.mark.parametrize("words", SHELLS)
def test_every_shell_gives_them(words: str, tmp_path: Path) -> None:
    data = bytes(range(256)) * 100
    (tmp_path / "1.png").write_bytes(data)
    asked = f"a1\n{tmp_path}/1.png\nb2\n{tmp_path}/no.png\nc3\n{tmp_path}\n"
    reading = [*words.split(), "-c", READ, "sh"]
    given = subprocess.run(reading, input=asked.encode(), capture_output=True, check=False)
    assert given.stdout == data + b"a1+\nb2-\nc3-\n"
