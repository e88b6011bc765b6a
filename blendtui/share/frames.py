"""Files of a job's frames: in their places in one step, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.share import files, parts
from blendtui.share.ground import Ground, guarded, refused
from blendtui.share.names import flaw_of

FRAMES, PARTS = "frames", ".parts"

SOUND, DISPLAY = "@sound", "@display"
"""How paths of files begin that come with frames, and go beside them: into sound/ and display/."""


class Frames(Ground):
    """Frames, their parts until they are merged, and what devices write here themselves."""

    @guarded
    def frame_target(self, job: str, relative: str) -> Path:
        """Give the place of a frame's file and make its folder.

        Raises:
            Failure: OUTPUT_REFUSED, for a name that would lead out of the job's frames.
        """
        flaw = flaw_of(relative)
        if flaw:
            raise refused(job, relative, flaw)
        *folders, name = _placed(relative).split("/")
        folder = self._folder(job)
        try:
            for part in folders:
                folder = files.make_folder(folder / part)
        except NotADirectoryError as error:
            raise refused(job, relative, "a link or a file is in the way on the share") from error
        target = folder / name
        if target.is_symlink() or target.is_dir():
            raise refused(job, relative, "a link or a folder is in its place on the share")
        return target

    @guarded
    def frame_file(self, job: str, relative: str) -> Path | None:
        """Find a frame's file that is in its place; None where there is none, or no plain file."""
        folder = self.path / job
        if flaw_of(relative) or not files.is_folder(folder):
            return None
        path = folder / _placed(relative)
        is_inside = path.resolve().is_relative_to(folder.resolve())
        return path if is_inside and files.is_file(path) else None

    def beside(self, target: Path, key: str) -> Path:
        """Give the temporary place of a file on its way; `key` names the copy, such as its try.

        Two devices' copies of one frame have two places.
        """
        return files.temporary(target.parent, f"{target.name}/{key}")

    @guarded
    def place(self, source: Path | bytes, target: Path) -> None:
        """Put a file, or what is to be in it, in its place in one step, safe from a power cut."""
        if isinstance(source, bytes):
            files.write_whole(target, source)
        else:
            files.place(source, target)

    @guarded
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

    @guarded
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

    @guarded
    def part_target(self, job: str, number: int) -> Path:
        """Give the place of a part's file and make its folder."""
        return files.make_folder(self._folder(job) / PARTS) / f"{number}.exr"

    @guarded
    def part_file(self, job: str, number: int) -> Path | None:
        """Find a part's file; None where it is gone."""
        folder = self.path / job
        if not files.is_folder(folder) or not files.is_folder(folder / PARTS):
            return None
        path = folder / PARTS / f"{number}.exr"
        return path if files.is_file(path) else None

    @guarded
    def remove_parts(self, job: str, frame: int | None = None) -> None:
        """Remove a frame's parts, or all of the job's."""
        if files.is_folder(self.path / job):
            parts.remove(self.path / job / PARTS, frame)

    def outbox_name(self, run: str) -> str:
        """Give the name, within the job's folder, of the folder that a run writes to itself."""
        return f".{run}.out"

    def outbox(self, job: str, run: str) -> Path:
        """Give the folder that a run writes to itself (the device makes it)."""
        return self.path / job / self.outbox_name(run)

    @guarded
    def remove_outbox(self, job: str, run: str) -> None:
        """Remove a run's own folder."""
        if files.is_folder(self.path / job):
            files.remove_tree(self.outbox(job, run))


def _placed(relative: str) -> str:
    """Give where a frame's file goes below its job's folder."""
    first, _, rest = relative.partition("/")
    if rest and first in (SOUND, DISPLAY):
        return f"{first.removeprefix('@')}/{rest}"
    return f"{FRAMES}/{relative}"
