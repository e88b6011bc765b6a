"""A zip's directory: read within bounds and checked as a whole, before a byte is written."""

from __future__ import annotations

import errno
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.intake.names import Tree, check_portable, is_junk, place
from blendtui.settings import Limits
from blendtui.wording import size

# A black picture or an empty cache packs well too: what unpacks to less than this is no bomb.
RATIO_EXEMPT = 16 * 2**20
PIECE = 256 * 1024

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
# Deflate and no compression are what zip programs write by default. Of the others Python reads
# some, but hands out as much at once as a few bytes can unpack to: memory without bound.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_METHOD_NAMES = {9: "Deflate64", 12: "BZip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENTRY_SIGNATURE = b"PK\x01\x02"
_ENTRY_SIZE = 256
_UNICODE_PATH = 0x7075

# All that zipfile raises on a file that is no proper zip.
_BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file to unpack: its checked path in the project, and its entry in the zip."""

    path: str
    info: zipfile.ZipInfo


class Archive:
    """An open zip whose directory has been read; `name` is what the user called it."""

    def __init__(self, name: str, file: io.BufferedReader, packed: int) -> None:
        self.name = name
        self.packed = packed
        self.file = file
        self.zip = zipfile.ZipFile(file)

    def broken(self, reason: str) -> Failure:
        """Make the failure that says why this zip cannot be unpacked."""
        return Failure.of(FaultKind.ARCHIVE_BROKEN, name=self.name, reason=reason)


class _Bounded(io.BufferedReader):
    """A zip that refuses to hand out a directory of more entries than can be wanted.

    zipfile takes in the directory in one read, and keeps an object for each entry: this stands
    before it. Each entry begins with the same four bytes, so these count the entries.
    """

    most = 0
    name_shown = ""

    def read(self, count: int | None = -1, /) -> bytes:
        """Read as any file does; raises Failure ARCHIVE_TOO_MANY for an endless directory."""
        if count is not None and count > self.most * _ENTRY_SIZE + 2**20:
            raise self._too_many()
        data = super().read(count)
        if len(data) > 2**20 and data.count(_ENTRY_SIGNATURE) > self.most:
            raise self._too_many()
        return data

    def _too_many(self) -> Failure:
        return Failure.of(
            FaultKind.ARCHIVE_TOO_MANY, name=self.name_shown, limit=self.most, what="entries"
        )


@contextmanager
def open_archive(drop: Path, limits: Limits) -> Iterator[Archive]:
    """Open a zip and read its directory; raises Failure ARCHIVE_BROKEN or ARCHIVE_TOO_MANY."""
    with open_drop(drop) as raw:
        packed = raw.seek(0, io.SEEK_END)
        start = _start(raw)
        file = _Bounded(raw, 128 * 1024)
        # macOS writes a second entry beside each file, and folders have entries too.
        file.most = 3 * limits.files + 4000
        file.name_shown = drop.name
        try:
            archive = Archive(drop.name, file, packed)
        except (*_BROKEN, OSError) as error:
            reason = _why_no_zip(error, packed, start)
            raise Failure.of(FaultKind.ARCHIVE_BROKEN, name=drop.name, reason=reason) from None
        with archive.zip:
            yield archive


def _start(raw: io.FileIO) -> bytes:
    raw.seek(0)
    return raw.read(4) or b""


def _why_no_zip(error: Exception, packed: int, start: bytes) -> str:
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        return reason_of(error)
    if packed == 0:
        return "it is empty"
    if start == b"PK\x03\x04":
        return "it is cut short or damaged"
    return "it is not a zip file"


@contextmanager
def open_drop(drop: Path) -> Iterator[io.FileIO]:
    """Open what was dropped; only a regular file, since a link can point anywhere.

    Raises Failure ARCHIVE_LINK or ARCHIVE_BROKEN.
    """
    try:
        kind = stat.S_IFMT(drop.lstat().st_mode)
        if kind != stat.S_IFREG:
            what = "a folder" if kind == stat.S_IFDIR else _KINDS.get(kind, "something else")
            raise Failure.of(FaultKind.ARCHIVE_LINK, path=drop.name, what=what)
        file = io.FileIO(str(drop), opener=_opener)
    except OSError as error:
        reason = reason_of(error)
        raise Failure.of(FaultKind.ARCHIVE_BROKEN, name=drop.name, reason=reason) from None
    with file:
        yield file


def _opener(path: str, flags: int) -> int:
    """Open without following a link or waiting for a pipe that was put there meanwhile."""
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.open(path, flags | careful)


def members(archive: Archive, limits: Limits) -> list[Member]:
    """Check all entries and give the files to unpack, in the zip's order.

    Raises Failure with one of the ARCHIVE_* kinds. What macOS and Windows leave behind by
    themselves is passed over.
    """
    tree = Tree(archive.name, limits.files)
    found: list[Member] = []
    for info in archive.zip.infolist():
        path = place(_name(info))
        if is_junk(path):
            continue
        check_portable(path)
        _check_kind(path, info)
        if _is_folder(info):
            tree.add_folder(path)
            continue
        _check_readable(path, info)
        tree.add_file(path)
        found.append(Member(path, info))
    _check_sizes(archive, found, limits)
    _check_apart(archive, found)
    return found


def _name(info: zipfile.ZipInfo) -> str:
    """Read an entry's name anew: zipfile cuts it at NUL, and reads Mac names as cp437."""
    if info.flag_bits & _UTF8_FLAG:
        return info.orig_filename
    raw = info.orig_filename.encode("cp437")
    told = _unicode_path(info.extra, raw)
    try:
        return (told or raw).decode("utf-8")
    except UnicodeDecodeError:
        return info.orig_filename


