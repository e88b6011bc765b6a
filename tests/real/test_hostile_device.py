"""A device that lies, floods or fails harms only its own frames: the others finish the job.

One device is honest, the other is not; both are a stand-in for Blender behind OpenSSH's sshd.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import standin
from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]

MEMORY = 60 * 2**20
"""Bytes that the watcher may grow by while a device floods it."""

FRAMES = 6


def two(folder: Path, misdeed: str) -> Farm:
    blender = str(standin.make(folder / "blender"))
    hostile = {"env": {"MISDEED": misdeed, "SECONDS_A_FRAME": "0.01"}}
    return Farm(own={1: hostile}, blender=blender, env={"SECONDS_A_FRAME": "0.5"})


@pytest.fixture
def farm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Farm]:
    with two(tmp_path, request.param) as made:
        yield made


def contents(farm: Farm) -> dict[str, bytes]:
    """Give all that is on the share, by its path there."""
    found = {}
    for path in farm.share.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # it may just have been renamed
            if path.is_file():
                found[str(path.relative_to(farm.share))] = path.read_bytes()
    return found


def check(farm: Farm, job: str = "shot") -> None:
    """Hold that the job is whole, and that nothing else came to be on the share."""
    found = contents(farm)
    frames = {name: data for name, data in found.items() if name.startswith(f"{job}/frames/")}
    right = {
        f"{job}/frames/shot_{number:04d}.png": standin.content(number)
        for number in range(1, FRAMES + 1)
    }
    assert frames == right
    rest = found.keys() - frames.keys() - {f"{job}/{job}.zip", f"{job}/report.toml"}
    # A report may be on its way just now.
    rest = {name for name in rest if not name.rpartition("/")[2].startswith(".blendtui-")}
    assert all(name.startswith(f"{job}/logs/frame-") for name in rest), rest
    assert len(rest) <= 3 * FRAMES
    assert all(len(found[name]) < 2**20 for name in rest)
    assert "\x1b" not in farm.printed()
    assert "\x1b" not in found[f"{job}/report.toml"].decode()


@pytest.mark.parametrize(
    "farm",
    ["forged", "outside", "stolen", "bigger", "link", "pipe", "failing"],
    indirect=True,
)
def test_a_lying_device_fails_only_its_own_frames(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": f"1-{FRAMES}"})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    check(farm)
    assert farm.report("shot")["state"] == "done"


@pytest.mark.parametrize("farm", ["lines", "records", "endless"], indirect=True)
def test_a_flood_of_lines_keeps_nobody_waiting(farm: Farm) -> None:
    farm.watch()
    farm.until(lambda views: len([one for one in views.devices() if one.contact]) == 2)
    before = _memory(farm)
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": f"1-{FRAMES}"})
    farm.done("shot", FRAMES)
    farm.until(lambda _views: (farm.share / "shot/report.toml").exists())
    check(farm)
    assert _memory(farm) - before < MEMORY


def _memory(farm: Farm) -> int:
    """Give the bytes that the watcher has in memory."""
    assert farm.engine is not None
    pages = int(Path(f"/proc/{farm.engine}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
