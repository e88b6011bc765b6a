"""Encodes a movie of pictures and sound, by the FFmpeg that PyAV brings."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import av.logging
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.video.frame import VideoFrame

from blendtui.output.frames import Fitting, UnreadableError, read
from blendtui.output.sound import Track
from blendtui.output.tasks import Audio, Broken, Choice, Movie, MovieMade, Progress, Said, Video

EVERY = 0.5
"""Seconds between two words of progress."""

_UNWRITABLE = frozenset(
    getattr(errno, name, 0)
    for name in (
        *("ENOSPC", "EDQUOT", "EIO", "EROFS", "ENOENT", "ESTALE", "EACCES", "EFBIG", "ENOTCONN"),
        *("ETIMEDOUT", "EHOSTDOWN", "ENODEV", "ENXIO"),
    )
)
"""What comes of a disk or a share, not of what is encoded."""

_BT709, _MPEG, _JPEG = 1, 1, 2
"""FFmpeg's numbers of the colors of Blender's movies, and of the two ranges of values."""


def encode(task: Movie, tell: Callable[[Said], None]) -> MovieMade | Broken:
    """Make the movie in its place by the first choice that works; tells how far it is."""
    refused: list[str] = []
    for number, choice in enumerate(task.choices):
        try:
            with av.logging.Capture() as said:
                fitting = _encode(task, choice, tell)
        except _BrokenFrameError as error:
            return Broken(str(error), error.frame)
        except OSError as error:
            if getattr(error, "errno", None) in _UNWRITABLE:
                return Broken(error.strerror or str(error), writing=True)
            refused.append(_reason(error, said))
        except (av.error.FFmpegError, ValueError, TypeError, KeyError) as error:
            refused.append(_reason(error, said))
        else:
            return MovieMade(number, refused, fitting.width, fitting.height, fitting.is_cut)
    return Broken("; ".join(dict.fromkeys(refused)))


class _BrokenFrameError(Exception):
    def __init__(self, frame: int, reason: str) -> None:
        super().__init__(reason)
        self.frame = frame


def _reason(error: Exception, said: list[tuple[int, str, str]]) -> str:
    """Give FFmpeg's own first words, which say more than its number of an error."""
    if isinstance(error, UnknownCodecError):
        return f"FFmpeg has no {error} here"
    text = said[0][2] if said else str(getattr(error, "strerror", None) or error)
    return " ".join(text.split()).rstrip(".:") or type(error).__name__


def _picture(task: Movie, place: int) -> VideoFrame:
    one = task.pictures[place]
    try:
        return read(one.path)
    except UnreadableError as error:
        raise _BrokenFrameError(one.frame, str(error)) from error


def _encode(task: Movie, choice: Choice, tell: Callable[[Said], None]) -> Fitting:
    rate = Fraction(*task.rate)
    first = _picture(task, 0)
    fitting = Fitting(first, choice.video.pixels)
    track = None
    if choice.audio is not None and task.sound is not None:
        track = Track(task.sound, choice.audio, rate, task.step)
    options = {"movflags": "+faststart"} if choice.container in ("mp4", "mov") else {}
    with av.open(task.target, "w", format=choice.container, options=options) as file:
        shown = rate / task.step
        video = _video(file, choice.video, fitting, shown)
        audio = _audio(file, choice.audio) if track is not None and choice.audio else None
        file.start_encoding()
        told = time.monotonic()
        for place, one in enumerate(task.pictures):
            frame = fitting.fit(first if place == 0 else _picture(task, place))
            frame.pts, frame.time_base = place, 1 / shown
            file.mux(video.encode(frame))
            if track is not None and audio is not None:
                sound = track.next(place, one.frame)
                file.mux(audio.encode(sound) if sound is not None else [])
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                tell(Progress(place + 1))
        for stream in (video, audio):
            if stream is not None:
                file.mux(stream.encode(None))
    return fitting


def _video(file: OutputContainer, wanted: Video, fitting: Fitting, rate: Fraction) -> Any:
    stream: Any = file.add_stream(wanted.codec, rate=rate, options=dict(wanted.options))
    stream.width, stream.height = fitting.width, fitting.height
    stream.pix_fmt = wanted.pixels
    codec = stream.codec_context
    codec.time_base = 1 / rate
    if wanted.bitrate is not None:
        codec.bit_rate = wanted.bitrate
    if wanted.gop is not None:
        codec.gop_size = wanted.gop
    if wanted.b_frames is not None:
        codec.max_b_frames = wanted.b_frames
    if wanted.tag is not None and file.format.name in ("mp4", "mov"):
        codec.codec_tag = wanted.tag
    if wanted.pixels.startswith("yuvj"):
        codec.color_range = _JPEG
    elif wanted.pixels.startswith("yuv"):
        codec.color_range = _MPEG
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
    return stream


def _audio(file: OutputContainer, wanted: Audio) -> Any:
    stream: Any = file.add_stream(wanted.codec, rate=wanted.rate, layout=wanted.layout)
    if wanted.bitrate is not None:
        stream.bit_rate = wanted.bitrate
    return stream
