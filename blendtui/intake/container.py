"""An open zip, read within bounds: its directory, and its files piece by piece."""

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
from pathlib import Path

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.settings import Limits
from blendtui.wording import size

PIECE = 256 * 1024

# A black picture or an empty cache packs well too: what unpacks to less than this is no bomb.
RATIO_EXEMPT = 16 * 2**20

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENTRY_SIGNATURE = b"PK\x01\x02"
_ENTRY_SIZE = 256

# What Unix can have in a file's place, by the file type in its mode.
KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

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
        check_filled(raw, drop.name, limits)
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


def check_filled(raw: io.FileIO, name: str, limits: Limits) -> None:
    """Refuse a file with holes that has `ratio` times as many bytes as were ever written to it.

    It costs its sender nothing, and us as much room as it claims. Raises Failure ARCHIVE_BROKEN.
    """
    total = raw.seek(0, io.SEEK_END)
    enough = -(-total // limits.ratio)
    if total <= RATIO_EXEMPT or not hasattr(os, "SEEK_DATA"):
        return
    written = place = 0
    try:
        while written < enough:
            begin = raw.seek(place, os.SEEK_DATA)
            place = raw.seek(begin, os.SEEK_HOLE)
            written += place - begin
    except OSError as error:
        if error.errno == errno.ENXIO:  # a hole up to the end
            reason = f"only {size(written)} of its {size(total)} were written"
            raise Failure.of(FaultKind.ARCHIVE_BROKEN, name=name, reason=reason) from None


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
            what = "a folder" if kind == stat.S_IFDIR else KINDS.get(kind, "something else")
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


def contents(archive: Archive, path: str, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Give a file's bytes in pieces; raises Failure ARCHIVE_BROKEN if they are not as declared."""
    count = 0
    with _reading(archive, path):
        source = archive.zip.open(info)
    with source:
        while True:
            with _reading(archive, path):
                piece = source.read(PIECE)
            if not piece:
                break
            count += len(piece)
            if count > info.file_size:
                break
            yield piece
    if count != info.file_size:
        raise archive.broken(f"“{path}” has not the size that the zip says")


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


def data_end(archive: Archive, path: str, info: zipfile.ZipInfo) -> int:
    """Give the offset behind a file's data, by the lengths that its own header has."""
    begin = info.header_offset
    with _reading(archive, path):
        archive.file.seek(begin)
        signature, name, extra = _LOCAL_HEADER.unpack(archive.file.read(_LOCAL_HEADER.size))
    if signature != b"PK\x03\x04":
        raise archive.broken(f"“{path}” is damaged")
    return begin + _LOCAL_HEADER.size + int(name) + int(extra) + info.compress_size
