"""What is in a picture's file, whatever its format is, read by OpenImageIO and Pillow."""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO
from PIL import Image

Pixels = np.ndarray[Any, np.dtype[Any]]

_WHEN = re.compile(r"DateTime|.*_time$")


@dataclass(frozen=True)
class Picture:
    """One picture of a file: its pixels, its channels' names, and what is said of it.

    White is 1.0 where whole numbers are stored. `kinds` are the channels' types; `facts` leave out
    when it was made and how long it took.
    """

    pixels: Pixels
    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    facts: dict[str, Any]


def read(path: Path, data: bytes | None = None) -> list[Picture]:
    """Read all pictures of a file, or of `data` as if it were its content."""
    if path.suffix == ".avif":
        return [_avif(data if data is not None else path.read_bytes())]
    if data is not None:
        copy = path.with_name("copy" + path.suffix)
        copy.write_bytes(data)
        try:
            return read(copy)
        finally:
            copy.unlink()
    file = OpenImageIO.ImageInput.open(str(path))
    assert file is not None, OpenImageIO.geterror()
    found_all: list[Picture] = []
    while file.seek_subimage(len(found_all), 0):
        found_all.append(_picture(file))
    file.close()
    return found_all


def _picture(file: Any) -> Picture:
    spec = file.spec()
    kinds = [str(kind) for kind in spec.channelformats] or [str(spec.format)] * spec.nchannels
    facts = {one.name: one.value for one in spec.extra_attribs if not _WHEN.fullmatch(one.name)}
    return Picture(np.asarray(file.read_image()), tuple(spec.channelnames), tuple(kinds), facts)


def _avif(data: bytes) -> Picture:
    """Read an AVIF, of which Pillow gives 8 bits; its av1C box tells how many."""
    with Image.open(io.BytesIO(data)) as image:
        pixels = np.asarray(image, dtype=np.float32) / 255
        bands = tuple(image.getbands())
    flags = data[data.index(b"av1C") + 6]
    bits = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
    return Picture(pixels, bands, ("uint8",) * len(bands), {"oiio:BitsPerSample": bits})


def are_same(path: Path, data: bytes) -> bool:
    """Whether a file is what `data` is: byte for byte, or but for when it was made."""
    if path.read_bytes() == data:
        return True
    mine, other = read(path), read(path, data)
    return len(mine) == len(other) and all(
        (one.channels, one.kinds, one.facts) == (two.channels, two.kinds, two.facts)
        and np.array_equal(one.pixels, two.pixels)
        for one, two in zip(mine, other, strict=True)
    )


def bomb(width: int, height: int) -> bytes:
    """A tiny PNG that says that it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    chunks = [(b"IHDR", head), (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
