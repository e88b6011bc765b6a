"""Packs a .blend and every file that it uses into a zip, with blender-asset-tracer.

Its packer knows which blocks of a .blend name files and rewrites paths that lead elsewhere; what
it copies, and where to, is said here: into a zip of ours, each file once, with job.toml.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

import tomli_w
from blender_asset_tracer import blendfile, trace
from blender_asset_tracer import pack as bat
from blender_asset_tracer.pack import transfer

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import BlendFacts, Project, ProjectFile
from blendtui.intake import tracing
from blendtui.intake.blend_reader import DAMAGED, FOREIGN, NO_BLEND
from blendtui.intake.jobfile import JOBFILE_NAME
from blendtui.intake.names import check_portable
from blendtui.intake.scene import read_facts
from blendtui.submit.private import is_private

log = logging.getLogger(__name__)

_INFO = "pack-info.txt"
"""What blender-asset-tracer adds for people; job.toml says it."""

_PACKED = frozenset(
    {".png", ".jpg", ".jpeg", ".exr", ".webp", ".avif", ".jp2", ".mp4", ".mov", ".mkv", ".webm"}
    | {".avi", ".mp3", ".ogg", ".flac", ".m4a", ".vdb", ".abc", ".zip", ".gz", ".zst"}
)
"""Endings of files that hardly get smaller."""

_PACKED_BLENDS = (b"\x28\xb5\x2f\xfd", b"\x1f\x8b")


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed project: its .blend in it, files and bytes, what that says, which files it lacks.

    Of those in it, `outside` are not below the .blend's folder; of the `missing` ones, `kept_back`
    are there, but not for a .blend to take.
    """

    blend: str
    files: int
    size: int
    facts: BlendFacts
    missing: tuple[str, ...]
    outside: tuple[str, ...]
    kept_back: tuple[str, ...]


def pack(blend: Path, target: Path, wishes: dict[str, Any]) -> Packed:
    """Pack an absolute .blend with all that it uses into a new zip.

    Raises:
        Failure: BLEND_UNREADABLE, SOURCE_UNREADABLE, ARCHIVE_NAME or ARCHIVE_PATH for a file that
            could not stand on every system, SHARE_WRITE for the zip itself.
    """
    tracing.mend()
    with tempfile.TemporaryDirectory(prefix="blendtui-") as kept, _told(blend):
        try:
            return _pack(blend, target, wishes, Path(kept))
        finally:
            blendfile.close_all_cached()


def _pack(blend: Path, target: Path, wishes: dict[str, Any], kept: Path) -> Packed:
    root = _root_of(blend)
    with _Zip(target, kept) as archive, closing(_Packer(blend, root, target, archive)) as packer:
        packer.strategise()
        packer.execute()
        inside = blend.relative_to(root).as_posix()
        archive.add_text(JOBFILE_NAME, tomli_w.dumps({"blend": inside, **wishes}))
        facts = read_facts(kept, Project(inside, tuple(archive.files)))
    kept_back = [os.path.normpath(path) for path in packer.kept_back]
    missing = [os.path.normpath(blend.parent / path) for path in facts.missing]
    return Packed(
        inside,
        len(archive.files),
        sum(file.size for file in archive.files),
        facts,
        tuple(dict.fromkeys([*missing, *kept_back])),
        tuple(os.path.normpath(path) for path in sorted(packer.outside)),
        tuple(kept_back),
    )


@contextlib.contextmanager
def _told(blend: Path) -> Iterator[None]:
    """Turn what reading .blend files raises into what a user can be told about."""
    try:
        yield
    except OSError as error:
        path = error.filename or blend
        raise Failure.of(FaultKind.SOURCE_UNREADABLE, path=path, reason=reason_of(error)) from error
    except FOREIGN as error:
        log.info("%s cannot be packed: %r", blend, error)
        head = blend.read_bytes()[:7]
        known = head == b"BLENDER" or head.startswith(_PACKED_BLENDS)
        detail = DAMAGED if known else NO_BLEND
        raise Failure.of(FaultKind.BLEND_UNREADABLE, path=blend.name, detail=detail) from error


def _root_of(blend: Path) -> Path:
    """Give the folder that holds the .blend and what it names by a relative path.

    Those paths can then stay as they are. What lies farther off is packed apart. The user's own
    folder, and what holds that, is never taken for a project's.
    """
    folders = [blend.parent]
    folders += (
        Path(os.path.abspath(usage.abspath)).parent  # noqa: PTH100
        for usage in trace.deps(blend)
        if usage.asset_path.is_blendfile_relative()
    )
    try:
        top = Path(os.path.commonpath(folders))
    except ValueError:  # other drives
        return blend.parent
    home = Path.home()
    return blend.parent if top in (home, *home.parents) or top == Path(top.anchor) else top


