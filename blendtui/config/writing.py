"""Writing a devices.toml: in one step, and never over what somebody else wrote meanwhile."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from blendtui.config.exposure import holds_passwords
from blendtui.config.source import content_of, decoded
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

BEGINNING = "# blendtui's devices. `blendtui init FILE` writes one with every setting explained.\n"
"""What a new file begins with."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A devices.toml as it was when it was read; `data` is None where there was none."""

    path: Path
    data: bytes | None
    text: str


class Overtaken(Exception):  # noqa: N818 - nothing failed: somebody else was first
    """The file was changed since it was read; `theirs` is what stands there now."""

    def __init__(self, theirs: Kept) -> None:
        super().__init__(str(theirs.path))
        self.theirs = theirs


def read(path: Path) -> Kept:
    """Read a file to change it; one that is not there yet begins with a remark.

    Raises:
        Failure: CONFIG_UNREADABLE or CONFIG_ENCODING.
    """
    try:
        data = content_of(path)
    except Failure as failure:
        if failure.fault.kind is FaultKind.CONFIG_NOT_FOUND and not path.is_symlink():
            return Kept(path, None, BEGINNING)
        raise
    return Kept(path, data, decoded(path, data))


def write(before: Kept, text: str) -> Kept:
    """Put a text in a file's place, with its rights; gives the file as it is then.

    A link stays one: what it leads to is written. Once there are passwords in it, it is for its
    owner alone.

    Raises:
        Overtaken: it is not as it was read; nothing was written.
        Failure: CONFIG_UNWRITABLE, and as `read`.
    """
    now = read(before.path)
    if now.data != before.data:
        raise Overtaken(now)
    data = text.encode("utf-8")
    target = Path(os.path.realpath(before.path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        rights = 0o644 if before.data is None else target.stat().st_mode & 0o7777
        if holds_passwords(text) and not holds_passwords(before.text):
            rights &= 0o700
        _replace(target, data, rights)
    except OSError as error:
        facts = {"file": before.path, "problem": reason_of(error)}
        raise Failure.of(FaultKind.CONFIG_UNWRITABLE, **facts) from error
    return Kept(before.path, data, text)


def _replace(target: Path, data: bytes, rights: int) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # What mkstemp makes is for its owner alone, which others may not want of a new file.
        fresh.chmod(rights)
        fresh.replace(target)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every network file system knows it
            os.fsync(handle)
    finally:
        os.close(handle)
