"""What screens need beside the rules: how devices are, pictures, logs while somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from blendtui.store.views import RunRow, Views
from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

CLEARED = "cache-cleared"

pytestmark = [needs_blender, needs_sshd]


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    """One device, and a job that is done."""
    with Farm(devices=1) as made:
        made.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-3"})
        made.watch()
        made.done("shot", 3)
        yield made


def asked(farm: Farm, *words: str) -> str:
    """Ask for something on the command line; gives what was said."""
    done = farm.run(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ready(views: Views, job: str) -> RunRow | None:
    return next((run for run in views.runs() if (run.state, run.job) == ("ready", job)), None)


def test_a_device_says_how_it_is(farm: Farm) -> None:
    vitals = farm.until(lambda views: views.vitals().get("host0"))
    assert vitals.load is not None
    assert vitals.cores
    assert vitals.memory_total and vitals.memory_used
    assert 0 < vitals.memory_used < vitals.memory_total
    assert vitals.disk_free
    (past,) = farm.until(lambda views: views.vitals_of("host0"))
    assert past.device == "host0"
    assert farm.until(lambda views: views.vitals_of("host0")) == [past]


def test_the_frame_that_was_done_last_has_a_picture(farm: Farm) -> None:
    job, frame, path = farm.until(lambda views: views.last_picture())
    assert (job, path) == ("shot", farm.places.own / "pictures" / "shot" / f"{frame}.jpg")
    with Image.open(path) as image:
        assert (image.format, image.size) == ("JPEG", (96, 54))
        assert len(image.getcolors(10_000) or ()) > 50


def test_an_older_frame_gets_its_picture_when_somebody_chooses_it(farm: Farm) -> None:
    farm.until(lambda views: views.last_picture())

    def choose(views: Views) -> Path | None:
        for frame in (1, 2, 3):
            if views.picture("shot", frame) is None:
                views.ask_job("picture", "shot", str(frame))
        paths = [views.picture("shot", frame) for frame in (1, 2, 3)]
        return paths[1] if all(paths) else None

    with Image.open(farm.until(choose)) as image:
        assert image.size == (96, 54)


def test_frames_are_changed_rendered_again_and_their_files_replaced(farm: Farm) -> None:
    before = {name: path.stat().st_ino for name, path in farm.frames("shot").items()}
    asked(farm, "frames", "shot", "1-5x2,8")
    farm.until(lambda views: (job := views.job("shot")) and job.reported)
    assert farm.frames("shot").keys() == {f"shot_{frame:04d}.png" for frame in (1, 2, 3, 5, 8)}
    asked(farm, "again", "shot", "2")
    farm.until(lambda views: (job := views.job("shot")) and job.reported)
    after = {name: path.stat().st_ino for name, path in farm.frames("shot").items()}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"shot_0002.png"}
    assert farm.report("shot")["frames"]["done"] == "1-3,5,8"


def test_what_cannot_be_done_is_said(farm: Farm) -> None:
    refused = farm.run("again", "shot", "70")
    assert refused.returncode == 2
    assert "“70” does not do for shot: none of them is done or failed." in refused.stderr
    refused = farm.run("frames", "shot", "0-1,7-3")
    assert refused.returncode == 2
    assert "runs backwards" in refused.stderr


def test_a_log_is_written_while_somebody_looks(farm: Farm) -> None:
    farm.drop("slow.zip", scenes() / "slow.blend", job={"frames": "1-40"})
    run = farm.until(lambda views: ready(views, "slow"))

    def look(views: Views) -> str | None:
        views.watch_log(run.id)
        path = views.log_path(run.id)
        text = path.read_text("utf-8") if path.exists() else ""
        return text if "Sample" in text and "-- frame" in text else None

    lines = farm.until(look).splitlines()
    assert len(lines) > 5
    views = Views(farm.places.store)
    path = views.log_path(run.id)
    views.close()
    farm.until(lambda _: not path.exists())


def test_blenders_are_started_anew_between_two_frames(farm: Farm) -> None:
    farm.drop("more.zip", scenes() / "cycles.blend", job={"frames": "1-400", "priority": 90})
    run = farm.until(lambda views: ready(views, "more"))
    asked(farm, "devices", "restart", "host0")
    farm.until(lambda views: (one := ready(views, "more")) is not None and one.id != run.id)
    kinds = farm.until(lambda views: [row.kind for row in views.history() if row.device])
    assert "restart" in kinds
    assert "run-ended" not in kinds


def test_a_cleared_cache_keeps_what_open_jobs_need(farm: Farm) -> None:
    blobs = Path(farm.servers[0].device().work_dir) / "blobs"
    needed = {path.name for path in blobs.iterdir()}
    surplus = blobs / ("0" * 64)
    surplus.write_bytes(b"x" * 1000)
    assert "is done" in asked(farm, "devices", "clear-cache", "host0")
    assert {path.name for path in blobs.iterdir()} == needed
    cleared = farm.until(lambda views: [row for row in views.history() if row.kind == CLEARED])
    assert [row.detail for row in cleared] == ["1000"]
