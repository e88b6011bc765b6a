"""What the process that makes movies and pictures is told, and what it says."""

from __future__ import annotations

import msgspec


class Picture(msgspec.Struct, frozen=True):
    """A frame's number, and the file that shows it."""

    frame: int
    path: str


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """A codec by FFmpeg's name; `pixels` is its format of them, `bitrate` in bits a second.

    `gop` is the distance of two key frames at most, `b_frames` None is the codec's own choice.
    """

    codec: str
    pixels: str
    options: dict[str, str] = {}
    bitrate: int | None = None
    gop: int | None = None
    b_frames: int | None = None
    tag: str | None = None


class Audio(msgspec.Struct, frozen=True, kw_only=True):
    """A codec by FFmpeg's name; `rate` in samples, `bitrate` in bits a second."""

    codec: str
    rate: int
    layout: str
    bitrate: int | None = None
    volume: float = 1.0


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One way to make a movie: `container` by FFmpeg's name, its usual `ending`.

    `said` names container and codecs for people.
    """

    container: str
    ending: str
    video: Video
    audio: Audio | None
    said: str


class Sound(msgspec.Struct, frozen=True):
    """A file of sound that begins with a frame of the scene and ends with another one."""

    path: str
    first: int
    last: int


class Movie(msgspec.Struct, frozen=True, kw_only=True):
    """A movie to be made: the first of `choices` that FFmpeg can do.

    `rate` are the scene's frames a second, numerator and denominator; each picture lasts `step` of
    them.
    """

    target: str
    pictures: list[Picture]
    rate: tuple[int, int]
    step: int
    choices: list[Choice]
    sound: Sound | None = None


class Sheet(msgspec.Struct, frozen=True):
    """A contact sheet to be made of some pictures."""

    target: str
    pictures: list[Picture]


class Small(msgspec.Struct, frozen=True):
    """A small picture to be made, of the first of some files that can be read."""

    paths: list[str]


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How many frames of the movie are encoded."""

    done: int


class SheetMade(msgspec.Struct, frozen=True, tag="sheet"):
    """The contact sheet is whole; `shown` are the pictures on it."""

    shown: int


class MovieMade(msgspec.Struct, frozen=True, tag="movie"):
    """The movie is whole: `choice` says which one it is, `refused` why not those before it.

    `is_cut` says that a row or a column of pixels is left out, for its size has to be even.
    """

    choice: int
    refused: list[str]
    width: int
    height: int
    is_cut: bool


class SmallMade(msgspec.Struct, frozen=True, tag="small"):
    """The small picture, a JPEG."""

    data: bytes


class Broken(msgspec.Struct, frozen=True, tag="broken"):
    """Nothing came of it; `frame` is the one that can't be read, if that is why.

    `writing` says that the share could not be written.
    """

    reason: str
    frame: int | None = None
    writing: bool = False


Said = Progress | SheetMade | SmallMade | MovieMade | Broken
Task = Movie | Sheet | Small
