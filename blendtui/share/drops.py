"""Drops: taken as jobs, put there whole, or rejected with a reason."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

from blendtui.share import files
from blendtui.share.ground import Ground, guarded
from blendtui.share.marks import MARK, is_unused, mark, release
from blendtui.share.names import DROPS, folded, folder_name, numbered

REJECTED = "rejected"


class Drops(Ground):
    """What lies at the top of the share until it is a job."""

    @guarded
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
            mark(folder)
            drop.replace(target)
        except OSError:
            release(folder)
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
            name for name in names if folded(name) not in there or is_unused(self.path / name)
        )

    def hidden(self) -> Path:
        """Give a place in the share for a drop that is not whole yet, where nobody takes it."""
        return files.temporary(self.path)

    @guarded
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

    @guarded
    def remove_strays(self) -> None:
        """Remove what was to become a drop when its sender was killed."""
        files.remove_strays(self.path)

    @guarded
    def taken(self, job: str) -> Path | None:
        """Find the drop in a job's folder."""
        if not files.is_folder(self.path / job):
            return None
        for path in files.listed(self.path / job):
            number = job.removeprefix(f"{path.stem}-")
            is_named = job == path.stem or (number != job and number.isdecimal())
            if is_named and path.suffix in DROPS and files.is_file(path):
                return path
        return None

    @guarded
    def unfinished(self, known: Collection[str]) -> list[str]:
        """Name the jobs that were begun here and that nobody knows: their drops go on.

        What was only prepared for a job, and holds nothing, is removed. A folder that we may not
        look into is none of ours.
        """
        if files.is_folder(self.path / REJECTED):
            files.remove_temporaries(self.path / REJECTED)
        begun = []
        for folder in files.listed(self.path):
            if folder.name in known or not files.is_folder(folder):
                continue
            with contextlib.suppress(PermissionError):
                if not files.is_file(folder / MARK):
                    continue
                if self.taken(folder.name):
                    begun.append(folder.name)
                elif is_unused(folder):
                    release(folder)
        return begun

    @guarded
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
            release(drop.parent)
        return target
