"""What devices.toml can say of a device, each seen through a whole job on real parts."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.store.views import Views
from tests.support.farm import Farm, render_alone, same_pixels
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(devices=1) as made:
        yield made


def finished(farm: Farm, frames: str = "1-4") -> list[str]:
    """Render a few frames to the end; gives their names."""
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": frames})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    return list(farm.frames("shot"))


FOUR = [f"shot_{number:04d}.png" for number in range(1, 5)]


def test_a_device_that_sees_the_share_reads_and_writes_there_itself(
    farm: Farm, tmp_path: Path
) -> None:
    mount = tmp_path / "mounted"
    mount.symlink_to(farm.share)
    farm.write_config(share_mount=str(mount))
    assert finished(farm) == FOUR
    blend = tmp_path / "cycles.blend"
    shutil.copy(scenes() / "cycles.blend", blend)
    alone = render_alone(blend, tmp_path / "alone")
    frames = farm.frames("shot")
    assert all(same_pixels(alone[name], frames[name]) for name in FOUR)
    left = sorted(path.name for path in (farm.share / "shot").iterdir())
    assert left == ["contact-sheet.jpg", "frames", "report.toml", "shot.zip"]


def test_several_slots_share_one_project(farm: Farm) -> None:
    farm.slots = 3
    farm.write_config(threads=1)
    assert len(finished(farm, "1-12")) == 12
    views = Views(farm.places.store)
    assert {run.slot for run in views.runs(0)} == {1, 2, 3}
    views.close()


def test_a_launch_prefix_and_an_environment_reach_blender(farm: Farm, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = tmp_path / "launcher with blanks"
    script.write_text(f'#!/bin/sh\necho "$GREETING" >{seen}\nexec nice "$@"\n')
    script.chmod(0o755)
    farm.write_config(launch=f"'{script}'", env={"GREETING": "it's $HOME"})
    assert finished(farm) == FOUR
    assert seen.read_text() == "it's $HOME\n"


def test_this_machine_renders_too_without_an_ssh_server(farm: Farm, tmp_path: Path) -> None:
    farm.config.write_text(
        f'[share]\npath = "{farm.share}"\nsettle = 0.2\n'
        f'[devices.here]\nhost = "local"\nwork_dir = "{tmp_path}/work"\n'
    )
    assert finished(farm) == FOUR
    assert not list((tmp_path / "work" / "jobs").iterdir())


def test_a_device_without_blender_is_set_aside_and_the_job_says_why(farm: Farm) -> None:
    farm.write_config(blender="/nowhere/blender")
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-4"})
    farm.watch("--once")
    assert farm.end() == 1
    assert "/nowhere/blender" in farm.report("shot")["reason"]


def test_a_device_added_while_a_job_runs_takes_part(farm: Farm) -> None:
    whole = farm.config.read_text()
    second = whole.split("[devices.host0]")[1].replace("work_dir = ", "work_dir = ")
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-400"})
    farm.watch("--once")
    farm.done("shot", 2)
    work = farm.servers[0].folder / "second"
    device = second.replace(str(farm.servers[0].folder / "work"), str(work))
    farm.config.write_text(f"{whole}\n[devices.later]{device}")
    assert farm.end() == 0, farm.printed()
    assert "later" in {device["name"] for device in farm.report("shot")["devices"]}


def test_scripts_in_a_blend_run_only_where_the_job_allows_it(farm: Farm) -> None:
    blend = scenes() / "scripted.blend"
    farm.drop("kept.zip", blend, job={"frames": "1-2"})
    farm.drop("free.zip", blend, job={"frames": "1-2", "allow_scripts": True})
    marks: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            marks.update(path.parts[-3] for path in farm.root.glob("host0/work/jobs/*/project/RAN"))

    looking = threading.Thread(target=look)
    looking.start()
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    over.set()
    looking.join()
    assert {mark.partition(".")[0] for mark in marks} == {"free"}
    assert farm.report("free")["warnings"] == []
    (warning,) = farm.report("kept")["warnings"]
    assert "and it is not run: Text 'leave.py'." in warning


def test_a_missing_file_is_a_warning_that_names_it(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "missing.blend", job={"frames": "1-2"})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert any("gone.png" in warning for warning in farm.report("shot")["warnings"])


def test_a_job_that_fails_alike_on_every_try_stops_and_keeps_the_logs(farm: Farm) -> None:
    blend = scenes() / "undenoised.blend"
    farm.drop("shot.zip", blend, job={"frames": "1-250"})
    farm.watch("--once")
    assert farm.end() == 1
    report = farm.report("shot")
    assert "first 5 tries" in report["reason"]
    assert "OpenImageDenoise" in report["reason"]
    assert report["frames"]["done"] == ""
    assert list((farm.share / "shot" / "logs").iterdir())


def test_nothing_is_left_on_a_device_when_a_job_is_over(farm: Farm) -> None:
    finished(farm)
    work = farm.servers[0].folder / "work"
    left = [path for path in work.rglob("*") if path.is_file()]
    assert {path.parent.name for path in left} == {"blobs"}
    assert farm.blenders() == []
    assert work.stat().st_mode & 0o077 == 0
