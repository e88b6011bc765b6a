"""What job.toml asks for instead of what the .blend says, from the drop to the report."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm() as made:
        yield made


def test_frames_below_zero_and_all_that_can_be_changed(farm: Farm) -> None:
    job = {
        "frames": "-5--1,2",
        "step": 2,
        "devices": ["host1"],
        "percentage": 50,
        "samples": 2,
        "engine": "cycles",
        "format": "jpg",
        "camera": "Camera",
        "view_layers": ["ViewLayer"],
        "output": "take_###",
        "threads": 1,
        "time_limit": 60,
    }
    farm.drop("shot.zip", scenes() / "cycles.blend", job=job)
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    frames = farm.frames("shot")
    assert list(frames) == ["take_-001.jpg", "take_-003.jpg", "take_-005.jpg"]
    with Image.open(frames["take_-003.jpg"]) as picture:
        assert (picture.format, picture.size) == ("JPEG", (48, 27))
    report = farm.report("shot")
    assert report["frames"]["all"] == "-5--1x2"
    assert [device["name"] for device in report["devices"]] == ["host1"]
    settings = report["settings"]
    assert settings["overrides"] == {
        "percentage": 50,
        "samples": 2,
        "engine": "CYCLES",
        "format": "JPEG",
        "camera": "Camera",
        "view_layers": ["ViewLayer"],
        "output": "take_###",
        "threads": 1,
        "time_limit": 60.0,
    }
    assert settings["devices"] == ["host1"]
    assert settings["step"] == 2
    assert (settings["width"], settings["format"]) == (48, "JPEG")


def test_a_frame_beyond_its_time_is_tried_elsewhere_and_the_job_says_so(farm: Farm) -> None:
    job = {"frames": "1", "samples": 1_000_000, "time_limit": 1}
    farm.drop("shot.zip", scenes() / "slow.blend", job=job)
    farm.watch("--once")
    assert farm.end() == 1
    report = farm.report("shot")
    assert report["frames"]["failed"] == "1"
    tries = report["failures"][0]["tries"]
    assert {one["device"] for one in tries} == {"host0", "host1"}
    assert all("time limit of 1 s" in one["reason"] for one in tries)
    assert "crashed" not in farm.printed()


def test_what_the_file_does_not_have_ends_the_job_with_that_reason(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"camera": "Nope"})
    farm.watch("--once")
    assert farm.end() == 1
    assert (
        "cannot be rendered with camera = “Nope”: its cameras are: Camera"
        in (farm.report("shot")["reason"])
    )


def test_a_job_for_a_device_that_there_is_not_waits_and_says_so(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"devices": ["attic"]})
    farm.watch("--once")
    assert farm.end() == 1
    assert "there is no device named attic" in farm.printed()


def test_each_scene_of_a_drop_is_a_job_with_a_folder_of_its_own(farm: Farm) -> None:
    job = {"scenes": "all", "frames": "1-2", "priority": 60}
    farm.drop("film.zip", scenes() / "second.blend", job=job)
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    folders = sorted(path.name for path in farm.share.iterdir())
    assert folders == ["film-Scene", "film-Second"]
    sizes = set()
    for folder in folders:
        frames = farm.frames(folder)
        assert len(frames) == 2
        with Image.open(next(iter(frames.values()))) as picture:
            sizes.add(picture.size)
        report = farm.report(folder)
        assert report["settings"]["scene"] == folder.removeprefix("film-")
        assert report["settings"]["priority"] == 60
        with zipfile.ZipFile(farm.share / folder / f"{folder}.zip") as archive:
            assert archive.testzip() is None
    assert len(sizes) == 2
    assert "film.zip: each of its scenes is a job of its own." in farm.printed()


def test_submit_divides_a_blend_and_waits_for_all_of_it(farm: Farm) -> None:
    farm.watch()
    words = ("--scenes", "all", "--frames=-2--1", "--percentage", "50", "--wait")
    said = farm.run("submit", str(scenes() / "second.blend"), *words)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Dropped as second-Scene, second-Second." in said.stdout
    assert "second-Second: done, 2 of 2 frames." in said.stdout
    assert len(farm.frames("second-Scene")) == 2


@pytest.mark.parametrize(
    ("name", "job", "words"),
    [
        ("film.zip", {"scenes": "all", "frames": "1"}, ()),
        ("film.zip", {"frames": "1"}, ("--set", 'scenes="all"')),
        ("FILM.ZIP", {"frames": "1"}, ("--scenes", "all")),
    ],
)
def test_submit_waits_for_all_jobs_of_a_zip_that_is_divided_when_it_is_taken(
    farm: Farm, name: str, job: dict[str, Any], words: tuple[str, ...]
) -> None:
    zipped = packed(farm, name, job)
    farm.watch()
    said = farm.run("submit", str(zipped), *words, "--wait")
    stem = zipped.stem
    assert said.returncode == 0, said.stdout + said.stderr
    assert f"{stem}.zip is divided: {stem}-Scene, {stem}-Second." in said.stdout
    assert f"{stem}-Scene: done, 1 of 1 frames." in said.stdout
    assert f"{stem}-Second: done, 1 of 1 frames." in said.stdout


def test_from_another_machine_too_and_where_they_fail(farm: Farm, tmp_path: Path) -> None:
    farm.drop("film-Second.zip", scenes() / "second.blend", job={"frames": "1"})
    zipped = packed(farm, "film.zip", {"scenes": "all", "frames": "1-2"})
    farm.watch()
    farm.done("film-Second", 1)
    words = farm.command("submit", str(zipped), "--wait", "--set", 'view_layers=["Other"]')
    elsewhere = ["--share", str(farm.share), "--state", str(tmp_path / "other-state")]
    words = [*words[: words.index("--devices")], *elsewhere]
    said = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert "film.zip is divided: film-Scene, film-Second-2." in said.stdout
    assert "film-Second-2: failed" in said.stdout
    assert said.returncode == 1


def packed(farm: Farm, name: str, job: dict[str, Any]) -> Path:
    """Give a zip with two scenes that nobody has dropped yet."""
    farm.drop(name, scenes() / "second.blend", job=job)
    return (farm.share / name).rename(farm.root / name)


def test_a_scene_that_there_is_not_is_refused(farm: Farm) -> None:
    farm.drop("film.zip", scenes() / "second.blend", job={"scenes": ["Scene", "Third"]})
    farm.watch("--once")
    assert farm.end() == 0
    reason = (farm.share / "rejected" / "film.reason.txt").read_text()
    assert "no scene “Third”" in reason
    assert not (farm.share / "film-Scene").exists()


def test_a_file_name_may_begin_as_the_scene_s_own_and_have_a_number(farm: Farm) -> None:
    farm.drop(
        "shot.zip", scenes() / "cycles.blend", job={"frames": "1-2", "output": "shot_0010_####"}
    )
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert list(farm.frames("shot")) == ["shot_0010_0001.png", "shot_0010_0002.png"]
