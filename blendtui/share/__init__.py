"""The share: the one room that writes to it. Everything appears there whole or not at all."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Concatenate, ParamSpec, TypeVar

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.share import report as reports
from blendtui.share.names import folder_name, is_forbidden, is_reserved
from blendtui.share.report import Report

__all__ = ["Report", "Share"]

REJECTED = "rejected"
FRAMES = "frames"
LOGS = "logs"
REPORT = "report.toml"

_DROPS = (".zip", ".blend")
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _writes(
    method: Callable[Concatenate[Share, _P], _T],
) -> Callable[Concatenate[Share, _P], _T]:
    """Turn what the operating system says into a Failure that names the place."""

    @functools.wraps(method)
    def guarded(share: Share, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return method(share, *args, **kwargs)
        except OSError as error:
            share.check()
            path = error.filename or share.path
            raise Failure.of(FaultKind.SHARE_WRITE, path=path, reason=reason_of(error)) from error

    return guarded


class Share:
    """One share, by its path on this machine. Its methods block: call them in a thread.

    Raises:
        Failure: SHARE_MISSING where it is gone, SHARE_WRITE where it can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def check(self) -> None:
        """Hold that the share is there and is a folder."""
        if not self.path.is_dir():
            raise Failure.of(FaultKind.SHARE_MISSING, path=self.path)

    # drops

    @_writes
    def reserve(self, stem: str, is_known: Callable[[str], bool]) -> str:
        """Make a new job's folder and give its name: the drop's, or with -2, -3 behind it.

        A name that `is_known` or that differs from another only by case is taken.
        """
        base = folder_name(stem)
        taken = {entry.name.casefold() for entry in self.path.iterdir() if entry.is_dir()}
        for name in _numbered(base):
            if name.casefold() in taken or is_known(name):
                continue
            with contextlib.suppress(FileExistsError):
                (self.path / name).mkdir()
                return name
        raise AssertionError("numbers never end")

    @_writes
    def take(self, drop: Path, job: str) -> Path:
        """Move a drop into its job's folder; what was moved already stays."""
        target = self.path / job / (folder_name(drop.stem) + drop.suffix.lower())
        if drop.exists():
            drop.replace(target)
        return target

    def taken(self, job: str) -> Path | None:
        """Find the drop in a job's folder."""
        folder = self.path / job
        found = [path for path in _listed(folder) if path.suffix.lower() in _DROPS]
        return found[0] if found else None

    @_writes
    def unreported(self) -> list[str]:
        """Name the folders that hold a drop but no report: taken, and then nobody went on."""
        return [
            folder.name
            for folder in _listed(self.path)
            if folder.is_dir() and self.taken(folder.name) and not (folder / REPORT).exists()
        ]

    @_writes
    def reject(self, drop: Path, why: str) -> Path:
        """Move a drop to rejected/, with its reason in plain words beside it."""
        folder = self.path / REJECTED
        folder.mkdir(exist_ok=True)
        for name in _numbered(folder_name(drop.stem)):
            target = folder / (name + drop.suffix.lower())
            reason = folder / f"{name}.reason.txt"
            if target.exists() or reason.exists():
                continue
            _write_whole(reason, f"{why}\n".encode())
            drop.replace(target)
            return target
        raise AssertionError("numbers never end")

    # frames

    @_writes
    def frame_target(self, job: str, relative: str) -> Path:
        """Give the place of a frame's file and make its folder.

        Raises:
            Failure: OUTPUT_REFUSED, for a name that would lead out of the job's frames.
        """
        frames = self.path / job / FRAMES
        frames.mkdir(exist_ok=True)
        parts = PurePosixPath(relative).parts
        if not parts or not all(_is_harmless(part) for part in relative.split("/")):
            raise Failure.of(FaultKind.OUTPUT_REFUSED, path=relative, job=job)
        folder = frames
        for part in parts[:-1]:
            folder = folder / part
            folder.mkdir(exist_ok=True)
        target = folder / parts[-1]
        real = folder.resolve()
        if target.is_symlink() or not real.is_relative_to(frames.resolve()):
            raise Failure.of(FaultKind.OUTPUT_REFUSED, path=relative, job=job)
        return target

    def beside(self, target: Path) -> Path:
        """Give the temporary place of a file on its way to its target."""
        return target.with_name(f".{target.name}.part")

    @_writes
    def place(self, source: Path, target: Path) -> None:
        """Put a whole file in its place in one step, safe from a power cut."""
        _sync(source)
        source.replace(target)
        _sync_folder(target.parent)

    @_writes
    def verify(self, path: Path, size: int, sha256: str) -> None:
        """Hold that a file that a device wrote here itself is what the device said.

        Raises:
            Failure: OUTPUT_MISSING or OUTPUT_CHANGED.
        """
        if path.is_symlink() or not path.is_file():
            raise Failure.of(FaultKind.OUTPUT_MISSING, path=path.name, detail="is not on the share")
        if path.stat().st_size != size or _hash(path) != sha256:
            raise Failure.of(
                FaultKind.OUTPUT_CHANGED, path=path.name, detail="size or hash is another"
            )

    @_writes
    def sweep(self, job: str) -> None:
        """Remove what was on its way when an engine was killed."""
        frames = self.path / job / FRAMES
        if frames.is_dir():
            for path in frames.rglob(".*.part"):
                path.unlink(missing_ok=True)

    # devices that write here themselves

    def outbox_name(self, run: str) -> str:
        """Give the name, within the job's folder, of the folder that a run writes to itself."""
        return f".{run}.out"

    @_writes
    def outbox(self, job: str, run: str) -> Path:
        """Make the folder that a run writes to itself."""
        folder = self.path / job / self.outbox_name(run)
        folder.mkdir(exist_ok=True)
        return folder

    @_writes
    def remove_outbox(self, job: str, run: str) -> None:
        """Remove a run's own folder."""
        shutil.rmtree(self.path / job / self.outbox_name(run), ignore_errors=True)

    # reports

    @_writes
    def write_report(self, job: str, report: Report) -> None:
        """Rewrite report.toml in one step."""
        _write_whole(self.path / job / REPORT, reports.write(report).encode())

    @_writes
    def keep_log(self, job: str, name: str, text: str) -> None:
        """Keep a failed try's log where the user finds it."""
        folder = self.path / job / LOGS
        folder.mkdir(exist_ok=True)
        _write_whole(folder / name, text.encode("utf-8", "backslashreplace"))

    def free_space(self) -> int:
        """Give the bytes that are free on the share."""
        return shutil.disk_usage(self.path).free


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def _is_harmless(part: str) -> bool:
    bad = part in ("", ".", "..") or part.startswith(".") or part.endswith((" ", "."))
    return not (bad or is_reserved(part) or any(is_forbidden(char) for char in part))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write_whole(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.part")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Have a rename reach the disk; Windows neither needs it nor can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
