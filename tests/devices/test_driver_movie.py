"""What real Blender says of a scene's movie, and what it puts beside frames."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from PIL import Image

from blendtui.devices.orders import RenderOrder
from blendtui.devices.protocol import Opened, Rendered
from blendtui.devices.slot import RunSettings
from tests.support.runs import DriverRun
from tests.support.scenes import movies, needs_blender

pytestmark = needs_blender


def needs_sound() -> None:
    if (movies() / "silent").exists():
        pytest.skip("this Blender was built without sound")


SOUND = "@sound/0001_from_1_to_4.flac"


def test_it_tells_what_the_scene_asks_of_its_movie_and_mixes_the_sound_down(
    tmp_path: Path,
) -> None:
    needs_sound()
    with DriverRun(tmp_path, movies() / "speaker.blend") as run:
        run.order(RenderOrder(1, 1, (1, 4)), RenderOrder(2, 1))
        first, second = run.wait(Rendered, 2)
        asked = run.wait(Opened)[0].facts.asked
        assert asked is not None
        assert (asked.is_movie, asked.has_sound, asked.file_format) == (True, True, "FFMPEG")
        assert (asked.container, asked.codec, asked.crf) == ("MPEG4", "H264", "HIGH")
        assert (asked.audio_codec, asked.audio_rate, asked.audio_channels) == (
            "AAC",
            44100,
            "MONO",
        )
        assert float(asked.rate) == pytest.approx(29.97, abs=0.001)
        assert [file.path for file in first.files] == ["film_0001.png", SOUND]
        assert [file.path for file in second.files] == ["film_0002.png"]
        with av.open(str(run.output(1, SOUND))) as file:
            stream = file.streams.audio[0]
            samples = sum(frame.samples for frame in file.decode(audio=0))
        assert (stream.codec_context.name, stream.rate) == ("flac", 44100)
        assert samples == pytest.approx(4 * 44100 * 1.001 / 30, abs=2)


@pytest.mark.parametrize(("choice", "has"), [(None, False), (True, True), (False, False)])
def test_only_a_movie_has_sound(tmp_path: Path, choice: bool | None, has: bool) -> None:
    needs_sound()
    overrides: dict[str, object] = {} if choice is None else {"movie": choice}
    with DriverRun(tmp_path, movies() / "heard.blend", RunSettings(overrides=overrides)) as run:
        run.order(RenderOrder(1, 1, (1, 4)))
        (line,) = run.wait(Rendered)
        paths = [file.path for file in line.files]
        assert paths == (["shot_0001.png", SOUND] if has else ["shot_0001.png"])


def test_frames_for_no_display_come_with_one_for_it_where_that_is_wanted(tmp_path: Path) -> None:
    with DriverRun(tmp_path, movies() / "seen.blend") as run:
        run.order(RenderOrder(1, 1), RenderOrder(2, 1, display=True))
        first, second = run.wait(Rendered, 2)
        assert [file.path for file in first.files] == ["shot_0001.exr"]
        assert [file.path for file in second.files] == ["shot_0002.exr", "@display/0002.jpg"]
        with Image.open(run.output(2, "@display/0002.jpg")) as image:
            assert (image.format, image.size) == ("JPEG", (64, 36))


def test_another_format_makes_frames_of_a_movie_and_a_preview_of_them(tmp_path: Path) -> None:
    overrides = {"movie": True, "format": "OPEN_EXR"}
    settings = RunSettings(overrides=overrides)
    with DriverRun(tmp_path, movies() / "film.blend", settings) as run:
        run.render(3)
        (line,) = run.wait(Rendered)
        asked = run.wait(Opened)[0].facts.asked
        assert asked is not None
        assert not asked.is_movie, "it is rendered as another format"
        assert [file.path for file in line.files] == ["film.mp40003.exr", "@display/0003.jpg"]
