"""What a job's movie and contact sheet can be made of: read from the store and the share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blendtui.output.tasks import Picture, Sound
from blendtui.share import DISPLAY, SOUND, Share
from blendtui.store.views import JobRow, MovieRow, Views

SHOWN = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tga", ".tif", ".tiff", ".webp"})
"""Endings of files that are as they are seen on a display."""

_SOUND = re.compile(rf"{SOUND}/-?\d+_from_(\d{{1,9}})_to_(\d{{1,9}})\.flac", re.ASCII)


@dataclass(frozen=True, slots=True)
class Material:
    """An ended job with the files of its done frames, by frame: paths as devices named them."""

    job: JobRow
    movie: MovieRow
    output: str
    files: Mapping[int, tuple[str, ...]]

    @property
    def missing(self) -> list[int]:
        """The frames that are not done."""
        return [number for number in self.job.spec.frames if number not in self.files]

    def pictures(self, share: Share, frames: Iterable[int]) -> Iterator[Picture]:
        """Give the files that show frames; a frame without one is left out."""
        for number in frames:
            path = self._picture(share, number)
            if path is not None:
                yield Picture(number, str(path))

    def _picture(self, share: Share, number: int) -> Path | None:
        name = picture_of(self.files.get(number, ()))
        return share.frame_file(self.job.name, name) if name else None

    def views(self) -> list[str]:
        """Name the files of a frame itself: more than one where each view has its own."""
        names = next(iter(self.files.values()), ())
        return sorted(name for name in names if "/" not in name)

    def format(self) -> str:
        """Name the format of the frames, by a file of theirs."""
        names = next(iter(self.files.values()), ())
        return PurePosixPath(names[0]).suffix.lstrip(".").upper() if names else "?"

    def sound(self, share: Share, first: int, last: int) -> Sound | None:
        """Find the sound that covers most of what lies between two frames."""
        best: tuple[int, Sound] | None = None
        for names in self.files.values():
            for name in names:
                found = _SOUND.fullmatch(name)
                if found is None:
                    continue
                begin, end = int(found[1]), int(found[2])
                covered = min(end, last) - max(begin, first)
                path = share.frame_file(self.job.name, name)
                if path is not None and (best is None or covered > best[0]):
                    best = covered, Sound(str(path), begin, end)
        return best[1] if best and best[0] >= 0 else None


def picture_of(paths: Iterable[str]) -> str | None:
    """Choose the file that shows a frame: the one for displays, else the first plain one.

    Files in folders come of File Output nodes, and after the frame itself.
    """
    shown = [path for path in paths if PurePosixPath(path).suffix.lower() in SHOWN]
    return min(
        shown,
        key=lambda path: (not path.startswith(f"{DISPLAY}/"), "/" in path, path),
        default=None,
    )


def gather(views: Views, name: str) -> Material | None:
    """Read what the store knows of an ended job; None of one that it doesn't."""
    job = views.job(name)
    if job is None:
        return None
    wanted = set(job.spec.frames)
    files = {
        one.frame: tuple(file.path for file in one.files)
        for one in views.attempts(name)
        if one.state == "done" and one.frame in wanted
    }
    facts = views.facts(name)
    scene = facts.scene(job.spec.scene) if facts else None
    output = job.spec.overrides.output or (scene.output if scene else "")
    done = {number for number, state in views.states(name) if state == "done"}
    kept = {number: files[number] for number in sorted(files) if number in done}
    return Material(job, views.movie(name), output, kept)
