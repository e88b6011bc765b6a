"""Movies made of pictures and sound by FFmpeg, read back and compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from PIL import Image

from blendtui.farm.movies import MovieAsked
from blendtui.output import plan
from blendtui.output.codecs import CODECS
from blendtui.output.encode import encode
from blendtui.output.tasks import Broken, Movie, MovieMade, Picture, Said, Sound
from tests.support.media import look, loudness, picture

ASKED = MovieAsked(
    is_movie=True, has_sound=True, fps=25, file_format="FFMPEG", container="MKV", codec="FFV1",
    crf="HIGH", audio_codec="FLAC",
)  # fmt: skip


Paint = Callable[[int, tuple[int, int]], Any]


def noise(number: int, size: tuple[int, int]) -> Any:
    """Give noise in green and blue; the frame's number is the red of all."""
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    pixels[:, :, 0] = number
    return pixels


def grays(number: int, size: tuple[int, int]) -> Any:
    """Give noise without colors."""
    return np.repeat(noise(number, size)[:, :, 1:2], 3, axis=2)


def shades(number: int, size: tuple[int, int]) -> Any:
    """Give soft changes of color, which a codec that loses something keeps."""
    across = np.broadcast_to(np.linspace(0, 255, size[0]), size[::-1])
    pixels = [np.full(size[::-1], number), across, 255 - across]
    return np.stack(pixels, axis=2).astype(np.uint8)


def pictures(
    folder: Path, numbers: list[int], size: tuple[int, int] = (32, 18), paint: Paint = noise
) -> list[Picture]:
    """Write a picture for each frame."""
    made = []
    for number in numbers:
        pixels = paint(number, size)
        path = folder / f"{number:04d}.png"
        Image.fromarray(pixels).save(path)
        made.append(Picture(number, str(path)))
    return made


