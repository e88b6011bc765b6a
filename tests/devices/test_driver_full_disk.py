"""On a device whose disk is full, no frame is to blame."""

from __future__ import annotations

import os
from pathlib import Path

from blendtui.devices.driver_project import is_full
from blendtui.devices.protocol import Failed, Rendered
from blendtui.devices.slot import RunSettings
from blendtui.farm.faults import FaultKind
from tests.support.runs import DriverRun
from tests.support.scenes import needs_blender, scenes
from tests.support.small_disk import small_disk

pytestmark = needs_blender


def fill(disk: Path) -> Path:
    """Leave no byte on a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filler


def test_a_frame_that_did_not_fit_says_so_and_is_rendered_once_there_is_room(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        blend, settings = scenes() / "cycles.blend", RunSettings(out=str(disk / "out"))
        with DriverRun(tmp_path, blend, settings) as run:
            run.render(1)
            run.wait(Rendered)
            filler = fill(disk)
            assert is_full(disk)
            run.render(2)
            failed = run.wait(Failed)[0]
            assert failed.kind is FaultKind.DEVICE_DISK_FULL, failed
            filler.unlink()
            run.render(2, number=2)
            assert run.wait(Rendered, 2)[1].files[0].size > 0


def test_a_disk_with_room_is_not_full(tmp_path: Path) -> None:
    assert is_full(tmp_path) == (os.statvfs(tmp_path).f_bavail == 0)
    assert not is_full(tmp_path / "not there")
