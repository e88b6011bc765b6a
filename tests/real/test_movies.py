"""Movies and contact sheets, from a scene that writes one to what a player finds in it."""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blendtui.share.files import is_temporary
from blendtui.store.movie_rows import MovieState
from blendtui.store.views import Views
from tests.support.farm import Farm
from tests.support.media import look, loudness, picture
from tests.support.scenes import movies, needs_blender
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd, pytest.mark.timeout(300)]

DROPS: dict[str, dict[str, Any]] = {
    "film": {},
    "lossless": {},
    "old": {},
    "seen": {"movie": True},
    "heard": {"movie": True, "frames": "1,4-8", "percentage": 77},
}


def drop(farm: Farm, name: str, **job: object) -> None:
    blend = movies() / f"{name}.blend"
    farm.drop(f"{name}.zip", blend, movies() / "tone.wav", job=dict(job))


@pytest.fixture(scope="module")
def share() -> Iterator[Path]:
    """Give a share on which all jobs are done; the devices' Blenders are of 3.4 here."""
    with Farm(devices=1) as farm:
        for name, job in DROPS.items():
            drop(farm, name, **job)
        farm.watch("--once")
        assert farm.end(280) == 0, farm.printed()
        assert "Traceback" not in farm.printed()
        yield farm.share


def report(share: Path, job: str) -> dict[str, object]:
    return tomllib.loads((share / job / "report.toml").read_text())


def files(share: Path, job: str) -> set[str]:
    return {path.name for path in (share / job).iterdir()}


