"""A run over a real SSH server: started once, followed, left alone, found again, ended, removed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from blendtui.devices import slot
from blendtui.devices.connection import connect
from blendtui.devices.link import Link, Output
from blendtui.devices.protocol import (
    BlenderLine,
    Bye,
    DriverLine,
    Ended,
    Entry,
    Hello,
    Opened,
    Order,
    QuitOrder,
    Rendered,
    RenderOrder,
    Started,
)
from blendtui.devices.slot import Life, RunFolder, RunSettings
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support.runs import lay_job
from tests.support.scenes import BLENDER, needs_blender, scenes
from tests.support.sshd import Sshd, needs_sshd

SHELLS = [words for words in ("dash", "bash --posix", "busybox sh", "ksh", "zsh --emulate sh")]
JOB = "-rf 'shot' \"$(touch x)\" é"
_T = TypeVar("_T")

# A command that behaves as Blender does towards its shell: it says what it was given, and stays.
STAND_IN = """#!/bin/sh
for word; do echo "word $word"; done
echo "env $COLOR"
exec sleep 1000
"""


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


@dataclass(slots=True)
class ShellLink:
    """Stands in for a Link where only the shell matters: runs a script in a shell of our choice."""

    words: list[str]
    device: str = "box"

    async def run(self, script: str, *args: str, stdin: bytes = b"") -> Output:
        """Run the script on this machine."""
        process = await asyncio.create_subprocess_exec(
            *self.words, "-c", script, "sh", *args,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        stdout, stderr = await process.communicate(stdin)
        assert process.returncode is not None
        return Output(process.returncode, stdout, stderr)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> Link:
    words = request.param.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    return ShellLink(words)  # type: ignore[return-value]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run's folder, for a job that cycles.blend belongs to."""
    return RunFolder(str(tmp_path), JOB, "run-1")


@pytest.fixture
def stand_in(tmp_path: Path) -> DeviceSettings:
    path = tmp_path / "stand in"
    path.write_text(STAND_IN)
    path.chmod(0o755)
    return DeviceSettings(name="box", host="box", blender=str(path))


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
            await asyncio.sleep(0.01)


def text(folder: RunFolder, name: str = "log") -> str:
    return (Path(folder.path) / name).read_text("utf-8", "replace")


