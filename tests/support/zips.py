"""Makes zips byte by byte, also such as no zip program would write."""

from __future__ import annotations

import re
import stat
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from blendtui.wording import safe

UTF8 = 0x800
ENCRYPTED = 0x1
STORED, DEFLATED = 0, 8
LINK = stat.S_IFLNK | 0o777


@dataclass(frozen=True)
class Entry:
    """One file of a zip; None is what a well-behaved program would write."""

    name: str | bytes
    data: bytes = b"x"
    method: int = DEFLATED
    mode: int = 0
    flags: int | None = None
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    header_name: str | bytes | None = None
    header_at: int | None = None
    extra: bytes = b""
    header_extra: bytes = b""
    zip64: bool = False
    packed: bytes | None = None


def zip_bytes(*entries: Entry | str, front: bytes = b"", comment: bytes = b"") -> bytes:
    """Put entries together to a zip; a text is a name of a small file."""
    body = bytearray(front)
    directory = bytearray()
    for given in entries:
        entry = Entry(given) if isinstance(given, str) else given
        at = len(body) - len(front)
        body += _header(entry) + _packed(entry)
        directory += _directory_entry(entry, at if entry.header_at is None else entry.header_at)
    begin = len(body) - len(front)
    tail = _ends(len(entries), len(directory), begin, len(body), len(comment))
    return bytes(body + directory + tail + comment)


def _ends(count: int, size: int, begin: int, at: int, comment: int = 0) -> bytes:
    """Write what stands behind a directory, which is `at` in the file and says to be at `begin`."""
    tail = b""
    if count >= 0xFFFF:
        tail = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size,
                           begin)  # fmt: skip
        tail += struct.pack("<4sIQI", b"PK\x06\x07", 0, at + size, 1)
    shown = min(count, 0xFFFF)
    return tail + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, shown, shown, size, begin, comment)


def endless(count: int, entry: Entry | None = None) -> bytes:
    """Make a zip whose directory has so many entries, all of one small file."""
    one = entry or Entry("a")
    body = _header(one) + _packed(one)
    directory = _directory_entry(one, 0) * count
    return body + directory + _ends(count, len(directory), len(body), len(body))


def write_zip(path: Path, *entries: Entry | str) -> Path:
    """Write entries as a zip file."""
    path.write_bytes(zip_bytes(*entries))
    return path


def _raw(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")


def _flags(entry: Entry) -> int:
    if entry.flags is not None:
        return entry.flags
    return UTF8 if isinstance(entry.name, str) and not entry.name.isascii() else 0


def _packed(entry: Entry) -> bytes:
    if entry.packed is not None:
        return entry.packed
    if entry.method != DEFLATED:
        return entry.data
    return _deflated(entry.data)


@lru_cache(maxsize=16)
def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()


def _numbers(entry: Entry) -> tuple[int, int, int]:
    crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
    packed = len(_packed(entry)) if entry.packed_size is None else entry.packed_size
    size = len(entry.data) if entry.size is None else entry.size
    return crc, packed, size


def _header(entry: Entry) -> bytes:
    name = _raw(entry.name if entry.header_name is None else entry.header_name)
    crc, packed, size = _numbers(entry)
    shown = (crc, 0xFFFFFFFF, 0xFFFFFFFF) if entry.zip64 else (crc, packed, size)
    extra = entry.header_extra
    if entry.zip64:
        extra += struct.pack("<HHQQ", 1, 16, size, packed)
    return struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, _flags(entry), entry.method, 0, 33,
                       *shown, len(name), len(extra)) + name + extra  # fmt: skip


def _directory_entry(entry: Entry, at: int) -> bytes:
    name = _raw(entry.name)
    crc, packed, size = _numbers(entry)
    shown = (crc, 0xFFFFFFFF, 0xFFFFFFFF) if entry.zip64 else (crc, packed, size)
    extra = entry.extra
    if entry.zip64:
        extra += struct.pack("<HHQQ", 1, 16, size, packed)
    return struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 0x314, 20, _flags(entry),
                       entry.method, 0, 33, *shown, len(name), len(extra), 0, 0, 0,
                       entry.mode << 16, at) + name + extra  # fmt: skip


def listing(folder: Path) -> dict[str, bytes | None]:
    """Give everything below a folder with its contents, to compare before and after."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def check_harmless(told: str, facts: Collection[str] = ()) -> None:
    """No raw control character, and no fact that the table names but nobody gave."""
    assert told == safe(told, limit=len(told))
    assert "?" in facts or not re.search(r"“\?”|: \?\.|than \? ", told)