class _Packer(bat.Packer):
    """blender-asset-tracer's packer, with our zip as its target."""

    def __init__(self, blend: Path, root: Path, target: Path, archive: _Zip) -> None:
        super().__init__(blend, root, str(target))
        self._archive = archive
        self.outside: dict[Path, None] = {}
        self.kept_back: dict[Path, None] = {}

    def _visit_asset(self, asset_path: Path, usage: trace.result.BlockUsage) -> None:
        """Leave a file that is kept back as one that is missing: its path stays as it is."""
        if self._is_private(usage.block.bfile.filepath):
            return
        is_no_file = asset_path.exists() and not (asset_path.is_file() or asset_path.is_dir())
        if is_no_file or self._is_private(asset_path):
            self.kept_back[asset_path] = None
        else:
            super()._visit_asset(asset_path, usage)

    def _is_private(self, path: Path) -> bool:
        return path != self.blendfile and is_private(path, self.blendfile)

    def _find_new_paths(self) -> None:
        """Leave files of the project where they are, also those with absolute paths.

        Else a strip of pictures, which names one folder for all, could have some of them moved.
        """
        super()._find_new_paths()  # type: ignore[no-untyped-call]
        for path in self._new_location_paths:
            if self._path_in_project(path):
                self._actions[path].new_path = self._target_path / path.relative_to(self.project)

    def _send_to_target(self, asset_path: Path, target: PurePath, may_move: bool = False) -> None:
        rewritten = (path for path, act in self._actions.items() if act.read_from == asset_path)
        origin = next(rewritten, None) if may_move else asset_path
        if origin is not None:
            # A sequence is named by one of its pictures, which need not be there.
            if not origin.exists():
                return
            # A pipe or a device would have no end.
            if not origin.is_file() or self._is_private(origin):
                self.kept_back[origin] = None
                return
            if not origin.is_relative_to(self.blendfile.parent):
                self.outside[origin] = None
        super()._send_to_target(asset_path, target, may_move)

    def _create_file_transferer(self) -> transfer.FileTransferer:
        return _Transfer(self._target_path, self._archive)


class _Transfer(transfer.FileTransferer):
    """Takes each file at once, in the thread of whoever gives it: an error is raised there."""

    def __init__(self, base: PurePath, archive: _Zip) -> None:
        super().__init__()
        self._base = base
        self._archive = archive

    def run(self) -> None:
        """Do nothing: there is no queue."""

    def queue_copy(self, src: Path, dst: PurePath) -> None:
        """Put a file into the zip."""
        self._archive.add(src, dst.relative_to(self._base).as_posix())

    def queue_move(self, src: Path, dst: PurePath) -> None:
        """Put a rewritten .blend into the zip; its folder is removed with all in it."""
        self.queue_copy(src, dst)


class _Zip:
    """A new zip of a project; `kept` gets the .blend files, to be read as the farm will."""

    def __init__(self, target: Path, kept: Path) -> None:
        self.files: list[ProjectFile] = []
        self._names: set[str] = set()
        self._kept = kept
        self._target = target
        with self._writing():
            self._archive = zipfile.ZipFile(target, "w", compresslevel=1)

    def __enter__(self) -> _Zip:
        return self

    def __exit__(self, *_: object) -> None:
        with self._writing():
            self._archive.close()

    def add(self, source: Path, name: str) -> None:
        """Add a file, unless it is in it already."""
        if name in self._names or name == _INFO:
            return
        check_portable(name)
        info = zipfile.ZipInfo.from_file(source, name, strict_timestamps=False)
        info.compress_type = _method(source)
        with source.open("rb") as data:
            self._write(info, data)
        self._names.add(name)
        self.files.append(ProjectFile(name, "", info.file_size))
        if name.lower().endswith(".blend"):
            _keep(source, self._kept / name)

    def add_text(self, name: str, text: str) -> None:
        """Add a text of ours, in place of nothing: a project's own file of that name stays."""
        if name not in self._names:
            with self._writing():
                self._archive.writestr(name, text)

    def _write(self, info: zipfile.ZipInfo, data: IO[bytes]) -> None:
        with self._writing(), self._archive.open(info, "w") as file:
            shutil.copyfileobj(data, file, 1 << 20)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Failure.of(
                FaultKind.SHARE_WRITE, path=self._target.parent, reason=reason_of(error)
            ) from error


def _method(source: Path) -> int:
    suffix = source.suffix.lower()
    if suffix == ".blend":
        with source.open("rb") as file:
            return (
                zipfile.ZIP_STORED
                if file.read(4).startswith(_PACKED_BLENDS)
                else zipfile.ZIP_DEFLATED
            )
    return zipfile.ZIP_STORED if suffix in _PACKED else zipfile.ZIP_DEFLATED


def _keep(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
