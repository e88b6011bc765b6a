"""What is in a movie's file, read back by the library that made it; pictures as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Seen:
    """A movie: its pictures (height, width, 3), when each is shown, and its sound, -1 to 1."""

    container: str
    codec: str
    pixels: str
    rate: Fraction
    times: list[float]
    pictures: list[Any]
    audio_codec: str | None
    audio_rate: int | None
    channels: int | None
    sound: Any


def look(path: Path) -> Seen:
    """Decode all of a movie."""
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        names = file.format.name, video.codec_context.name, str(video.codec_context.pix_fmt)
        rate = Fraction(video.average_rate or 0)
        frames = list(file.decode(video=0))
        times = [frame.time or 0.0 for frame in frames]
        pictures = [frame.to_ndarray(format="rgb24") for frame in frames]
    with av.open(str(path)) as file:
        if not file.streams.audio:
            return Seen(*names, rate, times, pictures, None, None, None, np.zeros(0))
        audio = file.streams.audio[0]
        facts = audio.codec_context.name, audio.rate, len(audio.layout.channels)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=audio.rate)
        pieces = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
        sound = np.concatenate([piece.to_ndarray()[0] for piece in pieces])
    return Seen(*names, rate, times, pictures, *facts, sound)


def loudness(sound: Any) -> float:
    """Give the root of the mean square of samples."""
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def picture(path: Path) -> Any:
    """Read a picture's file."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