def _unicode_path(extra: bytes, raw: bytes) -> bytes:
    """Find the UTF-8 name that Info-ZIP adds; it counts only for the name that it was made for."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        value = extra[4 : 4 + length]
        if kind == _UNICODE_PATH and value[:1] == b"\x01":
            return value[5:] if value[1:5] == zlib.crc32(raw).to_bytes(4, "little") else b""
        extra = extra[4 + length :]
    return b""


def _kind(info: zipfile.ZipInfo) -> int:
    return stat.S_IFMT(info.external_attr >> 16)


def _check_kind(path: str, info: zipfile.ZipInfo) -> None:
    """Refuse what Unix would unpack as something else than a file or folder."""
    if _kind(info) not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = _KINDS.get(_kind(info), "something unknown")
        raise Failure.of(FaultKind.ARCHIVE_LINK, path=path, what=what)


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return _name(info)[-1:] in ("/", "\\") or _kind(info) == stat.S_IFDIR


def _check_readable(path: str, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & _ENCRYPTED_FLAGS:
        raise Failure.of(FaultKind.ARCHIVE_ENCRYPTED, path=path)
    if info.compress_type not in _METHODS:
        method = _METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
        raise Failure.of(FaultKind.ARCHIVE_METHOD, path=path, method=method)


def _check_sizes(archive: Archive, found: list[Member], limits: Limits) -> None:
    """Hold the declared sizes against the limits; unpacking holds the true ones against these."""
    total = 0
    for member in found:
        info = member.info
        if _is_bomb(info.file_size, info.compress_size, limits):
            raise Failure.of(FaultKind.ARCHIVE_RATIO, path=member.path, limit=limits.ratio)
        total += info.file_size
    if total > limits.size:
        raise too_large(archive.name, total, limits)
    if _is_bomb(total, archive.packed, limits):
        raise Failure.of(FaultKind.ARCHIVE_RATIO, path=archive.name, limit=limits.ratio)


def _is_bomb(unpacked: int, packed: int, limits: Limits) -> bool:
    return unpacked > RATIO_EXEMPT and unpacked > packed * limits.ratio


def too_large(name: str, total: int, limits: Limits) -> Failure:
    """Make the failure for a drop of `total` bytes."""
    return Failure.of(
        FaultKind.ARCHIVE_TOO_LARGE, name=name, size=size(total), limit=size(limits.size)
    )


def _check_apart(archive: Archive, found: list[Member]) -> None:
    """Refuse entries that share bytes: bombs do, which unpack the same data again and again."""
    before = 0
    for member in sorted(found, key=lambda member: member.info.header_offset):
        begin = member.info.header_offset
        if begin < before:
            raise archive.broken(f"“{member.path}” overlaps another file in it")
        before = _end(archive, member)
        if before > archive.zip.start_dir:
            raise archive.broken(f"“{member.path}” is cut short or damaged")


def _end(archive: Archive, member: Member) -> int:
    """Give the offset behind a file's data, by the lengths that its own header has."""
    begin = member.info.header_offset
    with _reading(archive, member.path):
        archive.file.seek(begin)
        signature, name, extra = _LOCAL_HEADER.unpack(archive.file.read(_LOCAL_HEADER.size))
    if signature != b"PK\x03\x04":
        raise archive.broken(f"“{member.path}” is damaged")
    return begin + _LOCAL_HEADER.size + int(name) + int(extra) + member.info.compress_size


def contents(archive: Archive, member: Member) -> Iterator[bytes]:
    """Give a file's bytes in pieces; raises Failure ARCHIVE_BROKEN if they are not as declared."""
    count = 0
    with _reading(archive, member.path):
        source = archive.zip.open(member.info)
    with source:
        while True:
            with _reading(archive, member.path):
                piece = source.read(PIECE)
            if not piece:
                break
            count += len(piece)
            yield piece
    if count != member.info.file_size:
        raise archive.broken(f"“{member.path}” has not the size that the zip says")


@contextmanager
def _reading(archive: Archive, path: str) -> Iterator[None]:
    """Turn what zipfile raises while a file is read into Failure ARCHIVE_BROKEN."""
    try:
        yield
    except _BROKEN:
        raise archive.broken(f"“{path}” is damaged") from None
    except OSError as error:
        reason = "it is damaged" if error.errno == errno.EINVAL else reason_of(error)
        raise archive.broken(f"“{path}” cannot be read, {reason}") from None
