"""The sound of a movie: read from one file, cut to what each picture lasts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.filter import Graph

from blendtui.output.tasks import Audio, Sound

_WIDTH = 2
"""Bytes of a sample of one channel: 16 bits, as the sound comes from the devices."""


class Track:
    """Gives a sound's samples for one picture after another, in the order of the frames.

    What lies before the sound's beginning or behind its end is silence. `rate` are frames a second
    of the scene, `step` how many of them a picture lasts.
    """

    def __init__(self, sound: Sound, audio: Audio, rate: Fraction, step: int) -> None:
        self._audio = audio
        self._first = sound.first
        self._per_frame = audio.rate / rate
        self._step = step
        self._wide = _WIDTH * len(AudioLayout(audio.layout).channels)
        self._pieces = _read(sound.path, audio)
        self._at = 0
        self._kept = bytearray()
        self._given = 0

    def next(self, place: int, frame: int) -> AudioFrame | None:
        """Give the samples for the picture of a frame that is the `place`th (from 0) of all."""
        end = round((place + 1) * self._step * self._per_frame)
        count = end - self._given
        if not count:
            return None
        begin = round((frame - self._first) * self._per_frame)
        silent = max(min(-begin, count), 0)
        data = bytes(silent * self._wide) + self._take(begin + silent, count - silent)
        made = AudioFrame(format="s16", layout=self._audio.layout, samples=count, align=True)
        made.planes[0].update(data)
        made.sample_rate = self._audio.rate
        made.time_base = Fraction(1, self._audio.rate)
        made.pts, self._given = self._given, end
        return made

    def _take(self, begin: int, count: int) -> bytes:
        """Read samples; those before `begin` are passed over, those beyond the end are silent."""
        while self._at + len(self._kept) // self._wide < begin + count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._kept += piece
            self._forget(begin)
        self._forget(begin)
        data = bytes(self._kept[: count * self._wide])
        return data + bytes(count * self._wide - len(data))

    def _forget(self, begin: int) -> None:
        passed = max(min(begin - self._at, len(self._kept) // self._wide), 0)
        del self._kept[: passed * self._wide]
        self._at += passed


def _read(path: str, audio: Audio) -> Iterator[bytes]:
    """Decode a file, at the rate and with the channels and the volume that are wanted."""
    resampler = AudioResampler(format="s16", layout=audio.layout, rate=audio.rate)
    with av.open(path, format="flac") as file:
        louder = _Volume(audio.volume)
        for frame in file.decode(audio=0):
            for made in resampler.resample(louder.of(frame)):
                yield _bytes(made)
        for made in resampler.resample(None):
            yield _bytes(made)


def _bytes(frame: AudioFrame) -> bytes:
    wide = _WIDTH * len(frame.layout.channels)
    return bytes(frame.planes[0])[: frame.samples * wide]


class _Volume:
    """Makes sound louder or softer."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._graph: Graph | None = None

    def of(self, frame: AudioFrame) -> AudioFrame:
        if self._factor == 1.0:
            return frame
        if self._graph is None:
            self._graph = Graph()
            source = self._graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=frame.time_base,
            )
            change = self._graph.add("volume", f"{self._factor:.6f}")
            self._graph.link_nodes(source, change, self._graph.add("abuffersink")).configure()
        self._graph.push(frame)
        made: Any = self._graph.pull()
        return made  # type: ignore[no-any-return]
