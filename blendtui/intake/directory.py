"""The rules for a zip's directory: checked as a whole, before a byte is written."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.container import KINDS, RATIO_EXEMPT, Archive, data_end
from blendtui.intake.names import Tree, check_portable, is_junk, place
from blendtui.settings import Limits
from blendtui.wording import size

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
# Deflate and no compression are what zip programs write by default. Of the others Python reads
# some, but hands out as much at once as a few bytes can unpack to: memory without bound.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_METHOD_NAMES = {9: "Deflate64", 12: "BZip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_UNICODE_PATH = 0x7075


@dataclass(frozen=True, slots=True)
class Member:
    """One file to unpack: its checked path in the project, and its entry in the zip."""

    path: str
    info: zipfile.ZipInfo


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
        what = KINDS.get(_kind(info), "something unknown")
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
    shown, limit = size(total), size(limits.size)
    if shown == limit:
        shown, limit = f"{total:,} B", f"{limits.size:,} B"
    return Failure.of(FaultKind.ARCHIVE_TOO_LARGE, name=name, size=shown, limit=limit)


def _check_apart(archive: Archive, found: list[Member]) -> None:
    """Refuse entries that share bytes: bombs do, which unpack the same data again and again."""
    before = 0
    for member in sorted(found, key=lambda member: member.info.header_offset):
        begin = member.info.header_offset
        if begin < before:
            raise archive.broken(f"“{member.path}” overlaps another file in it")
        before = data_end(archive, member.path, member.info)
        if before > archive.zip.start_dir:
            raise archive.broken(f"“{member.path}” is cut short or damaged")
