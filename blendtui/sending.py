"""Puts a project into the share as a drop: whole or not at all, the user's own file untouched."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import tomli_w

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

JOBFILE = "job.toml"

_PIECE = 1024 * 1024
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_UTF8 = 0x800
_VERSION, _VERSION64 = 20, 45
_NEW_YEAR_1980 = 0x21
_MOST, _LARGEST = 0xFFFF, 0xFFFFFFFF
_REGULAR_FILE = 0o100644 << 16
_ON_UNIX = 3 << 8


class Stopped(Exception):  # noqa: N818 - it was asked for
    """The user changed their mind; nothing is left in the share."""


Told = Callable[[int, int], None]
"""Told how many bytes are copied, of how many; it may raise `Stopped`."""


def send(source: Path, share: Path, job: dict[str, object], told: Told) -> Path:
    """Copy a .zip or .blend into the share; gives its place there.

    `job` is what job.toml is to say, where it is to say anything: a zip's copy then has that one
    in the place of its own, and a .blend is put into a zip with it. What is in the share already
    is never written over: the copy then has a number.

    Raises:
        Stopped: as `told` did.
        Failure: SHARE_WRITE, PROJECT_UNREADABLE.
    """
    jobfile = tomli_w.dumps(job).encode() if job else b""
    fresh = share / f".blendtui-{secrets.token_hex(10)}.part"
    suffix = ".zip" if jobfile else source.suffix.lower()
    try:
        with _opened(source) as file, _writing(share), fresh.open("xb") as target:
            if not jobfile:
                _copy(file, target, _size(file), told)
            elif source.suffix.lower() == ".blend":
                _wrap(file, target, source.name, jobfile, told)
            else:
                _with_jobfile(file, target, jobfile, told)
            target.flush()
            with contextlib.suppress(OSError):  # not every network file system knows it
                os.fsync(target.fileno())
        with _writing(share):
            return _appear(fresh, share, source.stem, suffix)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def laid_over(own: Mapping[str, Any], wishes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a user's settings over those of a project's job.toml.

    One scene and several do not go together there: either takes the place of the other.
    """
    others = {"scene": "scenes", "scenes": "scene"}
    gone = {others[name] for name in wishes if name in others}
    return {**{name: value for name, value in own.items() if name not in gone}, **wishes}


def rewrite(source: Path, target: Path, job: dict[str, object]) -> None:
    """Copy a zip with this job.toml in the place of its own; nothing is packed again.

    Raises:
        Failure: SHARE_WRITE, PROJECT_UNREADABLE.
    """
    jobfile = tomli_w.dumps(job).encode()
    with _opened(source) as file, _writing(target.parent), target.open("xb") as fresh:
        _with_jobfile(file, fresh, jobfile, lambda _done, _all: None)
        fresh.flush()
        with contextlib.suppress(OSError):
            os.fsync(fresh.fileno())


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        file = source.open("rb")
    except OSError as error:
        raise _unreadable(source, reason_of(error)) from error
    with file:
        try:
            yield file
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            raise _unreadable(source, "it is not a whole zip") from error


def _unreadable(source: Path, reason: str) -> Failure:
    return Failure.of(FaultKind.PROJECT_UNREADABLE, path=source, reason=reason)


