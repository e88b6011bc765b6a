"""Files and folders so that they are there whole or not at all, and never through a link."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
from pathlib import Path

TEMPORARY = (".blendtui-", ".part")
"""How the name of every file that is on its way begins and ends."""

STRAY_AFTER = 3600.0
"""Seconds after which a drop on its way that nobody has written to is nobody's any more."""

_OURS = re.compile(r"\.blendtui-[0-9a-f]{20}\.part")

_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF})
"""What network file systems answer to an fsync that they don't know."""

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def temporary(folder: Path, key: str = "") -> Path:
    """Give a file's place on its way: always the same one for a key, else one of its own."""
    name = hashlib.sha256(key.encode()).hexdigest()[:20] if key else secrets.token_hex(10)
    return folder / name.join(TEMPORARY)


def is_temporary(name: str) -> bool:
    """Whether a name is one that `temporary` gives."""
    return name.startswith(TEMPORARY[0]) and name.endswith(TEMPORARY[1])


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, or write it anew, in one step that a power cut can't halve."""
    fresh = temporary(path.parent)
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            _fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def place(source: Path, target: Path) -> None:
    """Move a whole file over its target in one step that a power cut can't halve."""
    # Windows syncs only what may be written; elsewhere a device's file may be ours to read only.
    with source.open("rb+" if os.name == "nt" else "rb") as file:
        _fsync(file.fileno())
    source.replace(target)
    sync_folder(target.parent)


def place_new(source: Path, target: Path) -> bool:
    """Move a whole file to where nothing is, in one step; False if something is there already."""
    with source.open("rb+" if os.name == "nt" else "rb") as file:
        _fsync(file.fileno())
    if os.path.lexists(target):
        return False
    try:
        os.link(source, target)
        source.unlink()
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links: then the look above has to do
        source.replace(target)
    sync_folder(target.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Have a rename reach the disk; Windows neither needs it nor can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _fsync(handle)
    finally:
        os.close(handle)


def _fsync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def is_folder(path: Path) -> bool:
    """Whether there is a folder that is no link (nor a junction, on Windows)."""
    try:
        found = path.lstat()
    except OSError as error:
        if error.errno in _GONE:
            return False
        raise
    is_junction = getattr(found, "st_reparse_tag", 0) == getattr(
        stat, "IO_REPARSE_TAG_MOUNT_POINT", -1
    )
    return stat.S_ISDIR(found.st_mode) and not is_junction


def is_file(path: Path) -> bool:
    """Whether there is a regular file that is no link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError as error:
        if error.errno in _GONE:
            return False
        raise


def make_folder(path: Path) -> Path:
    """Make a folder, if it isn't there, within one that is.

    Raises:
        NotADirectoryError: something else is in its place, such as a link to a folder.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    return real_folder(path)


def real_folder(path: Path) -> Path:
    """Give a folder back that is there.

    Raises:
        FileNotFoundError: it is not.
        NotADirectoryError: something else is in its place, such as a link to a folder.
    """
    if is_folder(path):
        return path
    if os.path.lexists(path):
        raise NotADirectoryError(errno.ENOTDIR, "it is a link or a file, not a folder", str(path))
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def listed(folder: Path) -> list[Path]:
    """Give what is in a folder, by name; nothing where there is none."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def remove_tree(path: Path) -> None:
    """Remove a folder with all in it, as far as possible; of a link, only the link."""
    if is_folder(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_temporaries(folder: Path) -> None:
    """Remove the files that were on their way below a folder when somebody was killed."""
    for where, _, names in os.walk(folder):
        for name in filter(is_temporary, names):
            (Path(where) / name).unlink(missing_ok=True)


def remove_strays(folder: Path) -> None:
    """Remove the files at the top of a folder whose sender was killed `STRAY_AFTER` seconds ago.

    Senders write all the time, from other machines too. The age is by the clock that gives the
    files their times, which may be a server's.
    """
    found = [path for path in listed(folder) if _OURS.fullmatch(path.name) and is_file(path)]
    if not found:
        return
    now = _clock_of(folder)
    for path in found:
        with contextlib.suppress(OSError):  # renamed just now, or another user's
            if now - path.lstat().st_mtime > STRAY_AFTER:
                path.unlink()


def _clock_of(folder: Path) -> float:
    fresh = temporary(folder)
    try:
        fresh.touch(exist_ok=False)
        return fresh.lstat().st_mtime
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def measure(base: Path, path: Path) -> tuple[int, str] | None:
    """Give bytes and hash (sha256, hex) of a file below `base`; None where there is none.

    A link counts as nothing wherever it stands on the way from `base`, and so does what is no
    regular file: somebody else writes here.
    """
    folder = base
    for part in path.parent.relative_to(base).parts:
        folder = folder / part
        if not is_folder(folder):
            return None
        # Opening it has NFS look anew, where it might remember that there was no such file.
        os.scandir(folder).close()
    # A pipe would keep us waiting for somebody to write into it.
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    try:
        handle = os.open(path, os.O_RDONLY | flags)
    except OSError as error:
        if error.errno in _GONE or error.errno == errno.ENXIO:
            return None
        raise
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            return None
        return found.st_size, hashlib.file_digest(file, "sha256").hexdigest()
