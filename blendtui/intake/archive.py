"""Unpacks what was dropped into a folder of its own, and nowhere else."""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import Project, ProjectFile
from blendtui.intake.choose import choose_blend, find_jobfile, is_blend, pick_blend
from blendtui.intake.container import (
    PIECE,
    Archive,
    check_filled,
    contents,
    open_archive,
    open_drop,
)
from blendtui.intake.directory import Member, members, too_large
from blendtui.intake.jobfile import JobFile, read_jobfile
from blendtui.intake.names import check_portable, place
from blendtui.intake.room import check_room
from blendtui.settings import Limits

_NAME_REFUSED = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ})
"""What a disk answers to a name that it will never take."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A drop that has been unpacked: its files, and what job.toml in it says."""

    project: Project
    jobfile: JobFile


def unpack(drop: Path, into: Path, limits: Limits, blend: str | None = None) -> Unpacked:
    """Unpack NAME.zip, or copy a bare NAME.blend, into the new folder `into`.

    A zip's directory is checked as a whole before anything is written. Every file is read once
    and hashed on the way. `blend`, a path within the zip, goes before the one that job.toml names.
    Raises Failure: ARCHIVE_*, DISK_*, BLEND_NONE, BLEND_SEVERAL, BLEND_NAMED_MISSING,
    BLEND_CHOSEN_MISSING or JOBFILE_INVALID; what was made by then is removed again.
    """
    if is_blend(drop.name):
        pick_blend([drop.name], drop.name if blend is None else blend, drop.name)
        return _copy_blend(drop, into, limits)
    with open_archive(drop, limits) as archive:
        found = members(archive, limits)
        paths = [member.path for member in found]
        jobfile_path = find_jobfile(paths)
        jobfile = _read_jobfile(archive, found, jobfile_path)
        found = [member for member in found if member.path != jobfile_path]
        paths = [member.path for member in found]
        if blend is None:
            chosen = choose_blend(paths, jobfile.blend, jobfile=jobfile_path, drop=drop.name)
        else:
            chosen = pick_blend(paths, blend, drop.name)
        with _new_folder(into, drop.name, sum(member.info.file_size for member in found)):
            files = tuple(
                _write(contents(archive, member.path, member.info), into, member.path, drop.name)
                for member in found
            )
    return Unpacked(Project(chosen, files), jobfile)


def blends_of(drop: Path, limits: Limits) -> tuple[str, ...]:
    """Name the .blend files of a zip, sorted, by its directory alone. Raises Failure: ARCHIVE_*."""
    with open_archive(drop, limits) as archive:
        return tuple(sorted(one.path for one in members(archive, limits) if is_blend(one.path)))


def _copy_blend(drop: Path, into: Path, limits: Limits) -> Unpacked:
    with _named(drop.name):
        path = place(drop.name)
        check_portable(path)
    with open_drop(drop) as source:
        total = source.seek(0, io.SEEK_END)
        if total > limits.size:
            raise too_large(drop.name, total, limits)
        check_filled(source, drop.name, limits)
        source.seek(0)
        with _named(drop.name), _new_folder(into, drop.name, total):
            file = _write(_pieces(source, drop.name, total), into, path, drop.name)
    return Unpacked(Project(path, (file,)), JobFile())


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of a bare .blend what would be said of a name in a zip."""
    try:
        yield
    except Failure as failure:
        if failure.fault.kind not in (FaultKind.ARCHIVE_PATH, FaultKind.ARCHIVE_NAME):
            raise
        problem = failure.fault.fact("problem")
        raise Failure.of(FaultKind.DROP_NAME, name=name, problem=problem) from None


def _pieces(source: io.FileIO, name: str, total: int) -> Iterator[bytes]:
    """Read the bytes that were there when it was opened, and no more if it grows meanwhile."""
    left = total
    while left > 0:
        try:
            piece = source.read(min(PIECE, left)) or b""
        except OSError as error:
            reason = reason_of(error)
            raise Failure.of(FaultKind.ARCHIVE_BROKEN, name=name, reason=reason) from None
        if not piece:
            raise Failure.of(FaultKind.ARCHIVE_BROKEN, name=name, reason="it became shorter")
        left -= len(piece)
        yield piece


def _read_jobfile(archive: Archive, found: list[Member], path: str | None) -> JobFile:
    for member in found:
        if member.path == path:
            # Two pieces are more than the largest one; a smaller one is read, and checked, whole.
            return read_jobfile(b"".join(islice(contents(archive, path, member.info), 2)))
    return JobFile()


@contextmanager
def _new_folder(into: Path, name: str, needed: int) -> Iterator[None]:
    """Make the folder, and remove it with all that is in it unless the block ends well.

    Raises Failure: DISK_NO_ROOM or DISK_TOO_SMALL where there is no room for `needed` bytes.
    """
    with _writing(name, into.name):
        into.parent.mkdir(parents=True, exist_ok=True)
        check_room(into.parent, name, needed)
        into.mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, into, ignore_errors=True)
        yield
        stack.pop_all()


def _write(pieces: Iterator[bytes], into: Path, path: str, name: str) -> ProjectFile:
    """Write one file, hashing it on the way; what is there already is never written over."""
    digest = hashlib.sha256()
    size = 0
    target = into / path
    # What goes wrong in reading comes out of `pieces` as a Failure: an OSError is from writing.
    with _writing(name, path):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb", buffering=0) as file:
            for piece in pieces:
                _write_all(file, piece)
                digest.update(piece)
                size += len(piece)
    return ProjectFile(path, digest.hexdigest(), size)


def _write_all(file: io.FileIO, piece: bytes) -> None:
    # A disk that fills up takes a part first.
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


@contextmanager
def _writing(name: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = reason_of(error)
        if error.errno in _NAME_REFUSED:
            problem = f"has a name that cannot be stored on this computer ({reason})"
            raise Failure.of(FaultKind.ARCHIVE_NAME, path=path, problem=problem) from None
    except UnicodeEncodeError as error:
        # On Unix without a UTF-8 locale Python cannot write every name.
        reason = f"the locale's encoding, {error.encoding}, has no such characters"
    else:
        return
    raise Failure.of(FaultKind.ARCHIVE_WRITE, name=name, path=path, reason=reason)
