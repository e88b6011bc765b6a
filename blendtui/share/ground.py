"""The share's folder itself: the same one as before, or nothing is done there."""

from __future__ import annotations

import functools
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.share import files

RESERVE = 2**30
"""Bytes that frames leave free for reports, logs and drops, or a hundredth of a small share."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_G = TypeVar("_G", bound="Ground")


def guarded(
    method: Callable[Concatenate[_G, _P], _T],
) -> Callable[Concatenate[_G, _P], _T]:
    """Have nothing done but on the share itself, and every error of the system named."""

    @functools.wraps(method)
    def guarded(ground: _G, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        ground.check()
        try:
            return method(ground, *args, **kwargs)
        except OSError as error:
            ground.check()
            path = error.filename or ground.path
            raise Failure.of(FaultKind.SHARE_WRITE, path=path, reason=reason_of(error)) from error

    return guarded


class Ground:
    """A share's folder, by its path on this machine. See `Share`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.is_back: Callable[[], bool] = lambda: False
        self._identity = _identity(self.path)

    def check(self) -> None:
        """Hold that the share is there, a folder, and the same one as before."""
        found = _identity(self.path)
        if self._identity is None or (found not in (None, self._identity) and self.is_back()):
            self._identity = found
        if found is None or found != self._identity:
            raise Failure.of(FaultKind.SHARE_MISSING, path=self.path)

    @guarded
    def spare_space(self) -> int | None:
        """Give the bytes that frames may take; None where the file system does not say."""
        found = shutil.disk_usage(self.path)
        if not found.total:
            return None
        return max(found.free - min(RESERVE, found.total // 100), 0)

    def _folder(self, job: str) -> Path:
        """Give a job's folder, for writing: whoever may write to the share could link it away.

        Raises:
            OSError: it is gone, or something else is in its place, such as a link to a folder.
        """
        return files.real_folder(self.path / job)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def refused(job: str, relative: str, detail: str) -> Failure:
    """Make the failure for a file that can't have its place in a job's folder."""
    return Failure.of(FaultKind.OUTPUT_REFUSED, path=relative, job=job, detail=detail)
