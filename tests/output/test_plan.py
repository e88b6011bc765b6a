"""What movie comes of what a scene asks: container, codecs, qualities and name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blendtui.farm.movies import MovieAsked
from blendtui.output import plan
from blendtui.output.codecs import CONTAINERS

FILM = MovieAsked(
    is_movie=True,
    has_sound=True,
    file_format="FFMPEG",
    container="MPEG4",
    codec="H264",
    crf="MEDIUM",
    preset="GOOD",
    audio_codec="AAC",
)


def test_the_first_way_is_what_the_scene_asks_for() -> None:
    way = plan.choices_of(FILM, has_sound=True)[0]
    assert (way.container, way.ending, way.said) == ("mp4", ".mp4", "H.264 and AAC in MP4")
    assert way.video.options == {"crf": "23", "preset": "medium"}
    assert (way.video.pixels, way.video.gop) == ("yuv420p", 18)
    assert way.audio is not None
    assert (way.audio.codec, way.audio.rate, way.audio.bitrate) == ("aac", 48000, 192_000)


def test_without_a_constant_quality_the_rates_of_bits_count() -> None:
    asked = replace(FILM, crf="NONE", bitrate=6000, minrate=0, maxrate=9000, buffer=224)
    video = plan.choices_of(asked, has_sound=False)[0].video
    assert video.bitrate == 6_000_000
    assert video.options["maxrate"] == "9000000"
    assert video.options["bufsize"] == str(224 * 1024)
    assert "minrate" not in video.options


@pytest.mark.parametrize(
    ("changes", "codec", "pixels"),
    [
        ({"crf": "LOSSLESS"}, "libx264", "yuv444p"),
        ({"depth": 10}, "libx264", "yuv420p10le"),
        ({"codec": "H265", "depth": 12}, "libx265", "yuv420p12le"),
        ({"codec": "FFV1", "color": "RGBA"}, "ffv1", "bgra"),
        ({"codec": "FFV1", "depth": 16}, "ffv1", "gbrp16le"),
        ({"codec": "PNG", "depth": 16}, "png", "rgb48be"),
        ({"codec": "WEBM", "color": "RGBA"}, "libvpx-vp9", "yuva420p"),
        ({"codec": "PRORES", "profile": "4444", "color": "RGBA"}, "prores_ks", "yuva444p10le"),
        ({"container": "MPEG1"}, "mpeg1video", "yuv420p"),
        ({"container": "FLASH"}, "flv", "yuv420p"),
        ({"file_format": "AVI_RAW"}, "rawvideo", "bgr24"),
        ({"file_format": "AVI_JPEG"}, "mjpeg", "yuvj444p"),
    ],
)
def test_pixels_are_as_deep_and_as_clear_as_asked(
    changes: dict[str, object], codec: str, pixels: str
) -> None:
    video = plan.choices_of(replace(FILM, **changes), has_sound=True)[0].video  # type: ignore[arg-type]
    assert (video.codec, video.pixels) == (codec, pixels)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("codec", ["H264", "FFV1", "QTRLE", "THEORA", "NEW"])
def test_one_way_is_h264_in_mp4_which_always_works(container: str, codec: str) -> None:
    ways = plan.choices_of(replace(FILM, container=container, codec=codec), has_sound=True)
    (sure,) = [way for way in ways if way.said == "H.264 and AAC in MP4"]
    assert sure.video.pixels == "yuv420p"
    assert sure is ways[-1] or sure is ways[0]


@pytest.mark.parametrize("codec", ["HUFFYUV", "PNG", "QTRLE"])
def test_what_loses_nothing_gives_way_to_what_loses_nothing(codec: str) -> None:
    ways = plan.choices_of(replace(FILM, codec=codec), has_sound=True)
    assert ways[-2].said == "FFV1 and FLAC in Matroska"


def test_a_scene_without_sound_has_none_in_any_way() -> None:
    assert all(way.audio is None for way in plan.choices_of(FILM, has_sound=False))
    silent = replace(FILM, audio_codec="NONE")
    assert all(way.audio is None for way in plan.choices_of(silent, has_sound=True))


def test_a_preview_plays_anywhere_whatever_the_scene_has_set() -> None:
    odd = replace(FILM, codec="FFV1", depth=16, color="RGBA", audio_channels="SURROUND71")
    (way,) = plan.preview(odd, has_sound=True)
    assert (way.said, way.video.pixels) == ("H.264 and AAC in MP4", "yuv420p")
    assert way.audio is not None
    assert way.audio.layout == "stereo"


FRAMES = tuple(range(1, 251))


@pytest.mark.parametrize(
    ("container", "extension", "output", "name"),
    [
        # As Blender 3.4.1 names them.
        ("MPEG4", True, "film", "film0001-0250.mp4"),
        ("MPEG4", True, "film.mp4", "film.mp4"),
        ("MPEG4", True, "shot_####", "shot_0001-0250.mp4"),
        ("MPEG4", True, "film.MKV", "film.MKV0001-0250.mp4"),
        ("MPEG4", True, "", "0001-0250.mp4"),
        ("MKV", True, "film.MKV", "film.MKV"),
        ("MPEG2", True, "film", "film0001-0250.dvd"),
        ("OGG", True, "a.b", "a.b0001-0250.ogv"),
        ("MPEG4", False, "film.mp4", "film.mp4"),
        ("MPEG4", False, "shot_##.mp4", "shot_01-250.mp4"),
        # Blender would write these without an ending, or with # in their names.
        ("MPEG4", False, "film", "film.mp4"),
        ("MKV", False, "shot_####", "shot_0001-0250.mkv"),
        ("MPEG4", True, "shot_##.mp4", "shot_01-250.mp4"),
    ],
)
def test_a_movie_is_named_as_blender_names_it(
    container: str, extension: bool, output: str, name: str
) -> None:
    asked = replace(FILM, container=container, use_extension=extension)
    assert plan.name_of(asked, output, FRAMES) == name


def test_an_old_avi_is_named_with_its_ending() -> None:
    assert plan.name_of(replace(FILM, file_format="AVI_JPEG"), "old", FRAMES) == (
        "old0001-0250.avi"
    )
