"""Devices with several Blenders: which one a job gets, seen with the real one under other names.

The stand-ins say another version and are the installed Blender for all else; `make test-versions`
has real other versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.farm import Farm
from tests.support.scenes import BLENDER, needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


def claiming(path: Path, version: str) -> str:
    """Make a command that says a version, and is the real Blender otherwise."""
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "Blender {version}" && exit 0\n'
        f'exec "{BLENDER}" "$@"\n'
    )
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    newer = claiming(tmp_path / "newer", "99.1.2")
    own: dict[int, dict[str, Any]] = {0: {"blender": [newer, str(BLENDER)]}, 1: {"blender": newer}}
    with Farm(own=own) as made:
        yield made


def test_a_job_gets_the_version_that_wrote_it_and_the_devices_without_it_are_named(
    farm: Farm,
) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-4"})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    report = farm.report("shot")
    assert [device["name"] for device in report["devices"]] == ["host0"]
    assert "these devices are left out: host1 (99.1.2)" in farm.printed()


def test_a_blender_that_turns_out_to_be_another_renders_nothing(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1", "blender": "99.1"})
    farm.watch("--once")
    assert farm.end() == 1
    reason = farm.report("shot")["reason"]
    assert "the Blender that came up is" in reason
    assert "and the job is rendered with 99.1." in reason
    assert not list((farm.share / "shot" / "frames").glob("*"))


def test_a_job_that_no_blender_can_render_waits_and_says_why(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1", "blender": "98"})
    farm.watch("--once")
    assert farm.end() == 1
    assert "it is to be rendered with Blender 98, and the devices have" in farm.printed()


def test_where_eevee_cannot_draw_the_job_says_so_and_blames_no_frame() -> None:
    with Farm(devices=1, env={"__EGL_VENDOR_LIBRARY_DIRS": "/nonexistent"}) as farm:
        farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1", "engine": "EEVEE"})
        farm.watch("--once")
        assert farm.end() == 1
        report = farm.report("shot")
        assert "its Blender cannot draw there, as EEVEE and Workbench do" in report["reason"]
        assert report["frames"]["failed"] == ""
