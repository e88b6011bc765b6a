"""What a scene asks of its movie, and which frames of a job bring more than themselves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

SHEET = 24
"""Frames that a contact sheet shows at most."""

_LONGEST_WORD = 64
_HIGHEST = 2**31


@dataclass(frozen=True, slots=True)
class MovieAsked:
    """A scene's settings of movies, as Blender has them; its own identifiers, empty where unknown.

    `is_movie` says that the scene writes one, in the file format `file_format`; `has_sound` that
    there is something to be heard. `fps` / `fps_base` are frames a second. `use_extension` has the
    container's ending put behind the name. Rates of bits are in kilobits a second, `buffer` in
    kilobits (of 1024), `audio_rate` in samples a second; `b_frames` is None for the codec's own
    choice, `quality` from 0 to 100. Only where `crf` is "CUSTOM" does `crf_number` count.
    """

    is_movie: bool
    has_sound: bool
    fps: int = 24
    fps_base: float = 1.0
    file_format: str = ""
    use_extension: bool = True
    container: str = ""
    codec: str = ""
    crf: str = ""
    crf_number: int = 23
    preset: str = ""
    profile: str = ""
    bitrate: int = 6000
    minrate: int = 0
    maxrate: int = 9000
    buffer: int = 224
    gop: int = 18
    b_frames: int | None = None
    color: str = "RGB"
    depth: int = 8
    quality: int = 90
    audio_codec: str = "NONE"
    audio_bitrate: int = 192
    audio_rate: int = 48000
    audio_channels: str = "STEREO"
    audio_volume: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no Blender says: a device is not trusted.

        Raises:
            ValueError: naming what it is.
        """
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, str) and len(value) > _LONGEST_WORD:
                raise ValueError(f"{name} is too long")
            if isinstance(value, int | float) and not 0 <= value <= _HIGHEST:
                raise ValueError(f"{name} is out of range")

    @property
    def rate(self) -> Fraction:
        """The frames a second, from 1/100 to 1000."""
        base = Fraction(self.fps_base or 1.0).limit_denominator(100_000)
        exact = Fraction(self.fps) / base if base else Fraction(self.fps)
        return min(max(exact, Fraction(1, 100)), Fraction(1000))


def wants_movie(choice: bool | None, asked: MovieAsked | None) -> bool:
    """Whether a job has a movie: as the user chose, else if its scene writes one."""
    return choice is True or (choice is None and asked is not None and asked.is_movie)


def step_of(frames: Sequence[int]) -> int:
    """Give the smallest distance of two neighbors among frames in order; 1 for a single one.

    So many of the scene's frames each of them lasts in a movie.
    """
    gaps = (later - earlier for earlier, later in itertools.pairwise(frames))
    return min(gaps, default=1)


def span_of(frames: Sequence[int]) -> tuple[int, int]:
    """Give the first and the last of the scene's frames that a movie of these frames sounds for."""
    return frames[0], frames[-1] + step_of(frames) - 1


def chosen(frames: Sequence[int], count: int = SHEET) -> list[int]:
    """Choose frames evenly: first and last, and as many between them as make up `count`."""
    if len(frames) <= count:
        return list(frames)
    last = len(frames) - 1
    return [frames[place * last // (count - 1)] for place in range(count)]