@contextlib.contextmanager
def _writing(share: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        path = error.filename or share
        raise Failure.of(FaultKind.SHARE_WRITE, path=path, reason=reason_of(error)) from error


def _appear(fresh: Path, share: Path, stem: str, suffix: str) -> Path:
    """Give a whole file its name, at once and over nothing."""
    for number in itertools.count(1):
        target = share / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        if target.exists():
            continue
        try:
            os.link(fresh, target)
        except FileExistsError:
            continue
        except OSError:  # no hard links there
            fresh.rename(target)
        return target
    raise AssertionError


def _size(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def _copy(file: BinaryIO, target: BinaryIO, count: int, told: Told) -> None:
    done = 0
    told(0, count)
    while done < count:
        piece = file.read(min(_PIECE, count - done))
        if not piece:
            raise ValueError("it became shorter")
        target.write(piece)
        done += len(piece)
        told(done, count)


# a zip with another job.toml


def _with_jobfile(file: BinaryIO, target: BinaryIO, jobfile: bytes, told: Told) -> None:
    """Copy a zip's files as they stand, and write its directory anew.

    Nothing is packed again, and names stay the bytes that they are.
    """
    with zipfile.ZipFile(file) as archive:
        begin, count = archive.start_dir, len(archive.filelist)
        first = min((one.header_offset for one in archive.filelist), default=0)
    file.seek(begin)
    directory = file.read()
    # Offsets may count from behind something that stands before the zip, such as a program.
    written = _first_offset(directory, count)
    shift = first - written if written < _LARGEST else 0
    kept = b"".join(one for one in _entries(directory, count) if not _is_jobfile(one))
    file.seek(0)
    _copy(file, target, begin, told)
    local, entry = _member(JOBFILE.encode(), jobfile, begin - shift)
    target.write(local)
    count = sum(1 for _ in _entries(kept, -1)) + 1
    target.write(_directory(kept + entry, count, begin + len(local) - shift))


def _entries(directory: bytes, count: int) -> Iterator[bytes]:
    place = 0
    while count != 0 and place < len(directory):
        fields = _ENTRY.unpack_from(directory, place)
        if fields[0] != b"PK\x01\x02":
            raise ValueError("the directory is damaged")
        end = place + _ENTRY.size + fields[10] + fields[11] + fields[12]
        yield directory[place:end]
        place, count = end, count - 1


def _first_offset(directory: bytes, count: int) -> int:
    """Give the least offset as written; one that is written elsewhere, for its size, is not it."""
    offsets = [_ENTRY.unpack_from(entry)[16] for entry in _entries(directory, count)]
    return min(offsets, default=0)


def _is_jobfile(entry: bytes) -> bool:
    name = entry[_ENTRY.size : _ENTRY.size + _ENTRY.unpack_from(entry)[10]]
    return name.replace(b"\\", b"/").removeprefix(b"./").lower() == JOBFILE.encode()


def _member(name: bytes, data: bytes, offset: int) -> tuple[bytes, bytes]:
    """Give a small file as it stands in a zip: itself with its header, and its entry."""
    check, size = zlib.crc32(data), len(data)
    needed = _VERSION if offset < _LARGEST else _VERSION64
    middle = (needed, _UTF8, 0, 0, _NEW_YEAR_1980, check, size, size, len(name))
    local = _LOCAL.pack(b"PK\x03\x04", *middle, 0) + name + data
    extra = b"" if offset < _LARGEST else struct.pack("<2HQ", 1, 8, offset)
    entry = _ENTRY.pack(
        *(b"PK\x01\x02", _ON_UNIX | needed, *middle, len(extra)),
        *(0, 0, 0, _REGULAR_FILE, min(offset, _LARGEST)),
    )
    return local, entry + name + extra


def _directory(entries: bytes, count: int, offset: int) -> bytes:
    """Give a zip's directory with its end, in the form for large zips where it must be."""
    size, end = len(entries), b""
    if count >= _MOST or offset >= _LARGEST or size >= _LARGEST:
        version = _ON_UNIX | _VERSION64
        numbers = (version, _VERSION64, 0, 0, count, count, size, offset)
        end = _END64.pack(b"PK\x06\x06", _END64.size - 12, *numbers)
        end += _LOCATOR64.pack(b"PK\x06\x07", 0, offset + size, 1)
    counts = (min(count, _MOST), min(count, _MOST))
    last = (min(size, _LARGEST), min(offset, _LARGEST))
    return entries + end + _END.pack(b"PK\x05\x06", 0, 0, *counts, *last, 0)


def _wrap(file: BinaryIO, target: BinaryIO, name: str, jobfile: bytes, told: Told) -> None:
    """Put a .blend and its job.toml into a zip, unpacked: a .blend is packed as its maker wants."""
    size = _size(file)
    with zipfile.ZipFile(target, "w") as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = _REGULAR_FILE
        member.file_size = size
        with archive.open(member, "w") as packed:
            _copy(file, packed, size, told)  # type: ignore[arg-type]
        member = zipfile.ZipInfo(JOBFILE)
        member.external_attr = _REGULAR_FILE
        archive.writestr(member, jobfile)
