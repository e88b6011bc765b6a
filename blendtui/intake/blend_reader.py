"""Opens a .blend that may be hostile: bounded, checked before it is believed, quiet.

blender-asset-tracer trusts the files that it reads: one with a block of negative length, a list
that bites its own tail or a terabyte of packed zeros would keep it busy for ever.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import re
import stat
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol, cast

import zstandard
from blender_asset_tracer import blendfile
from blender_asset_tracer.blendfile import exceptions

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.intake.room import no_room, spare
from blendtui.wording import size as size_text

MOST_BLOCKS = 2_000_000
"""Blocks of one file, each some 300 bytes here; large productions have a quarter of it."""

MOST_DNA = 8 << 20
"""Bytes of the description of all types: 0.1 MB in Blender 3.4, 0.15 MB in 5.0."""

RATIO_EXEMPT = 16 << 20
"""Bytes that a packed one may have, however well it packs: no bomb is that small."""

_BUFFER = 1 << 20
_IN_MEMORY = 64 << 20
_CODE = re.compile(rb"[A-Z0-9_]{2,4}\0{0,2}")
_NAME = re.compile(rb"[^\[\]]+(?:\[[0-9]{1,9}\])*")

CUT = "it ends too early, so it was not copied completely"
DAMAGED = "it is damaged"
NO_BLEND = "it is not a .blend file"

# Its warnings are about things that we report ourselves, in words.
logging.getLogger("blender_asset_tracer").setLevel(logging.CRITICAL)


class Unreadable(Exception):  # noqa: N818 - its text ends up as the reason in a Failure
    """The file can't be read; the text says why, to be set after "cannot be read:"."""


FOREIGN = (
    exceptions.BlendFileError,
    exceptions.NoReaderImplemented,
    exceptions.SegmentationFault,
    struct.error,
    zlib.error,
    zstandard.ZstdError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    MemoryError,
)
"""What reading a damaged file was seen to raise, or can raise by its code; OSError comes besides.

TypeError and AttributeError: a null pointer or a field of another type than expected.
RuntimeError: a type that doesn't fit, and endless recursion.
"""


class BoundedBlend(blendfile.BlendFile):
    """A .blend whose blocks, types and lists are held to what the file can really contain."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._file = file
        self._steps = 0
        super().__init__(path)

    def _open_file(self, path: Path, mode: str) -> IO[bytes]:  # noqa: ARG002 - its signature
        self.filepath = self.raw_filepath = path
        self.is_compressed = False
        return self._file

    def _load_blocks(self) -> None:
        start = self.fileobj.tell()
        self._check_blocks(start)
        self.fileobj.seek(start)
        super()._load_blocks()

    def _check_blocks(self, place: int) -> None:
        size = self.fileobj.seek(0, os.SEEK_END)
        header = self.block_header_struct
        for _ in range(MOST_BLOCKS):
            self.fileobj.seek(place)
            data = self.fileobj.read(header.size)
            if len(data) < header.size:
                raise Unreadable(CUT)
            block = self.block_header_fields(*header.unpack(data))
            if block.code == b"ENDB":
                return
            if not _CODE.fullmatch(block.code) or block.len < 0:
                raise Unreadable(DAMAGED)
            place += header.size + block.len
            if place > size:
                raise Unreadable(CUT)
        raise Unreadable(f"it has more than {MOST_BLOCKS:,} blocks")

    def decode_structs(self, block: Any) -> None:
        """Read the description of all types, which is checked first."""
        place = self.fileobj.tell()
        if block.size > MOST_DNA:
            raise Unreadable(DAMAGED)
        _check_types(self.fileobj.read(block.size), self.header.endian.UINT)
        self.fileobj.seek(place)
        super().decode_structs(block)

    def dereference_pointer(self, address: int) -> Any:
        """Follow a pointer; a file whose lists never end raises Unreadable after a while."""
        self._steps += 1
        if self._steps > 20_000 + 50 * len(self.blocks):
            raise Unreadable(DAMAGED)
        return super().dereference_pointer(address)


def _check_types(data: bytes, number: struct.Struct) -> None:
    """Hold the counts to what is there and the names to forms whose reading comes to an end."""
    if data[:8] != b"SDNANAME":
        raise Unreadable(DAMAGED)
    names, place = _strings(data, 8, number)
    if not all(_NAME.fullmatch(name) for name in names):
        raise Unreadable(DAMAGED)
    place += -place % 4
    if data[place : place + 4] != b"TYPE":
        raise Unreadable(DAMAGED)
    _strings(data, place + 4, number)


def _strings(data: bytes, place: int, number: struct.Struct) -> tuple[list[bytes], int]:
    (count,) = number.unpack_from(data, place)
    place += number.size
    if count > len(data):
        raise Unreadable(DAMAGED)
    parts = data[place:].split(b"\0", count)
    if len(parts) != count + 1:
        raise Unreadable(DAMAGED)
    return parts[:-1], len(data) - len(parts[-1])


class _Reader(Protocol):
    def read(self, count: int, /) -> bytes: ...


@contextlib.contextmanager
def opened(path: Path, limit: int, ratio: int | None = None) -> Iterator[BoundedBlend]:
    """Open a regular file as a .blend.

    `limit` is the most bytes that a packed one may have, `ratio` the most for each byte here.
    Raises Unreadable with the reason, Failure ARCHIVE_RATIO for a bomb, ARCHIVE_WRITE or
    DISK_NO_ROOM where it cannot be unpacked here, or OSError; reading from it may raise FOREIGN
    besides.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Unreadable("it is not a file")
    with _plain(path, limit, ratio) as file:
        yield BoundedBlend(path, file)