def tones(path: Path, first: int, last: int, rate: int = 48000) -> Sound:
    """Write sound of which each frame is as loud as its number says: number / 100."""
    parts = []
    for number in range(first, last + 1):
        wave = np.sin(np.arange(rate // 25) * 2 * math.pi * 500 / rate) * number / 100
        parts.append((wave * 32767).astype(np.int16))
    with av.open(str(path), "w", format="flac") as file:
        stream = file.add_stream("flac", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.concatenate(parts)[None, :], format="s16", layout="mono"
        )
        frame.sample_rate = rate
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return Sound(str(path), first, last)


def made(
    tmp_path: Path,
    numbers: list[int],
    asked: MovieAsked = ASKED,
    sound: Sound | None = None,
    *,
    step: int = 1,
    size: tuple[int, int] = (32, 18),
    paint: Paint = noise,
) -> tuple[MovieMade | Broken, Movie, list[Said]]:
    told: list[Said] = []
    task = Movie(
        target=str(tmp_path / "movie.part"),
        pictures=pictures(tmp_path, numbers, size, paint),
        rate=asked.rate.as_integer_ratio(),
        step=step,
        choices=plan.choices_of(asked, sound is not None),
        sound=sound,
    )
    return encode(task, told.append), task, told


def test_nothing_is_lost_where_nothing_may_be_lost(tmp_path: Path) -> None:
    said, task, _ = made(tmp_path, [1, 2, 3])
    assert said == MovieMade(0, [], 32, 18, is_cut=False)
    seen = look(Path(task.target))
    for one, shown in zip(task.pictures, seen.pictures, strict=True):
        assert np.array_equal(picture(Path(one.path)), shown)


OWN = {
    "HUFFYUV": "AVI", "QTRLE": "QUICKTIME", "PNG": "QUICKTIME", "DNXHD": "QUICKTIME", "DV": "DV",
    "THEORA": "OGG", "MPEG1": "MPEG1", "MPEG2": "MPEG2", "FLASH": "FLASH",
}  # fmt: skip
MADE = {
    "H264": "h264", "H265": "hevc", "WEBM": "vp9", "AV1": "libdav1d", "MPEG4": "mpeg4",
    "PRORES": "prores", "THEORA": "vp9", "MPEG1": "mpeg1video", "MPEG2": "mpeg2video",
    "FLASH": "flv", "DNXHD": "dnxhd", "DV": "dvvideo", "HUFFYUV": "huffyuv", "QTRLE": "qtrle",
    "FFV1": "ffv1", "PNG": "png",
}  # fmt: skip
"""Blender's codecs, in a container that takes them, and the decoders of what is made of them."""


UNTOLD = ("MPEG1", "FLASH", "DV")
"""What has no place for saying that its colors are BT.709's."""

OTHERWISE = {"THEORA": ["FFmpeg has no libtheora here"], "DNXHD": ["Invalid argument"]}
"""Why another codec stands in: DNxHD knows only some sizes, and DNxHR others."""


def shown_beside(
    said: MovieMade | Broken, task: Movie, *, untold: bool = False
) -> list[tuple[Any, Any]]:
    """Give each picture and what a movie shows of it, as numbers with a sign."""
    assert isinstance(said, MovieMade)
    with av.open(task.target) as file:
        colors = Colorspace.ITU709 if untold else None
        seen = [
            frame.reformat(format="rgb24", src_colorspace=colors).to_ndarray()
            for frame in file.decode(video=0)
        ]
    return [
        (picture(Path(one.path)).astype(int), shown.astype(int))
        for one, shown in zip(task.pictures, seen, strict=True)
    ]


@pytest.mark.parametrize("rated", [False, True])
@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_shows_its_pictures(tmp_path: Path, codec: str, rated: bool) -> None:
    size = (720, 576) if codec == "DV" else (256, 144)
    asked = replace(
        ASKED, container=OWN.get(codec, "MKV"), codec=codec, crf="NONE" if rated else "HIGH",
        buffer=1792,
    )  # fmt: skip
    said, task, _ = made(tmp_path, [40, 120, 200], asked, size=size, paint=shades)
    assert isinstance(said, MovieMade)
    assert look(Path(task.target)).codec == MADE[codec]
    assert said.refused == OTHERWISE.get(codec, [])
    for own, shown in shown_beside(said, task, untold=codec in UNTOLD):
        assert np.abs(own - shown).mean() < 3


EXACT = [
    *(replace(ASKED, container=OWN.get(one, "MKV"), codec=one)
      for one in ("FFV1", "HUFFYUV", "QTRLE", "PNG")),
    replace(ASKED, file_format="AVI_RAW"),
]  # fmt: skip


@pytest.mark.parametrize("color", ["RGB", "RGBA"])
@pytest.mark.parametrize("asked", EXACT, ids=lambda one: one.codec + one.file_format)
def test_a_codec_that_loses_nothing_equals_its_pictures(
    tmp_path: Path, asked: MovieAsked, color: str
) -> None:
    said, task, _ = made(tmp_path, [1, 2, 3], replace(asked, color=color))
    assert isinstance(said, MovieMade)
    assert said.choice == 0
    for own, shown in shown_beside(said, task):
        assert np.array_equal(own, shown)


@pytest.mark.parametrize("codec", ["H264", "H265", "WEBM"])
def test_lossless_is_exact_but_for_the_way_to_other_colors(tmp_path: Path, codec: str) -> None:
    said, task, _ = made(tmp_path, [1, 2, 3], replace(ASKED, codec=codec, crf="LOSSLESS"))
    for own, shown in shown_beside(said, task):
        assert np.abs(own - shown).max() <= 2


def test_lossless_in_av1_is_exact_in_its_lights_but_not_in_its_colors(tmp_path: Path) -> None:
    asked = replace(ASKED, codec="AV1", crf="LOSSLESS")
    said, task, _ = made(tmp_path, [1, 2, 3], asked, size=(64, 48), paint=grays)
    for own, shown in shown_beside(said, task):
        assert np.abs(own - shown).max() <= 2
    assert task.choices[0].video.pixels == "yuv420p", "of which docs/movies.md warns"


def test_each_picture_has_its_own_sound_also_where_frames_are_left_out(tmp_path: Path) -> None:
    numbers = [10, 11, 40, 41, 42, 90]
    said, task, _ = made(tmp_path, numbers, sound=tones(tmp_path / "s.flac", 1, 95))
    assert isinstance(said, MovieMade)
    seen = look(Path(task.target))
    assert seen.rate == 25
    assert len(seen.sound) == 6 * 1920
    for place, number in enumerate(numbers):
        own = seen.sound[place * 1920 : (place + 1) * 1920]
        assert loudness(own) == pytest.approx(number / 100 / math.sqrt(2), rel=0.02)


def test_steps_keep_time_and_what_the_sound_does_not_cover_is_silent(tmp_path: Path) -> None:
    sound = tones(tmp_path / "s.flac", 10, 13)
    said, task, _ = made(tmp_path, [8, 10, 12, 14], sound=sound, step=2)
    assert isinstance(said, MovieMade)
    seen = look(Path(task.target))
    assert seen.times == pytest.approx([0, 0.08, 0.16, 0.24], abs=2e-3)
    loud = [loudness(seen.sound[place * 3840 : (place + 1) * 3840]) for place in range(4)]
    assert len(seen.sound) == 4 * 3840
    assert loud[0] == loud[3] == 0
    assert loud[1] > 0.05


def test_samples_add_up_where_a_frame_has_no_whole_number_of_them(tmp_path: Path) -> None:
    asked = replace(ASKED, fps=30, fps_base=1.001)
    sound = tones(tmp_path / "s.flac", 1, 60)
    said, task, _ = made(tmp_path, list(range(1, 31)), asked, sound)
    assert isinstance(said, MovieMade)
    assert len(look(Path(task.target)).sound) == round(30 * 48000 * 1001 / 30000)


def test_the_volume_counts(tmp_path: Path) -> None:
    sound = tones(tmp_path / "s.flac", 1, 60)
    said, task, _ = made(tmp_path, [50, 51], replace(ASKED, audio_volume=0.5), sound)
    assert isinstance(said, MovieMade)
    assert loudness(look(Path(task.target)).sound) == pytest.approx(0.25 / math.sqrt(2), rel=0.05)


def test_16_bits_stay_16_bits(tmp_path: Path) -> None:
    shades = np.arange(32 * 18, dtype=np.uint16).reshape(18, 32) * 100
    path = tmp_path / "deep.png"
    Image.fromarray(shades).save(path)
    asked = replace(ASKED, depth=16)
    choices = plan.choices_of(asked, has_sound=False)
    task = Movie(
        target=str(tmp_path / "deep.part"),
        pictures=[Picture(1, str(path))] * 2,
        rate=(25, 1),
        step=1,
        choices=choices,
    )
    assert isinstance(encode(task, lambda _: None), MovieMade)
    with av.open(task.target) as file:
        frame = next(file.decode(video=0)).reformat(format="rgb48le")
        assert np.array_equal(frame.to_ndarray()[:, :, 0], shades)


def test_what_a_container_does_not_take_goes_into_the_nearest_one(tmp_path: Path) -> None:
    said, task, _ = made(tmp_path, [1, 2], replace(ASKED, container="MPEG4", codec="HUFFYUV"))
    assert isinstance(said, MovieMade)
    assert task.choices[said.choice].said == "FFV1 in Matroska"
    assert "does not support 'huffyuv'" in said.refused[0]


def test_an_odd_size_is_cut_where_it_must_be_even_and_that_is_said(tmp_path: Path) -> None:
    asked = replace(ASKED, container="MPEG4", codec="H264")
    said, task, _ = made(tmp_path, [1, 2], asked, size=(33, 19))
    assert said == MovieMade(0, [], 32, 18, is_cut=True)
    assert look(Path(task.target)).pictures[0].shape == (18, 32, 3)


def test_transparent_parts_are_black_in_a_movie_that_has_none(tmp_path: Path) -> None:
    half = np.full((18, 32, 4), 255, dtype=np.uint8)
    half[:, 16:, 3] = 0
    path = tmp_path / "clear.png"
    Image.fromarray(half).save(path)
    task = Movie(
        target=str(tmp_path / "clear.part"),
        pictures=[Picture(1, str(path))] * 2,
        rate=(25, 1),
        step=1,
        choices=plan.preview(ASKED, has_sound=False),
    )
    assert isinstance(encode(task, lambda _: None), MovieMade)
    shown = look(Path(task.target)).pictures[0]
    assert shown[:, :12].min() > 240
    assert shown[:, 20:].max() < 15


def test_a_frame_that_is_no_picture_is_named(tmp_path: Path) -> None:
    said, task, _ = made(tmp_path, [1, 2])
    Path(task.pictures[1].path).write_bytes(b"no picture")
    said = encode(task, lambda _: None)
    assert isinstance(said, Broken)
    assert (said.frame, said.writing) == (2, False)


def test_a_share_that_takes_nothing_is_told_from_a_bad_movie(tmp_path: Path) -> None:
    said, task, _ = made(tmp_path, [1, 2])
    gone = replace_target(task, tmp_path / "gone" / "movie.part")
    said = encode(gone, lambda _: None)
    assert isinstance(said, Broken)
    assert said.writing


def replace_target(task: Movie, target: Path) -> Movie:
    return Movie(
        target=str(target),
        pictures=task.pictures,
        rate=task.rate,
        step=task.step,
        choices=task.choices,
    )
