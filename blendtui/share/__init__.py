"""The share: the one room that writes to it. Everything appears there whole or not at all."""

from __future__ import annotations

import contextlib
import functools
import shutil
import stat
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.share import files, parts
from blendtui.share import report as reports
from blendtui.share.names import DROPS, flaw_of, folded, folder_name, numbered
from blendtui.share.report import Report

__all__ = ["DISPLAY", "MARK", "SHEET", "SOUND", "Report", "Share"]

REJECTED, FRAMES, LOGS, PARTS = "rejected", "frames", "logs", ".parts"
REPORT, SHEET = "report.toml", "contact-sheet.jpg"

SOUND, DISPLAY = "@sound", "@display"
"""How paths of files begin that come with frames, and go beside them: into sound/ and display/."""

MARK = ".blendtui-job"
"""Stands in a job's folder from before its drop is moved there until the job is over."""

_MARK_TEXT = b"blendtui works on this job. The file goes when the job is over.\n"

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _guarded(
    method: Callable[Concatenate[Share, _P], _T],
) -> Callable[Concatenate[Share, _P], _T]:
    """Have nothing done but on the share itself, and every error of the system named."""

    @functools.wraps(method)
    def guarded(share: Share, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        share.check()
        try:
            return method(share, *args, **kwargs)
        except OSError as error:
            share.check()
            path = error.filename or share.path
            raise Failure.of(FaultKind.SHARE_WRITE, path=path, reason=reason_of(error)) from error

    return guarded


class Share:
    """One share, by its path on this machine. Its methods block: call them in a thread.

    `is_back` is asked when another folder stands there than before: whether it is the share all
    the same, connected anew. An empty mount point is not.

    Raises:
        Failure: SHARE_MISSING where it is gone, SHARE_WRITE where it can't be written.
    """

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

    @_guarded
    def free_space(self) -> int:
        """Give the bytes that are free on the share."""
        return shutil.disk_usage(self.path).free

    # drops

    @_guarded
    def take(self, drop: Path, known: Collection[str]) -> Path:
        """Move a drop into a folder of its own, which has the job's name; gives its new place.

        The name is the drop's, or that with -2, -3 behind it: one that is in the share or `known`
        is taken, also if it differs by case only. Killed at any point, the drop is either where
        it was, or `unfinished` gives the job; an empty folder is used again.
        """
        if not files.is_file(drop):
            raise FileNotFoundError(2, "it is gone", str(drop))
        job = self._free_name(folder_name(drop.stem), known)
        folder = files.make_folder(self.path / job)
        target = folder / (folder_name(drop.stem) + drop.suffix.lower())
        try:
            self._mark(folder)
            drop.replace(target)
        except OSError:
            _release(folder)
            raise
        with contextlib.suppress(OSError):  # it is moved, whatever the disk says afterwards
            files.sync_folder(folder)
            files.sync_folder(self.path)
        return target

    def _free_name(self, base: str, known: Collection[str]) -> str:
        there = {folded(path.name) for path in self.path.iterdir()}
        taken = {folded(name) for name in known}
        names = (name for name in numbered(base) if folded(name) not in taken)
        return next(
            name for name in names if folded(name) not in there or _is_unused(self.path / name)
        )

    def _mark(self, folder: Path) -> None:
        if not files.is_file(folder / MARK):
            (folder / MARK).write_bytes(_MARK_TEXT)
            files.sync_folder(folder)

    def hidden(self) -> Path:
        """Give a place in the share for a drop that is not whole yet, where nobody takes it."""
        return files.temporary(self.path)

    @_guarded
    def put(self, source: Path, stem: str, suffix: str, known: Collection[str]) -> Path:
        """Make a drop of a whole file that has a hidden name in the share; gives its place.

        The drop's name, and so the job's, is `stem` or that with -2, -3 behind it: one that
        neither the share nor `known` has.
        """
        taken = {folded(name) for name in known}
        for path in self.path.iterdir():
            is_drop = path.suffix.lower() in DROPS
            taken.add(folded(path.stem if is_drop else path.name))
        for name in numbered(folder_name(stem)):
            target = self.path / f"{name}{suffix}"
            if folded(name) not in taken and files.place_new(source, target):
                return target
        raise AssertionError("names never end")

    @_guarded
    def remove_strays(self) -> None:
        """Remove what was to become a drop when its sender was killed."""
        files.remove_strays(self.path)

    @_guarded
    def taken(self, job: str) -> Path | None:
        """Find the drop in a job's folder."""
        for path in files.listed(self.path / job):
            number = job.removeprefix(f"{path.stem}-")
            is_named = job == path.stem or (number != job and number.isdecimal())
            if is_named and path.suffix in DROPS and files.is_file(path):
                return path
        return None

    @_guarded
    def unfinished(self, known: Collection[str]) -> list[str]:
        """Name the jobs that were begun here and that nobody knows: their drops go on.

        What was only prepared for a job, and holds nothing, is removed.
        """
        if files.is_folder(self.path / REJECTED):
            files.remove_temporaries(self.path / REJECTED)
        begun = []
        for folder in files.listed(self.path):
            if folder.name in known or not files.is_folder(folder):
                continue
            if not files.is_file(folder / MARK):
                continue
            if self.taken(folder.name):
                begun.append(folder.name)
            elif _is_unused(folder):
                _release(folder)
        return begun

    @_guarded
    def reject(self, drop: Path, why: str) -> Path:
        """Move a drop to rejected/, with its reason in plain words beside it; gives its place."""
        folder = files.make_folder(self.path / REJECTED)
        there = {folded(path.name) for path in files.listed(folder)}
        name = next(
            name
            for name in numbered(folder_name(drop.stem))
            if not any(folded(name + suffix) in there for suffix in DROPS)
        )
        target = folder / (name + drop.suffix.lower())
        reason = folder / f"{name}.reason.txt"
        files.write_whole(reason, f"{why}\n".encode("utf-8", "backslashreplace"))
        try:
            drop.replace(target)
        except OSError:
            reason.unlink(missing_ok=True)
            raise
        files.sync_folder(folder)
        if drop.parent != self.path:
            _release(drop.parent)
        return target

    # frames

    @_guarded
    def frame_target(self, job: str, relative: str) -> Path:
        """Give the place of a frame's file and make its folder.

        Raises:
            Failure: OUTPUT_REFUSED, for a name that would lead out of the job's frames.
        """
        flaw = flaw_of(relative)
        if flaw:
            raise _refused(job, relative, flaw)
        *folders, name = _placed(relative).split("/")
        folder = self.path / job
        try:
            for part in folders:
                folder = files.make_folder(folder / part)
        except NotADirectoryError as error:
            raise _refused(job, relative, "a link or a file is in the way on the share") from error
        target = folder / name
        if target.is_symlink() or target.is_dir():
            raise _refused(job, relative, "a link or a folder is in its place on the share")
        return target

    @_guarded
    def frame_file(self, job: str, relative: str) -> Path | None:
        """Find a frame's file that is in its place; None where there is none, or no plain file."""
        if flaw_of(relative):
            return None
        folder = self.path / job
        path = folder / _placed(relative)
        is_inside = path.resolve().is_relative_to(folder.resolve())
        return path if is_inside and files.is_file(path) else None

    def beside(self, target: Path, key: str) -> Path:
        """Give the temporary place of a file on its way; `key` names the copy, such as its try.

        Two devices' copies of one frame have two places.
        """
        return files.temporary(target.parent, f"{target.name}/{key}")

    @_guarded
    def place(self, source: Path | bytes, target: Path) -> None:
        """Put a file, or what is to be in it, in its place in one step, safe from a power cut."""
        if isinstance(source, bytes):
            files.write_whole(target, source)
        else:
            files.place(source, target)

    @_guarded
    def adopt(self, source: Path, target: Path, size: int, sha256: str) -> None:
        """Put a file that a device wrote here itself in its place, once it is what it said.

        One that is in its place already, since we were killed right then, is left there.

        Raises:
            Failure: OUTPUT_MISSING or OUTPUT_CHANGED.
        """
        found = files.measure(self.path, source)
        if found is None:
            if files.measure(self.path, target) == (size, sha256):
                return
            raise Failure.of(
                FaultKind.OUTPUT_MISSING, path=source.name, detail="no such file on the share"
            )
        if found != (size, sha256):
            detail = "size or hash is another"
            raise Failure.of(FaultKind.OUTPUT_CHANGED, path=source.name, detail=detail)
        files.place(source, target)

    @_guarded
    def sweep(self, job: str, runs: Collection[str] = ()) -> None:
        """Remove what was on its way when an engine was killed; `runs` still write theirs."""
        folder = self.path / job
        if not files.is_folder(folder):
            return
        files.remove_temporaries(folder)
        living = {self.outbox_name(run) for run in runs}
        for path in files.listed(folder):
            is_outbox = path.name.startswith(".") and path.name.endswith(".out")
            if is_outbox and path.name not in living:
                files.remove_tree(path)

    # parts of frames, until they are merged

    @_guarded
    def part_target(self, job: str, number: int) -> Path:
        """Give the place of a part's file and make its folder."""
        return files.make_folder(self.path / job / PARTS) / f"{number}.exr"

    @_guarded
    def part_file(self, job: str, number: int) -> Path | None:
        """Find a part's file; None where it is gone."""
        path = self.path / job / PARTS / f"{number}.exr"
        return path if files.is_file(path) else None

    @_guarded
    def remove_parts(self, job: str, frame: int | None = None) -> None:
        """Remove a frame's parts, or all of the job's."""
        parts.remove(self.path / job / PARTS, frame)

    # what is made of frames

    @_guarded
    def product(self, job: str, name: str) -> Path:
        """Give the temporary place, always the same, of a file that is made of a job's frames.

        Raises:
            Failure: OUTPUT_REFUSED, for a name that can't stand in the job's folder.
        """
        target = self._product(job, name)
        return files.temporary(target.parent, name)

    @_guarded
    def place_product(self, job: str, source: Path, name: str) -> None:
        """Put such a file in its place in one step."""
        files.place(source, self._product(job, name))

    @_guarded
    def remove_product(self, job: str, name: str) -> None:
        """Remove such a file."""
        self._product(job, name).unlink(missing_ok=True)

    def _product(self, job: str, name: str) -> Path:
        flaw = flaw_of(name)
        target = self.path / job / name
        if not flaw and (target.is_symlink() or target.is_dir()):
            flaw = "a link or a folder is in its place on the share"
        if flaw or "/" in name:
            raise _refused(job, name, flaw or "it is no name")
        return target

    # devices that write here themselves

    def outbox_name(self, run: str) -> str:
        """Give the name, within the job's folder, of the folder that a run writes to itself."""
        return f".{run}.out"

    def outbox(self, job: str, run: str) -> Path:
        """Give the folder that a run writes to itself (the device makes it)."""
        return self.path / job / self.outbox_name(run)

    @_guarded
    def remove_outbox(self, job: str, run: str) -> None:
        """Remove a run's own folder."""
        files.remove_tree(self.outbox(job, run))

    # reports

    @_guarded
    def write_report(self, job: str, report: Report) -> None:
        """Rewrite report.toml in one step. The mark goes with the report of a job that is over."""
        folder = self.path / job
        if report.ended is None:
            self._mark(folder)
        files.write_whole(folder / REPORT, reports.write(report).encode())
        if report.ended is not None:
            (folder / MARK).unlink(missing_ok=True)

    @_guarded
    def keep_log(self, job: str, name: str, text: str) -> None:
        """Keep a failed try's log where the user finds it."""
        folder = files.make_folder(self.path / job / LOGS)
        files.write_whole(folder / name, text.encode("utf-8", "backslashreplace"))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _placed(relative: str) -> str:
    """Give where a frame's file goes below its job's folder."""
    first, _, rest = relative.partition("/")
    if rest and first in (SOUND, DISPLAY):
        return f"{first.removeprefix('@')}/{rest}"
    return f"{FRAMES}/{relative}"


def _refused(job: str, relative: str, detail: str) -> Failure:
    return Failure.of(FaultKind.OUTPUT_REFUSED, path=relative, job=job, detail=detail)


def _is_unused(folder: Path) -> bool:
    """Whether a folder holds nothing, but perhaps the mark of a job that never came."""
    if not files.is_folder(folder):
        return False
    return all(path.name == MARK for path in files.listed(folder))


def _release(folder: Path) -> None:
    """Remove a folder that was made for a drop, unless there is something in it."""
    if _is_unused(folder):
        with contextlib.suppress(OSError):
            (folder / MARK).unlink(missing_ok=True)
            folder.rmdir()
