"""`blendtui submit --wait`, for real: from a .blend with files all over the disk to its frames."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.farm import Farm, render_alone, same_pixels
from tests.support.scenes import blender, needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]
SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm() as made:
        yield made


def test_a_blend_with_textures_outside_its_folder_comes_back_as_frames(
    farm: Farm, tmp_path: Path
) -> None:
    blender("-P", str(SUPPORT / "make_outside.py"), "--", str(tmp_path / "disk"))
    shot = tmp_path / "disk" / "proj" / "shots" / "shot.blend"
    farm.watch()
    said = farm.run("submit", str(shot), "--wait", "--priority", "70")
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.startswith("shot.blend: 5 files, ")
    assert "shot: taken." in said.stdout
    assert said.stdout.endswith("shot: done, 6 of 6 frames.\n")
    alone = render_alone(shot, tmp_path / "alone")
    frames = farm.frames("shot")
    assert list(frames) == list(alone)
    assert all(same_pixels(alone[name], frames[name]) for name in alone)
    shown = json.loads(farm.run("status", "--json").stdout)
    assert shown["jobs"][0]["priority"] == 70


def test_strips_sequences_clips_and_linked_scenes_come_along_from_wherever_they_are(
    farm: Farm, tmp_path: Path
) -> None:
    """The artist's disk is gone before rendering, since the devices are on the same machine."""
    blender("-P", str(SUPPORT / "make_strips.py"), "--", str(tmp_path / "all"))
    shot = tmp_path / "all" / "disk" / "proj" / "shots" / "shot.blend"
    alone = render_alone(shot, tmp_path / "alone")
    said = farm.run("submit", str(shot), "--strict")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Missing" not in said.stdout
    shutil.rmtree(tmp_path / "all")
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    frames = farm.frames("shot")
    assert list(frames) == list(alone)
    assert [name for name in alone if not same_pixels(alone[name], frames[name])] == []
    assert len({path.read_bytes() for path in alone.values()}) == len(alone)
    assert farm.report("shot")["warnings"] == []


def test_it_ends_with_1_where_the_job_fails_or_is_refused(farm: Farm) -> None:
    farm.watch()
    zipped = farm.root / "dark.zip"
    farm.drop("dark.zip", scenes() / "nocamera.blend")
    (farm.share / "dark.zip").replace(zipped)
    failed = farm.run("submit", str(zipped), "--wait")
    assert failed.returncode == 1
    assert "dark: failed, 0 of 0 frames. Scene “Scene” has no camera." in failed.stdout
    (farm.root / "notes.txt").write_text("nothing to render")
    farm.drop("empty.zip", farm.root / "notes.txt")
    (farm.share / "empty.zip").replace(farm.root / "empty.zip")
    refused = farm.run("submit", str(farm.root / "empty.zip"), "--wait")
    assert refused.returncode == 1
    assert "empty.zip was refused. empty.zip holds no .blend file." in refused.stdout


def test_from_another_machine_the_report_on_the_share_is_enough(farm: Farm, tmp_path: Path) -> None:
    farm.watch()
    shutil.copy(scenes() / "cycles.blend", tmp_path / "far.blend")
    elsewhere = ["--share", str(farm.share), "--state", str(tmp_path / "other-state")]
    words = farm.command("submit", str(tmp_path / "far.blend"), "--wait", "--frames", "1-4")
    words = [*words[: words.index("--devices")], *elsewhere]
    said = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.endswith("far: done, 4 of 4 frames.\n")


def test_without_an_engine_it_says_so_and_waits_for_one(farm: Farm) -> None:
    words = farm.command("submit", str(scenes() / "cycles.blend"), "--wait", "--frames", "1-2")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        lines = [process.stdout.readline() for _ in range(3)]
        assert lines[2].startswith("Nobody takes it yet: no engine runs for this share")
        farm.watch()
        assert process.wait(60) == 0
