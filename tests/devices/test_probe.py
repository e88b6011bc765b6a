"""What `blendtui devices check` learns of a device, from real servers and a real Blender."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.devices import probe_scripts as scripts
from blendtui.devices.local_server import LocalServer
from blendtui.devices.probe import Checkup, probe
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support.sshd import Sshd, free_port, needs_sshd

needs_blender = pytest.mark.skipif(not shutil.which("blender"), reason="Blender is not installed")


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
async def local() -> AsyncIterator[LocalServer]:
    server = LocalServer()
    await server.start()
    yield server
    await server.close()


def small(tmp_path: Path, version: str = "4.2.1", then: str = "") -> str:
    """Make a stand-in for Blender: it says a version, and `then` is what else it does."""
    file = tmp_path / "a blender's $stand-in"
    file.write_text(f"#!/bin/sh\necho 'Blender {version} LTS'\n{then}\n")
    file.chmod(0o755)
    return str(file)


def kinds(checkup: Checkup) -> list[FaultKind]:
    for fault in checkup.problems:
        words = explain(fault)
        assert "?" not in f"{words.what}{words.cure}", words
    return [fault.kind for fault in checkup.problems]


@needs_sshd
@needs_blender
async def test_a_healthy_device_is_described_in_full(sshd: Sshd) -> None:
    checkup = await probe(sshd.device(share_mount="/tmp"), sshd.known_hosts)
    assert kinds(checkup) == []
    assert checkup.is_well
    assert checkup.reachable
    assert checkup.system == f"{os.uname().sysname} {os.uname().machine}"
    assert checkup.round_trip is not None
    assert 0 < checkup.round_trip < 200
    assert checkup.blenders[0].chosen
    assert checkup.blenders[0].path == shutil.which("blender")
    assert checkup.blenders[0].version.count(".") == 2
    assert checkup.gpus is not None
    assert checkup.eevee
    assert checkup.cores == os.cpu_count()
    assert checkup.memory == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert checkup.disk_free is not None
    assert abs(checkup.disk_free - shutil.disk_usage(sshd.folder).free) < 2**30
    assert checkup.clock_skew is not None
    assert abs(checkup.clock_skew) < 0.2
    assert checkup.work_dir_writable
    assert checkup.share_mount
    assert list((sshd.folder / "work").iterdir()) == []
    assert json.loads(json.dumps(checkup.as_data()))["problems"] == []


async def test_this_machine_without_sshd_is_described_too(
    local: LocalServer, tmp_path: Path
) -> None:
    answer = 'echo blendtui-gpus:\'[["CUDA","Card"],["CUDA","Card"]]\''
    device = DeviceSettings(
        name="me", host="local", work_dir=str(tmp_path), blender=(small(tmp_path, then=answer),)
    )
    checkup = await probe(device, tmp_path / "none", local)
    assert kinds(checkup) == []
    assert (checkup.blenders[0].path, checkup.blenders[0].version) == (*device.blender, "4.2.1")
    assert [(gpu.kind, gpu.name) for gpu in checkup.gpus or ()] == [("CUDA", "Card")]


@needs_sshd
async def test_each_thing_that_is_wrong_is_named_with_its_cure(sshd: Sshd, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    device = sshd.device(
        work_dir=f"{blocked}/work", share_mount="/no/such/mount", blender=("blender-of-nobody",)
    )
    checkup = await probe(device, sshd.known_hosts)
    assert kinds(checkup) == [
        FaultKind.WORK_DIR_UNWRITABLE,
        FaultKind.SHARE_MOUNT_MISSING,
        FaultKind.BLENDER_MISSING,
    ]
    assert not checkup.work_dir_writable
    assert checkup.share_mount is False
    assert not any(blender.chosen for blender in checkup.blenders)
    assert checkup.gpus is None
    assert all(problem["cure"] for problem in checkup.as_data()["problems"])  # type: ignore[attr-defined]


async def test_a_blender_that_does_not_answer_is_named(local: LocalServer, tmp_path: Path) -> None:
    broken = small(tmp_path, then='[ "$1" = --version ] || { echo no libGL >&2; exit 1; }')
    device = DeviceSettings(name="me", host="local", work_dir=str(tmp_path), blender=(broken,))
    checkup = await probe(device, tmp_path / "none", local)
    assert kinds(checkup) == [FaultKind.BLENDER_NOT_STARTED]
    assert checkup.problems[0].fact("detail") == "no libGL"


async def test_launcher_and_environment_stand_before_blender(
    local: LocalServer, tmp_path: Path
) -> None:
    say = 'echo "$COLOR" >>"$NOTES"; echo blendtui-gpus:[]'
    notes = tmp_path / "notes"
    device = DeviceSettings(
        name="me",
        host="local",
        work_dir=str(tmp_path),
        blender=(small(tmp_path, then=say),),
        launch="nice -n 1",
        env={"COLOR": "deep blue", "NOTES": str(notes)},
    )
    assert kinds(await probe(device, tmp_path / "none", local)) == []
    assert notes.read_text() == "deep blue\n" * 2


async def test_a_clock_that_is_off_is_said(local: LocalServer, tmp_path: Path) -> None:
    ahead = tmp_path / "bin" / "date"
    ahead.parent.mkdir()
    ahead.write_text("#!/bin/sh\necho 4000000000.5\n")
    ahead.chmod(ahead.stat().st_mode | stat.S_IXUSR)
    before = os.environ["PATH"]
    device = DeviceSettings(
        name="me", host="local", work_dir=str(tmp_path), blender=("no-blender",)
    )
    os.environ["PATH"] = f"{ahead.parent}:{before}"
    try:
        checkup = await probe(device, tmp_path / "none", local)
    finally:
        os.environ["PATH"] = before
    assert FaultKind.CLOCK_WRONG in kinds(checkup)
    assert "ahead of this machine's" in explain(checkup.problems[0]).what


@needs_sshd
async def test_many_devices_at_once_fail_or_succeed_each_for_itself(
    sshd: Sshd, tmp_path: Path
) -> None:
    blender = small(tmp_path, then="echo blendtui-gpus:[]")
    devices = [
        sshd.device(name="well", blender=(blender,)),
        sshd.device(name="off", port=free_port()),
        sshd.device(name="stranger", user="nobody-here"),
        *(sshd.device(name=f"twin{n}", blender=(blender,)) for n in range(5)),
    ]
    checkups = await asyncio.gather(*(probe(device, sshd.known_hosts) for device in devices))
    assert [checkup.name for checkup in checkups] == [device.name for device in devices]
    assert [kinds(checkup) for checkup in checkups] == [
        [],
        [FaultKind.HOST_UNREACHABLE],
        [FaultKind.LOGIN_REFUSED],
        *[[]] * 5,
    ]
    assert [checkup.reachable for checkup in checkups] == [True, False, False, *[True] * 5]


class TestReading:
    def test_macos_answers_are_read(self) -> None:
        facts = scripts.read_facts(b"system Darwin arm64\ncores 10\nmemory 34359738368\n")
        assert scripts.read_size(facts, "memory") == 32 * 2**30
        assert scripts.read_clock(b"1700000000.N\n") == 1_700_000_000.5

    @pytest.mark.parametrize(
        ("said", "version"),
        [
            (b"Blender 3.4.1\n\tbuild date", "3.4.1"),
            (b"noise\r\nBlender 5.0.0 Alpha\n", "5.0.0"),
            (b"Blender 2.83 (sub 20)\n", "2.83"),
            (b"command not found", None),
        ],
    )
    def test_versions_are_read(self, said: bytes, version: str | None) -> None:
        assert scripts.read_version(said) == version

    @given(st.binary(max_size=200))
    def test_no_answer_is_too_strange(self, said: bytes) -> None:
        facts = scripts.read_facts(said)
        scripts.read_size(facts, "memory")
        scripts.read_clock(said)
        scripts.read_version(said)
        scripts.read_places(said)
        scripts.read_gpus(b"blendtui-gpus:" + said)
