"""A run's scripts in every shell at hand, and on devices that lack this or that."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from blendtui.devices import slot, slot_scripts
from blendtui.devices.link import Link
from blendtui.devices.orders import Order, RenderOrder
from blendtui.devices.slot import Life, RunFolder, RunSettings
from blendtui.devices.stripped import stripped
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support.processes import running
from tests.support.slots import JOB, SHELLS, ShellLink, bystander, is_there, mode_of, text
from tests.support.sshd import until

_TOOLS = set("cat cut dd env mkdir mv nohup perl ps rm sed setsid sh sleep wc".split())  # noqa: SIM905

# A command that behaves as Blender does towards its shell: it says what it was given, and stays.
STAND_IN = """#!/bin/sh
for word; do echo "word $word"; done
echo "env $COLOR"
exec sleep 1000
"""


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> Link:
    return ShellLink(request.param.split())  # type: ignore[return-value]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(str(tmp_path), JOB, "run-1")


@pytest.fixture
def stand_in(tmp_path: Path) -> DeviceSettings:
    path = tmp_path / "stand in"
    path.write_text(STAND_IN)
    path.chmod(0o755)
    return DeviceSettings(name="box", host="box", blender=(str(path),))


async def test_blender_gets_its_words_its_environment_and_its_prefix(
    shell: Link, folder: RunFolder, stand_in: DeviceSettings
) -> None:
    device = replace(stand_in, env={"COLOR": "it's $HOME"}, launch="nice -n 1", threads=2)
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
    assert not running(folder.path)


async def test_another_process_with_the_same_number_is_not_taken_for_blender(
    shell: Link, folder: RunFolder, stand_in: DeviceSettings
) -> None:
    await slot.prepare(shell, folder, RunSettings())
    await slot.launch(shell, folder, stand_in, allow_scripts=False)
    assert await slot.kill(shell, folder)
    other = bystander()
    try:
        pid, *others = text(folder, "pid").splitlines()
        assert pid.isdigit()
        (Path(folder.path) / "pid").write_text("\n".join([str(other.pid), *others]) + "\n")
        assert await slot.state(shell, folder) is Life.DEAD
        assert await slot.kill(shell, folder)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_preparing_again_keeps_the_log_and_the_orders(shell: Link, folder: RunFolder) -> None:
    await slot.prepare(shell, folder, RunSettings())
    await slot.append(shell, folder, [RenderOrder(1, 1)])
    (Path(folder.path) / "log").write_text("said\n")
    await slot.prepare(shell, folder, RunSettings())
    assert text(folder, "orders") == '\n{"do":"frame","frame":1,"try":1}\n'
    assert text(folder) == "said\n"
    here = Path(slot.__file__).parent
    for name in slot.DRIVER_FILES:
        assert text(folder, name) == stripped(here / name).decode()
    assert mode_of(folder.path) == 0o700


async def test_a_blender_that_is_not_there_is_named(shell: Link, folder: RunFolder) -> None:
    await slot.prepare(shell, folder, RunSettings())
    for missing in ("blender-9.9", "/nowhere/blender", folder.path):
        device = DeviceSettings(name="box", host="box", blender=(missing,))
        with pytest.raises(Failure) as caught:
            await slot.launch(shell, folder, device, allow_scripts=False)
        assert caught.value.fault.kind is FaultKind.BLENDER_MISSING
        assert missing in explain(caught.value.fault).what
    assert await slot.state(shell, folder) is Life.ABSENT


async def test_a_prefix_that_is_not_there_ends_the_run(
    shell: Link, folder: RunFolder, stand_in: DeviceSettings
) -> None:
    device = replace(stand_in, launch="no-such-launcher")
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
    assert not is_there(folder.path)
    await slot.remove(shell, folder)


@pytest.mark.parametrize("words", SHELLS)
def test_orders_are_heard_line_by_line_and_each_is_answered(words: str, tmp_path: Path) -> None:
    lines = [rb'{"a":"b\n\\c $HOME %s"}', b'{"\xc3\xa9":"' + b"x" * 200_000 + b'"}', b"half"]
    hearing = [*words.split(), "-c", slot_scripts.HEAR, "sh", str(tmp_path)]
    told = b"\n".join(lines)
    gone = subprocess.run(hearing, input=told, capture_output=True, check=False)
    assert gone.stderr == b"\x1e-\n" * 2
    assert not (tmp_path / "orders").exists()
    (tmp_path / "orders").write_bytes(b"cut sho")
    heard = subprocess.run(hearing, input=told, capture_output=True, check=False)
    assert heard.stderr == b"\x1e+\n" * 2
    written = (tmp_path / "orders").read_bytes()
    # What a lost connection cuts short is not written at all.
    assert written == b"cut sho\n%s\n\n%s\n" % tuple(lines[:2])


async def test_the_work_dir_is_made_and_resolved(
    shell: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await slot.resolve_work_dir(shell, "~/.cache/b t") == f"{tmp_path}/.cache/b t"
    assert mode_of(f"{tmp_path}/.cache/b t/blobs") == 0o700
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


async def _said(folder: RunFolder, words: str) -> None:
    await until(lambda: words in text(folder))


@pytest.mark.parametrize("hidden", [("setsid",), ("setsid", "perl")])
async def test_a_device_without_setsid_starts_and_ends_runs_too(
    folder: RunFolder,
    stand_in: DeviceSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hidden: tuple[str, ...],
) -> None:
    monkeypatch.setenv("PATH", str(fewer_tools(tmp_path / "bin", hidden)))
    await start_and_end(folder, stand_in)


async def test_a_device_without_proc_starts_and_ends_runs_too(
    folder: RunFolder, stand_in: DeviceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SUPERVISE", "STATE", "KILL"):
        script = getattr(slot_scripts, name)
        monkeypatch.setattr(slot_scripts, name, script.replace("/proc/", "/no/proc/"))
    await start_and_end(folder, stand_in)


async def start_and_end(folder: RunFolder, device: DeviceSettings) -> None:
    link: Link = ShellLink(["/bin/sh"])  # type: ignore[assignment]
    await slot.prepare(link, folder, RunSettings())
    pid = await slot.launch(link, folder, device, allow_scripts=False)
    births = [line for line in text(folder, "pid").splitlines()[1:4:2] if line]
    assert len(births) == 2
    assert await slot.state(link, folder) is Life.ALIVE
    assert await slot.kill(link, folder)
    assert await slot.state(link, folder) is Life.DEAD
    assert not is_there(f"/proc/{pid}")
    assert '\x1e{"is":"ended","status":143}\n' in text(folder)


def fewer_tools(folder: Path, hidden: tuple[str, ...]) -> Path:
    """Make a folder with this machine's tools, without some of them."""
    folder.mkdir()
    for name in _TOOLS - set(hidden):
        where = shutil.which(name)
        if where:
            (folder / name).symlink_to(where)
    return folder
