"""Frames as a movie takes them: read from their files, cut to an even size, in its pixels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.codec import CodecContext
from av.filter import Graph
from av.packet import Packet
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

DECODERS = {
    ".png": "png",
    ".jpg": "mjpeg",
    ".jpeg": "mjpeg",
    ".bmp": "bmp",
    ".tga": "targa",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".webp": "webp",
}
"""Endings of files that a movie can be made of, and FFmpeg's decoders of them.

A frame comes from a device and is not trusted: nothing else of FFmpeg gets to see it.
"""

_PIXELS_AT_MOST = 150_000_000
_BYTES_AT_MOST = 1 << 30


class UnreadableError(Exception):
    """A frame's file is no picture that can be read; says why."""


def read(path: str) -> VideoFrame:
    """Read a picture.

    Raises:
        UnreadableError: it is none, or far too large.
        OSError: the share does not give it.
    """
    file = Path(path)
    if file.stat().st_size > _BYTES_AT_MOST:
        raise UnreadableError("it is larger than a movie's frame can be")
    data = file.read_bytes()
    decoder: Any = CodecContext.create(DECODERS.get(file.suffix.lower(), "png"), "r")
    decoder.options = {"max_pixels": str(_PIXELS_AT_MOST)}
    try:
        found: list[VideoFrame] = [*decoder.decode(Packet(data)), *decoder.decode(None)]
    except (av.error.FFmpegError, ValueError) as error:
        raise UnreadableError(str(error)) from error
    if not found:
        raise UnreadableError("it holds no picture")
    return found[-1]


class Fitting:
    """Makes pictures fit a movie of `pixels` (FFmpeg's name), whose size the first one gives."""

    def __init__(self, first: VideoFrame, pixels: str) -> None:
        self.pixels = pixels
        across, down = _grain(pixels)
        self.width = first.width - first.width % across
        self.height = first.height - first.height % down
        self.is_cut = (self.width, self.height) != (first.width, first.height)
        self._is_clear = _is_clear(pixels)
        self._graphs: dict[tuple[str, int, int], Graph] = {}

    def fit(self, frame: VideoFrame) -> VideoFrame:
        """Give the picture: transparent parts are black where the movie has none."""
        steps = []
        if _is_clear(frame.format.name) and not self._is_clear:
            steps += [
                "format=gbrap16" if _is_deep(frame) else "format=gbrap",
                "premultiply=inplace=1",
            ]
        if (frame.width, frame.height) != (self.width, self.height):
            cut = min(frame.width, self.width), min(frame.height, self.height)
            steps.append(f"crop={cut[0]}:{cut[1]}:0:0")
        if steps:
            frame = self._filtered(frame, steps)
        return self._converted(frame)

    def _filtered(self, frame: VideoFrame, steps: list[str]) -> VideoFrame:
        shape = (frame.format.name, frame.width, frame.height)
        graph = self._graphs.get(shape)
        if graph is None:
            graph = self._graphs[shape] = Graph()
            nodes = [
                graph.add_buffer(
                    width=frame.width,
                    height=frame.height,
                    format=VideoFormat(frame.format.name),
                    time_base=frame.time_base or Fraction(1, 25),  # one has to be said
                )
            ]
            for step in steps:
                name, _, words = step.partition("=")
                nodes.append(graph.add(name, words))
            graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        graph.push(frame)
        made: Any = graph.pull()
        return made  # type: ignore[no-any-return]

    def _converted(self, frame: VideoFrame) -> VideoFrame:
        size = {"width": self.width, "height": self.height}
        if not self.pixels.startswith("yuv"):
            return frame.reformat(format=self.pixels, **size)
        full = self.pixels.startswith("yuvj")
        return frame.reformat(
            format=self.pixels,
            dst_colorspace=Colorspace.ITU601 if full else Colorspace.ITU709,
            dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            **size,
        )


def _grain(pixels: str) -> tuple[int, int]:
    """Give by how much width and height must be divisible: as chroma is coarser."""
    if "420" in pixels:
        return 2, 2
    return (2, 1) if "422" in pixels else (1, 1)


def _is_clear(pixels: str) -> bool:
    """Whether a format of pixels has transparency."""
    return pixels.startswith(("rgba", "bgra", "argb", "abgr", "yuva", "gbrap", "ya"))


def _is_deep(frame: VideoFrame) -> bool:
    return any(one.bits > 8 for one in frame.format.components)
