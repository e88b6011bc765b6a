"""What movie comes of what a scene asks: the ways to make it, nearest first, and its name; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from blendtui.farm.movies import MovieAsked
from blendtui.output import codecs
from blendtui.output.codecs import CONTAINERS, MKV, MOV, MP4, WEBM, Container, choice
from blendtui.output.tasks import Audio, Choice, Video

ENDINGS = frozenset(
    f".{one}"
    for one in "avi dv dvd flv m2ts mkv mov mp4 mpeg mpg ogg ogv ts vob webm".split()  # noqa: SIM905
)
LONGEST_NAME = 250
"""Bytes: file systems allow 255, and the ending of another container may be longer."""

_LOSSLESS = ("huffyuv", "png", "qtrle", "rawvideo")
_MARKS = re.compile(r"#+")


def choices_of(asked: MovieAsked, has_sound: bool) -> list[Choice]:
    """Give the ways to make the movie that a scene asks for, the nearest to it first.

    Its own one, then with another codec of sound, then in containers that take nearly all, then
    another codec that loses nothing where it loses nothing, and H.264 in MP4 at last.
    """
    container, video = _own(asked)
    wanted = has_sound and asked.audio_codec != "NONE"
    own = codecs.audio_of(asked, asked.audio_codec) if wanted else None
    ways = [(container, video, own)]
    if own is not None:
        ways += [(container, video, one) for one in _other_sounds(asked)]
    if video.codec == "libtheora":
        ways.append((WEBM, codecs.video_of(asked, "WEBM"), _sound(own, asked, "OPUS")))
    if video.codec == "dnxhd":
        ways += [(container, _dnxhr(), own), (MOV, _dnxhr(), _sound(own, asked, "AAC"))]
    ways += [(one, video, _sound(own, asked, "AAC")) for one in (MKV, MOV)]
    if video.codec in _LOSSLESS:
        ways.append((MKV, codecs.video_of(asked, "FFV1"), _sound(own, asked, "FLAC")))
    ways.append((MP4, codecs.video_of(_plain(asked), "H264"), _sound(own, asked, "AAC")))
    return list(_without_doubles(choice(*way) for way in ways))


def preview(asked: MovieAsked, has_sound: bool) -> list[Choice]:
    """Give the way to make a movie that plays anywhere."""
    plain = replace(_plain(asked), crf="HIGH", preset="GOOD", audio_channels="STEREO")
    sound = codecs.audio_of(replace(plain, audio_bitrate=192), "AAC") if has_sound else None
    return [choice(MP4, codecs.video_of(plain, "H264"), sound)]


def _own(asked: MovieAsked) -> tuple[Container, Video]:
    if asked.file_format.startswith("AVI_"):
        return CONTAINERS["AVI"], codecs.old_avi(asked)
    container = CONTAINERS.get(asked.container, MKV)
    return container, codecs.video_of(asked, container.video or asked.codec)


def _other_sounds(asked: MovieAsked) -> Iterable[Audio]:
    """Give codecs of sound that stand in for another one: in all channels, then in two."""
    for one in (asked, replace(asked, audio_channels="STEREO", audio_rate=48000)):
        yield from (codecs.audio_of(one, name) for name in ("AAC", "OPUS", "MP2", "MP3"))


def _sound(own: Audio | None, asked: MovieAsked, name: str) -> Audio | None:
    return None if own is None else codecs.audio_of(asked, name)


def _dnxhr() -> Video:
    """Give the kin of DNxHD that has no fixed sizes and rates."""
    return Video(codec="dnxhd", pixels="yuv422p", options={"profile": "dnxhr_hq"})


def _plain(asked: MovieAsked) -> MovieAsked:
    """Give the settings with what every player can show."""
    crf = asked.crf if asked.crf not in ("LOSSLESS", "NONE") else "PERC_LOSSLESS"
    return replace(asked, color="RGB", depth=8, crf=crf)


def _without_doubles(ways: Iterable[Choice]) -> Iterable[Choice]:
    known: list[Choice] = []
    for way in ways:
        if way not in known:
            known.append(way)
            yield way


def name_of(asked: MovieAsked, wanted: str, frames: Sequence[int]) -> str:
    """Give the file's name as Blender makes it of `wanted`, for these frames.

    `wanted` is the last part of the scene's output path. Where Blender would put no ending it gets
    one all the same: nobody knew what it is. What would be too long for a file system is cut.
    """
    old = asked.file_format.startswith("AVI_")
    container = CONTAINERS.get("AVI" if old else asked.container, MKV)
    stem, ending = _split(wanted, container.endings if asked.use_extension else ENDINGS)
    always = asked.use_extension and not ending
    while True:
        name = _ranged(stem, frames, always=always or not stem) + (ending or container.endings[0])
        if len(name.encode()) <= LONGEST_NAME:
            return name
        stem = stem[:-1]


def _split(name: str, endings: Iterable[str]) -> tuple[str, str]:
    """Split a name before the ending that it has; "" where it has none of them."""
    own = next((one for one in endings if name.lower().endswith(one)), "")
    at = len(name) - len(own)
    return name[:at], name[at:]


def _ranged(name: str, frames: Sequence[int], *, always: bool) -> str:
    """Put the first and the last frame for the last row of #, or behind the name."""
    marks = list(_MARKS.finditer(name))
    if not marks and not always:
        return name
    width = len(marks[-1][0]) if marks else 4
    numbers = f"{frames[0]:0{width}d}-{frames[-1]:0{width}d}"
    return (
        f"{name[: marks[-1].start()]}{numbers}{name[marks[-1].end() :]}"
        if marks
        else name + numbers
    )


def renamed(name: str, way: Choice) -> str:
    """Give a movie's name where it became another container than its own."""
    return _split(name, ENDINGS)[0] + way.ending
