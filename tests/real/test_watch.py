"""The main job, for real: a drop is rendered by OpenSSH devices and its frames come back."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
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
    with Farm() as made:
        yield made


def test_sixty_frames_come_back_as_one_blender_would_render_them(
    farm: Farm, tmp_path: Path
) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-60"})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    blend = tmp_path / "cycles.blend"
    shutil.copy(scenes() / "cycles.blend", blend)
    alone = render_alone(blend, tmp_path / "alone")
    frames = farm.frames("shot")
    assert len(frames) == 60
    assert list(frames) == [f"shot_{number:04d}.png" for number in range(1, 61)]
    assert all(same_pixels(path, frames[name]) for name, path in alone.items())
    report = farm.report("shot")
    assert report["state"] == "done"
    assert {device["name"] for device in report["devices"]} == {"host0", "host1"}
    assert (farm.share / "shot" / "shot.zip").is_file()
    assert farm.blenders() == []


def test_a_killed_watcher_goes_on_and_renders_nothing_twice(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-60"})
    farm.watch()
    farm.done("shot", 6)
    farm.kill()
    time.sleep(1)  # what the devices finish meanwhile is the point of this test
    rendered = _rendered(farm)
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == 60
    views = Views(farm.places.store)
    attempts = views.attempts("shot")
    views.close()
    assert rendered <= {(one.frame, one.number) for one in attempts if one.state == "done"}
    finished = {frame for frame, _ in rendered}
    tries = [one.frame for one in attempts if one.frame in finished]
    assert len(tries) == len(finished), "what stood finished was ordered again"


def _rendered(farm: Farm) -> set[tuple[int, int]]:
    """What the devices' logs say is finished, whether somebody has read it or not."""
    found = set()
    for log in farm.root.glob("host*/work/jobs/*/*/log"):
        for line in log.read_bytes().split(b"\n"):
            if b'{"is":"rendered"' in line:
                told = json.loads(line[line.index(b"{") :])
                found.add((told["frame"], told["try"]))
    assert found
    return found


def test_a_terminated_watcher_leaves_the_devices_what_they_have(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-60"})
    farm.watch()
    farm.done("shot", 2)
    farm.stop()
    assert "Stopping." in farm.printed()
    assert len(farm.blenders()) == 2
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == 60


def test_a_device_whose_sshd_dies_is_said_and_survived(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-60"})
    farm.watch("--once")
    farm.done("shot", 4)
    farm.servers[0].restart()
    assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == 60
    assert "host0: " in farm.printed()


def test_a_killed_blender_costs_no_frame(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-40"})
    farm.watch("--once")
    farm.done("shot", 4)
    import os  # noqa: PLC0415
    import signal  # noqa: PLC0415

    os.kill(farm.blenders()[0], signal.SIGKILL)
    assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == 40


def test_a_job_without_a_camera_ends_at_once_with_that_reason(farm: Farm) -> None:
    farm.drop("dark.zip", scenes() / "nocamera.blend")
    farm.watch("--once")
    assert farm.end() == 1
    report = farm.report("dark")
    assert report["state"] == "failed"
    assert "camera" in report["reason"]


def test_a_refused_drop_says_why_in_plain_words(farm: Farm) -> None:
    (farm.root / "notes.txt").write_text("nothing to render")
    farm.drop("empty.zip", farm.root / "notes.txt")
    farm.watch("--once")
    assert farm.end() == 0
    assert (farm.share / "rejected" / "empty.zip").is_file()
    assert ".blend" in (farm.share / "rejected" / "empty.reason.txt").read_text()
    assert not (farm.share / "empty").exists()


def test_a_second_drop_of_the_same_name_gets_a_name_of_its_own(farm: Farm) -> None:
    for _ in range(2):
        farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == len(farm.frames("shot-2")) == 2


def test_a_job_is_steered_from_another_process(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-5000"})
    farm.watch()
    farm.done("shot", 1)
    assert farm.run("pause", "shot").returncode == 0
    shown = json.loads(farm.run("status", "--json").stdout)
    assert shown["engine"] is True
    assert shown["jobs"][0]["state"] == "paused"
    assert farm.run("priority", "shot", "70").returncode == 0
    assert farm.run("resume", "shot").returncode == 0
    farm.done("shot", shown["jobs"][0]["done"] + 20)
    assert json.loads(farm.run("status", "--json").stdout)["jobs"][0]["priority"] == 70
    assert farm.run("cancel", "shot").returncode == 0
    unknown = farm.run("pause", "nothing")
    assert unknown.returncode == 2
    assert "nothing" in unknown.stderr


def test_frames_below_0_are_asked_for_and_rendered_again_as_any_others(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "-1-0"})
    farm.watch()
    farm.done("shot", 2)
    asked = farm.run("frames", "shot", "-3-0")
    assert asked.returncode == 0, asked.stderr
    farm.done("shot", 4)
    names = [f"shot_{number}.png" for number in ("-0001", "-0002", "-0003", "0000")]
    assert list(farm.frames("shot")) == names
    asked = farm.run("again", "shot", "-3,-1")
    assert asked.returncode == 0, asked.stderr
    done_twice = {-3: 2, -2: 1, -1: 2, 0: 1}
    farm.until(lambda views: Counter(_done(views)) == done_twice)


def _done(views: Views) -> list[int]:
    return [one.frame for one in views.attempts("shot") if one.state == "done"]


def test_a_faulty_devices_toml_is_reported_and_the_old_one_stays(farm: Farm) -> None:
    farm.watch()
    farm.until(lambda views: len([one for one in views.devices() if one.contact]) == 2)
    good = farm.config.read_text()
    farm.config.write_text(good.replace("work_dir", "work_dri", 1))
    farm.until(lambda views: [one for one in views.history() if one.kind == "warning"])
    assert "work_dir" in farm.printed() or farm.until(lambda _: "work_dir" in farm.printed())
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-4"})
    farm.done("shot", 4)
    farm.config.write_text(good)
    farm.until(lambda views: [one for one in views.history() if one.kind == "config-read"])


def test_two_engines_never_work_on_the_same_share(farm: Farm) -> None:
    farm.watch()
    farm.until(lambda views: views.devices())
    second = farm.run("--watch")
    assert second.returncode == 2
    assert "already" in second.stderr


def test_a_bare_blend_is_a_drop_too(farm: Farm) -> None:
    shutil.copy(scenes() / "cycles.blend", farm.share / ".copying")
    (farm.share / ".copying").replace(farm.share / "shot.blend")
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == 12
    assert (farm.share / "shot" / "shot.blend").is_file()


def test_a_drop_that_is_still_being_copied_is_left_alone(farm: Farm) -> None:
    farm.drop("whole.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
    data = (farm.share / "whole.zip").read_bytes()
    (farm.share / "whole.zip").unlink()
    farm.watch()
    with (farm.share / "shot.zip").open("wb") as copy:
        for start in range(0, len(data), len(data) // 4):
            copy.write(data[start : start + len(data) // 4])
            copy.flush()
            time.sleep(0.5)  # several times as long as a whole drop has to settle
            assert not (farm.share / "rejected").exists()
            assert start + len(data) // 4 >= len(data) or not (farm.share / "shot").exists()
    farm.done("shot", 2)