def test_a_scene_s_movie_has_what_the_scene_asks_for_and_its_sound(share: Path) -> None:
    seen = look(share / "film" / "film.mp4")
    assert ("mp4" in seen.container, seen.codec, seen.pixels) == (True, "h264", "yuv420p")
    assert seen.rate == 25
    assert seen.times == pytest.approx([place / 25 for place in range(8)], abs=1e-3)
    assert {one.shape for one in seen.pictures} == {(36, 64, 3)}
    assert (seen.audio_codec, seen.audio_rate, seen.channels) == ("aac", 44100, 1)
    assert len(seen.sound) / 44100 == pytest.approx(8 / 25, abs=0.03)
    silent, loud = seen.sound[: 44100 * 3 // 25], seen.sound[44100 * 5 // 25 : 44100 * 7 // 25]
    assert loudness(silent) < 0.01
    assert loudness(loud) > 0.2


def test_its_frames_stay_beside_it_and_are_what_it_shows(share: Path) -> None:
    seen = look(share / "film" / "film.mp4")
    frames = sorted((share / "film" / "frames").iterdir())
    assert [one.name for one in frames] == [f"film_{number:04d}.png" for number in range(1, 9)]
    for path, shown in zip(frames, seen.pictures, strict=True):
        assert np.abs(picture(path).astype(int) - shown.astype(int)).mean() < 4


def test_a_job_s_folder_has_that_and_nothing_else(share: Path) -> None:
    usual = {"frames", "report.toml", "contact-sheet.jpg"}
    assert files(share, "film") == usual | {"film.zip", "film.mp4", "sound"}
    assert files(share, "lossless") == usual | {"lossless.zip", "shot_0001-0008.mkv"}
    assert files(share, "seen") == usual | {"seen.zip", "seen.mp4", "sound", "display"}
    assert not any(is_temporary(path.name) for path in share.rglob("*"))


def test_the_report_tells_of_movie_and_contact_sheet(share: Path) -> None:
    told = report(share, "film")
    assert told["contact_sheet"] == "contact-sheet.jpg"
    assert told["warnings"] == [], "its sound lies beside the .blend, and is found there"
    assert told["movie"] == {
        "state": "done",
        "file": "film.mp4",
        "frames": 8,
        "made_as": "H.264 and AAC in MP4",
        "warnings": [],
    }


def test_a_lossless_movie_equals_its_frames_pixel_for_pixel(share: Path) -> None:
    seen = look(share / "lossless" / "shot_0001-0008.mkv")
    assert (seen.codec, seen.audio_codec) == ("ffv1", None)
    frames = sorted((share / "lossless" / "frames").iterdir())
    for path, shown in zip(frames, seen.pictures, strict=True):
        assert np.array_equal(picture(path), shown)


def test_an_avi_of_old_files_is_made(share: Path) -> None:
    seen = look(share / "old" / "old0001-0008.avi")
    assert (seen.container, seen.codec, len(seen.pictures)) == ("avi", "mjpeg", 8)
    frames = sorted((share / "old" / "frames").iterdir())
    for path, shown in zip(frames, seen.pictures, strict=True):
        assert np.abs(picture(path).astype(int) - shown.astype(int)).mean() < 4


def test_a_preview_of_openexr_shows_what_a_display_shows(share: Path) -> None:
    frames = sorted(path.name for path in (share / "seen" / "frames").iterdir())
    assert frames == [f"shot_{number:04d}.exr" for number in range(1, 9)]
    shown = sorted((share / "seen" / "display").iterdir())
    assert [path.name for path in shown] == [f"{number:04d}.jpg" for number in range(1, 9)]
    seen = look(share / "seen" / "seen.mp4")
    assert (seen.codec, seen.pixels, seen.audio_codec) == ("h264", "yuv420p", "aac")
    for path, movie in zip(shown, seen.pictures, strict=True):
        assert picture(path).shape == (36, 64, 3)
        assert np.abs(picture(path).astype(int) - movie.astype(int)).mean() < 5


def test_a_preview_has_even_sizes_and_leaves_out_what_is_not_rendered(share: Path) -> None:
    seen = look(share / "heard" / "heard.mp4")
    assert {one.shape for one in seen.pictures} == {(26, 48, 3)}  # of 49 by 27
    assert len(seen.pictures) == 6
    assert seen.rate == 25
    # Frame 1 is silent, and so is 4; what was between them is left out of the sound, too.
    edge = 48000 * 2 // 25
    assert loudness(seen.sound[: edge - 2500]) < 0.01
    assert loudness(seen.sound[edge + 2500 : edge + 6000]) > 0.2


@pytest.mark.parametrize("job", DROPS)
def test_every_job_has_a_contact_sheet(share: Path, job: str) -> None:
    with Image.open(share / job / "contact-sheet.jpg") as sheet:
        frames = len(list((share / job / "frames").iterdir()))
        assert sheet.format == "JPEG"
        assert np.asarray(sheet.convert("L")).std() > 10
        assert sheet.width > 48 * min(frames, 6)


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(devices=1) as made:
        yield made


def state(views: Views) -> MovieState:
    return views.movie("film").state


def is_made(views: Views) -> bool:
    job = views.job("film")
    return job is not None and job.reported and state(views) is MovieState.DONE


def workers(engine: int | None) -> list[int]:
    """Give the processes of an engine that encode movies."""
    children = Path(f"/proc/{engine}/task/{engine}/children").read_text().split()
    words = {int(one): Path(f"/proc/{one}/cmdline").read_bytes() for one in children}
    return [pid for pid, line in words.items() if b"blendtui.output.worker\0movie" in line]


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z"
    except OSError:
        return True


def test_killed_while_it_encodes_the_movie_is_made_at_the_next_start(farm: Farm) -> None:
    drop(farm, "film")
    farm.watch()
    farm.until(lambda views: state(views) is MovieState.ENCODING)
    encoding = farm.until(lambda _: workers(farm.engine))
    farm.kill()
    assert not (farm.share / "film" / "film.mp4").exists()
    farm.until(lambda _: all(map(ended, encoding)))
    farm.watch("--once")
    assert farm.end() == 0
    assert len(look(farm.share / "film" / "film.mp4").pictures) == 8
    assert not any(is_temporary(path.name) for path in farm.share.rglob("*"))


def test_a_movie_that_failed_costs_no_frame_and_is_made_again_when_asked_for(farm: Farm) -> None:
    drop(farm, "film")
    farm.watch()
    farm.until(lambda views: state(views) is MovieState.ENCODING)
    for pid in farm.until(lambda _: workers(farm.engine)):
        os.kill(pid, signal.SIGKILL)
    farm.until(lambda views: state(views) is MovieState.FAILED)
    farm.until(lambda views: "film" in views.reported())
    told = farm.report("film")
    assert (told["state"], told["frames"]["done"]) == ("done", "1-8")
    assert told["movie"]["state"] == "failed"
    assert "ended with status -9" in told["movie"]["reason"]
    assert "`blendtui movie film` tries it again." in told["movie"]["reason"]
    said = farm.run("movie", "film")
    assert said.returncode == 0, said.stderr
    farm.until(is_made)
    assert farm.report("film")["movie"]["state"] == "done"

    # Other frames later: the movie is made anew, with sound to its new end.
    assert farm.run("frames", "film", "1-12").returncode == 0
    farm.until(lambda views: is_made(views) and views.movie("film").total == 12)
    seen = look(farm.share / "film" / "film.mp4")
    assert len(seen.pictures) == 12
    assert loudness(seen.sound[44100 * 10 // 25 : 44100 * 11 // 25]) > 0.2
    before = (farm.share / "film" / "film.mp4").stat().st_ino
    assert farm.run("again", "film", "3").returncode == 0
    farm.until(lambda _: (farm.share / "film" / "film.mp4").stat().st_ino != before)


def test_devices_that_write_to_the_share_themselves_bring_the_sound_too(tmp_path: Path) -> None:
    with Farm(devices=1) as farm:
        farm.write_config(share_mount=str(farm.share))
        drop(farm, "film")
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
        seen = look(farm.share / "film" / "film.mp4")
        assert (len(seen.pictures), seen.audio_codec) == (8, "aac")
