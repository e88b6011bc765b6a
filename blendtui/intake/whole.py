"""Whether a dropped file has its end: told from a few of its bytes, nothing is unpacked."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.container import RATIO_EXEMPT, open_archive
from blendtui.settings import Limits

_HEAD = 12
_GZIP = b"\x1f\x8b"
_ZSTD = 0xFD2FB528
_SKIPPABLE = 0x184D2A50
"""The lowest of the sixteen marks of frames that a reader skips."""

_END_SIZES = {b"_": 20, b"-": 24, b"1": 32}
"""Bytes of the closing ENDB by what follows BLENDER: 32 bit, 64 bit, 17-byte header (5.0)."""

_CHUNK = 1 << 20
_MOST_STREAMED = 8 << 30
"""Bytes after which a gzip stream is no longer followed: its reader has a limit of its own."""

_MOST_STEPS = 1_000_000
"""Frames and blocks after which a zstd file is no longer followed: 8 GiB have 65,536 blocks."""


def is_whole(path: Path) -> bool:
    """Say whether a .zip has a readable directory, or a .blend its last block or frame.

    What can't be read now (locked by the one who writes it, gone) is not whole. What isn't a
    .blend at all is: there is nothing to wait for, and its reader knows the reason. So is what
    takes more work than any .blend: a few KB can claim to be a file of any size.
    """
    try:
        if path.suffix.lower() == ".zip":
            return _zip_is_whole(path)
        # Unbuffered, since a buffer would read 8 KiB for each three bytes that are looked at.
        with path.open("rb", buffering=0) as file:
            return _blend_is_whole(file)
    except (OSError, EOFError):
        return False


def _zip_is_whole(path: Path) -> bool:
    try:
        with open_archive(path, Limits()):
            return True
    except Failure as failure:
        # One of more entries than anybody wants is whole: its reader refuses it.
        return failure.fault.kind is FaultKind.ARCHIVE_TOO_MANY


def _blend_is_whole(file: io.FileIO) -> bool:
    head = file.read(_HEAD)
    size = file.seek(0, io.SEEK_END)
    if head.startswith(b"BLENDER"):
        return _has_end_block(file, size, _END_SIZES.get(head[7:8], 0))
    if head.startswith(_GZIP):
        return _gzip_ends(file, size)
    if _is_zstd(int.from_bytes(head[:4], "little")):
        return _zstd_ends(file, size)
    return len(head) == _HEAD and b"\0" not in head[:7]


def _has_end_block(file: io.FileIO, size: int, end: int) -> bool:
    file.seek(max(size - end, 0))
    return (file.read(4) or b"") == b"ENDB"


def _gzip_ends(file: BinaryIO | io.FileIO, size: int) -> bool:
    file.seek(0)
    most = min(max(size * Limits().ratio, RATIO_EXEMPT), _MOST_STREAMED)
    inflate = zlib.decompressobj(wbits=31)
    streamed = 0
    rest = b""
    while not inflate.eof and streamed <= most:
        data = rest or file.read(_CHUNK) or b""
        if not data:
            return False
        try:
            streamed += len(inflate.decompress(data, _CHUNK))
        except zlib.error:
            return False
        rest = inflate.unconsumed_tail
    return True


def _is_zstd(mark: int) -> bool:
    return mark == _ZSTD or mark & ~0xF == _SKIPPABLE


def _zstd_ends(file: io.FileIO, size: int) -> bool:
    """Walk over all frames by their lengths; Blender writes many, and a table at the end."""
    place = 0
    steps = iter(range(_MOST_STEPS))
    while place < size and next(steps, None) is not None:
        file.seek(place)
        mark = int.from_bytes(_exactly(file, 4), "little")
        if not _is_zstd(mark):
            return False
        if mark == _ZSTD:
            place = _after_frame(file, place + 4, steps)
        else:
            place += 8 + int.from_bytes(_exactly(file, 4), "little")
    return place <= size


def _after_frame(file: io.FileIO, place: int, steps: Iterator[int]) -> int:
    """Give the place after the frame whose header is at `place` (RFC 8878, section 3.1.1).

    It ends within the frame where `steps`, one for each block, do. Raises EOFError for a block
    of no bytes that is not the last, as no .blend has, but a file that is not filled yet.
    """
    descriptor = _exactly(file, 1)[0]
    single = bool(descriptor & 0x20)
    content_size = (int(single), 2, 4, 8)[descriptor >> 6]
    place += 1 + int(not single) + (0, 1, 2, 4)[descriptor & 3] + content_size
    for _ in steps:
        file.seek(place)
        header = int.from_bytes(_exactly(file, 3), "little")
        last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
        if not (last or length):
            raise EOFError
        place += 3 + (1 if kind == 1 else length)
        if last:
            return place + (4 if descriptor & 4 else 0)
    return place


def _exactly(file: io.FileIO, count: int) -> bytes:
    data = file.read(count) or b""
    if len(data) < count:
        raise EOFError
    return data