def _plain(path: Path, limit: int, ratio: int | None) -> IO[bytes]:
    with path.open("rb", buffering=_BUFFER) as packed:
        head = packed.read(7)
        packed.seek(0)
        if head == b"BLENDER":
            return path.open("rb", buffering=_BUFFER)
        if head[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=packed) as reader:
                return _unpacked(reader, path, limit, ratio)
        mark = int.from_bytes(head[:4], "little")
        if mark == 0xFD2FB528 or mark & ~0xF == 0x184D2A50:
            # Blender packs in many frames, so that it can begin to read anywhere.
            unpacker = zstandard.ZstdDecompressor()
            with unpacker.stream_reader(packed, read_across_frames=True, closefd=False) as zreader:
                return _unpacked(zreader, path, limit, ratio)
        raise Unreadable(NO_BLEND)


def _unpacked(reader: _Reader, path: Path, limit: int, ratio: int | None) -> IO[bytes]:
    """Unpack into a nameless temporary file, in memory while it is small.

    A large one goes beside the packed one: that is a disk with room, which /tmp often is not.
    """
    room = max(spare(path.parent), _IN_MEMORY)
    no_bomb = limit if ratio is None else max(path.stat().st_size * ratio, RATIO_EXEMPT)
    with contextlib.ExitStack() as undo:
        file = undo.enter_context(
            tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(path.parent))
        )
        total = 0
        while data := _read(reader, 7 if total == 0 else _BUFFER):
            if total == 0 and data != b"BLENDER":
                raise Unreadable(NO_BLEND)
            total += len(data)
            if total > limit:
                raise Unreadable(f"it unpacks to more than {size_text(limit)}")
            if total > no_bomb:
                raise Failure.of(FaultKind.ARCHIVE_RATIO, path=path.name, limit=ratio)
            if total > room:
                raise no_room(path.parent, path.name)
            _write(file, data, path)
        file.seek(0)
        undo.pop_all()
        return cast("IO[bytes]", file)


def _write(file: IO[bytes], data: bytes, path: Path) -> None:
    try:
        file.write(data)
    except OSError as error:
        facts = {"name": path.name, "path": path.name, "reason": reason_of(error)}
        raise Failure.of(FaultKind.ARCHIVE_WRITE, **facts) from error


def _read(reader: _Reader, count: int) -> bytes:
    try:
        return reader.read(count)
    except EOFError as error:
        raise Unreadable(CUT) from error
    except (zlib.error, zstandard.ZstdError, gzip.BadGzipFile) as error:
        raise Unreadable(DAMAGED) from error