def commands() -> list[str]:
    """Give the command lines of all processes on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text("utf-8", "replace").replace("\0", " "))
        except OSError:
            continue
    return found


@needs_sshd
@needs_blender
async def test_a_run_lives_from_its_start_to_its_removal(link: Link, folder: RunFolder) -> None:
    lay(folder)
    device = DeviceSettings(name="box", host="box", blender=str(BLENDER), threads=1)
    assert await slot.state(link, folder) is Life.ABSENT
    await slot.prepare(link, folder, RunSettings())
    assert await slot.state(link, folder) is Life.ABSENT
    async with slot.follow(link, folder, 0) as entries:
        pid = await slot.launch(link, folder, device, False)
        assert await slot.launch(link, folder, device, False) == pid
        assert (await first(entries, Hello)).pid == pid
        assert (await first(entries, Opened)).facts.frame_end == 12
        assert await slot.state(link, folder) is Life.ALIVE
        await slot.append(link, folder, [RenderOrder(3, 1), RenderOrder(4, 1)])
        for frame in (3, 4):
            rendered = await first(entries, Rendered)
            assert rendered.frame == frame
            path = folder.output(frame, 1, rendered.files[0].path)
            assert Path(path).stat().st_size == rendered.files[0].size
        await slot.append(link, folder, [QuitOrder()])
        assert await first(entries, Bye) == Bye("quit")
        assert await first(entries, Ended) == Ended(0)
    await until_dead(link, folder)
    assert text(folder).count('"is":"hello"') == 1
    await slot.remove(link, folder)
    assert await slot.state(link, folder) is Life.ABSENT
    assert not Path(folder.path).exists()


@needs_sshd
@needs_blender
async def test_a_blender_that_is_killed_is_said_to_have_ended(
    link: Link, folder: RunFolder
) -> None:
    lay(folder)
    device = DeviceSettings(name="box", host="box", blender=str(BLENDER))
    await slot.prepare(link, folder, RunSettings())
    async with slot.follow(link, folder, 0) as entries:
        pid = await slot.launch(link, folder, device, False)
        await first(entries, Opened)
        os.kill(pid, signal.SIGKILL)
        assert await first(entries, Ended) == Ended(137)
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
        await slot.launch(link, folder, sshd.device(blender=str(BLENDER)), False)
        await slot.append(link, folder, [RenderOrder(1, 1), RenderOrder(2, 1)])
        seen = 0
        with pytest.raises(Failure) as caught:
            async with slot.follow(link, folder, 0) as entries:
                async for entry in entries:
                    seen = entry.offset_after
                    if isinstance(entry.line, Started):
                        sshd.restart()
        assert caught.value.fault.kind is FaultKind.LINK_LOST
        with (Path(folder.path) / "orders").open("ab") as orders:
            orders.write(b'{"do":"frame","frame":9,"t')
        link = await connect(sshd.device(), sshd.known_hosts)
        assert await slot.state(link, folder) is Life.ALIVE
        await slot.append(link, folder, [QuitOrder()])
        async with slot.follow(link, folder, seen) as entries:
            assert (await first(entries, Rendered)).frame in (1, 2)
            assert await first(entries, Ended) == Ended(0)
        await link.close()


@needs_sshd
async def test_who_stops_following_leaves_nothing_on_the_device(
    link: Link, folder: RunFolder
) -> None:
    await slot.prepare(link, folder, RunSettings())
    with (Path(folder.path) / "log").open("ab") as log:
        log.write(b"one\ntwo\n")
    async with slot.follow(link, folder, 4) as entries:
        assert await first(entries, BlenderLine) == BlenderLine("two")
        assert any(folder.path in command for command in commands())
    async with asyncio.timeout(10):
        while any("tail" in command and folder.path in command for command in commands()):
            await asyncio.sleep(0.01)


@needs_sshd
@needs_blender
@pytest.mark.parametrize("stopped", [False, True])
async def test_killing_a_run_ends_its_blender_in_the_middle_of_a_frame(
    link: Link, folder: RunFolder, stopped: bool
) -> None:
    lay(folder, "slow")
    await slot.prepare(link, folder, RunSettings())
    device = DeviceSettings(name="box", host="box", blender=str(BLENDER))
    async with slot.follow(link, folder, 0) as entries:
        pid = await slot.launch(link, folder, device, False)
        await slot.append(link, folder, [RenderOrder(1, 1)])
        await first(entries, Started)
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        assert await slot.kill(link, folder, grace=0.3)
        assert await first(entries, Ended) == Ended(137 if stopped else 143)
    assert await slot.state(link, folder) is Life.DEAD
    assert not Path(f"/proc/{pid}").exists()


async def test_blender_gets_its_words_its_environment_and_its_prefix(
    shell: Link, folder: RunFolder, stand_in: DeviceSettings
) -> None:
    changes = {"env": {"COLOR": "it's $HOME"}, "launch": "nice -n 1", "threads": 2}
    device = DeviceSettings(**({**_fields(stand_in)} | changes))
    await slot.prepare(shell, folder, RunSettings(scene="A 'b'"))
    await slot.launch(shell, folder, device, allow_scripts=True)
    try:
        await _said(folder, "env")
        words = [line[5:] for line in text(folder).splitlines() if line.startswith("word ")]
        wanted = ["-b", "--enable-autoexec", "--python-exit-code", "3", "-t", "2", "-P"]
        assert words == [*wanted, f"{folder.path}/driver.py", "--", f"{folder.path}/settings.json"]
        assert "env it's $HOME\n" in text(folder)
        assert '"scene":"A \'b\'"' in text(folder, "settings.json")
    finally:
        assert await slot.kill(shell, folder)


async def test_in_every_shell_a_run_is_started_once_and_ended_whole(
    shell: Link, folder: RunFolder, stand_in: DeviceSettings
) -> None:
    assert await slot.state(shell, folder) is Life.ABSENT
    await slot.prepare(shell, folder, RunSettings())
    started = await asyncio.gather(
        *(slot.launch(shell, folder, stand_in, allow_scripts=False) for _ in range(3))
    )
    assert len(set(started)) == 1
    assert await slot.state(shell, folder) is Life.ALIVE
    assert os.getsid(started[0]) != os.getsid(0)
    assert await slot.kill(shell, folder)
    assert await slot.state(shell, folder) is Life.DEAD
    assert '\x1e{"is":"ended","status":143}\n' in text(folder)
    assert not any(folder.path in command for command in commands())


async def test_another_process_with_the_same_number_is_not_taken_for_blender(
    shell: Link, folder: RunFolder, stand_in: DeviceSettings
) -> None:
    await slot.prepare(shell, folder, RunSettings())
    await slot.launch(shell, folder, stand_in, allow_scripts=False)
    assert await slot.kill(shell, folder)
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        pid, *others = text(folder, "pid").splitlines()
        assert pid.isdigit()
        (Path(folder.path) / "pid").write_text("\n".join([str(bystander.pid), *others]) + "\n")
        assert await slot.state(shell, folder) is Life.DEAD
        assert await slot.kill(shell, folder)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_preparing_again_keeps_the_log_and_the_orders(shell: Link, folder: RunFolder) -> None:
    await slot.prepare(shell, folder, RunSettings())
    await slot.append(shell, folder, [RenderOrder(1, 1)])
    (Path(folder.path) / "log").write_text("said\n")
    await slot.prepare(shell, folder, RunSettings())
    assert text(folder, "orders") == '\n{"do":"frame","frame":1,"try":1}\n'
    assert text(folder) == "said\n"
    here = Path(slot.__file__).parent
    for name in ("driver.py", "driver_project.py", "driver_scene.py", "driver_progress.py"):
        assert text(folder, name) == (here / name).read_text("utf-8")
    assert Path(folder.path).stat().st_mode & 0o777 == 0o700


async def test_a_blender_that_is_not_there_is_named(shell: Link, folder: RunFolder) -> None:
    await slot.prepare(shell, folder, RunSettings())
    for missing in ("blender-9.9", "/nowhere/blender", folder.path):
        device = DeviceSettings(name="box", host="box", blender=missing)
        with pytest.raises(Failure) as caught:
            await slot.launch(shell, folder, device, allow_scripts=False)
        assert caught.value.fault.kind is FaultKind.BLENDER_MISSING
        assert missing in explain(caught.value.fault).what
    assert await slot.state(shell, folder) is Life.ABSENT


async def test_a_prefix_that_is_not_there_ends_the_run(
    shell: Link, folder: RunFolder, stand_in: DeviceSettings
) -> None:
    device = DeviceSettings(**(_fields(stand_in) | {"launch": "no-such-launcher"}))
    await slot.prepare(shell, folder, RunSettings())
    await slot.launch(shell, folder, device, allow_scripts=False)
    await _said(folder, '"ended","status":127')
    assert await slot.state(shell, folder) is Life.DEAD


async def test_an_unreadable_prefix_is_said(folder: RunFolder) -> None:
    link: Link = ShellLink(["sh"])  # type: ignore[assignment]
    device = DeviceSettings(name="box", host="box", launch="srun 'x")
    with pytest.raises(Failure) as caught:
        await slot.launch(link, folder, device, allow_scripts=False)
    assert caught.value.fault.kind is FaultKind.BLENDER_NOT_STARTED


async def test_orders_for_a_run_that_was_removed_are_refused(
    shell: Link, folder: RunFolder
) -> None:
    await slot.prepare(shell, folder, RunSettings())
    await slot.remove(shell, folder)
    orders: list[Order] = [RenderOrder(1, 1)]
    with pytest.raises(Failure) as caught:
        await slot.append(shell, folder, orders)
    assert "the run's folder is gone" in explain(caught.value.fault).what
    assert not Path(folder.path).exists()
    await slot.remove(shell, folder)


async def test_the_work_dir_is_made_and_resolved(
    shell: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await slot.resolve_work_dir(shell, "~/.cache/b t") == f"{tmp_path}/.cache/b t"
    assert (tmp_path / ".cache/b t/blobs").stat().st_mode & 0o777 == 0o700
    assert await slot.resolve_work_dir(shell, f"{tmp_path}/x/../y") == f"{tmp_path}/y"


async def test_a_work_dir_that_cannot_be_made_is_refused(shell: Link, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure) as caught:
        await slot.resolve_work_dir(shell, f"{tmp_path}/file/work")
    assert caught.value.fault.kind is FaultKind.WORK_DIR_UNWRITABLE
    assert "file" in explain(caught.value.fault).what


@pytest.mark.parametrize(
    "names",
    [("w", "j", "r"), ("/w", "", "r"), ("/w", "..", "r"), ("/w", "a/b", "r"), ("/w", "j", ".")],
)
def test_a_run_never_lives_outside_its_work_dir(names: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="not "):
        RunFolder(*names)


def _fields(device: DeviceSettings) -> dict[str, object]:
    return {name: getattr(device, name) for name in device.__struct_fields__}


async def _said(folder: RunFolder, words: str) -> None:
    async with asyncio.timeout(10):
        while words not in text(folder):
            await asyncio.sleep(0.01)
