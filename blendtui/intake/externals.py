"""Which files a .blend uses, and which of them its project doesn't hold.

Paths inside a .blend are foreign text. They are only ever compared with the names of the
project's files; the one thing opened is a linked .blend that is itself one of those files.
"""

from __future__ import annotations

import fnmatch
import glob
import logging
import posixpath
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blender_asset_tracer.trace import blocks2assets, codes_to_skip, expanders

from blendtui.farm.project import Project
from blendtui.intake import simulations, tracing
from blendtui.intake.blend_reader import FOREIGN, BoundedBlend, Unreadable, opened

log = logging.getLogger(__name__)

_DRIVE = re.compile(r"[A-Za-z]:")
_TOKEN = re.compile(r"<UDIM>|<UVTILE>|\*")

MOST_FILES = 20_000
"""Files that are told to be used, a sequence counted once: nobody reads a longer list."""

MOST_COMPARED = 5_000_000
"""Names that are held against a .blend's patterns, which takes some seconds."""

MOST_USES = 500_000
"""Uses that are looked at, each picture of a strip being one, which takes some seconds."""

_LONGEST_PATH = 1024
"""Bytes of a path in a .blend: FILE_MAX in Blender's BKE_blender_limits."""

Block = Any
"""A block of blender-asset-tracer, which has no types."""


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a file: `path` as written; `many` where it stands for a sequence or a folder."""

    path: bytes
    many: bool


class Externals:
    """The files that a project's .blend uses, itself and through the libraries it links."""

    def __init__(self, root: Path, project: Project, limit: int, ratio: int | None = None) -> None:
        self._root = root
        self._limits = (limit, ratio)
        self._blend = project.blend
        self._home = posixpath.dirname(project.blend)
        self._folders: dict[str, set[str]] = defaultdict(set)
        for file in project.files:
            folder, name = posixpath.split(file.path)
            self._folders[folder].add(name)
        self._all_folders = _with_parents(self._folders)
        self._seen: set[tuple[str, bytes]] = set()
        self._missing: dict[str, bool] = {}
        self._held: dict[tuple[str, bool], bool] = {}
        self._compared = 0
        self._uses = 0
        self._told: set[tuple[str, str | tuple[str, str], bool]] = set()
        self._unbaked: dict[str, None] = {}
        tracing.mend()

    @property
    def unbaked(self) -> tuple[str, ...]:
        """Simulations of linked objects that are not baked, as people call them."""
        return tuple(self._unbaked)

    def holds(self, path: bytes, folder: str | None = None) -> bool:
        """Whether the project has files in a folder, as the main .blend names it."""
        inside = _inside(self._home if folder is None else folder, _written(path))
        return inside in self._all_folders

    @property
    def external(self) -> tuple[str, ...]:
        """All files used, sorted; relative to the main .blend, absolute ones as written."""
        return tuple(sorted(self._missing))

    @property
    def missing(self) -> tuple[str, ...]:
        """Those that the project doesn't hold, sorted."""
        return tuple(sorted(path for path, missing in self._missing.items() if missing))

    def trace(self, blend: BoundedBlend, path: str) -> None:
        """Collect what the opened .blend at `path` in the project uses, libraries followed."""
        blocks = [block for block in blend.blocks if block.code != b"DATA"]
        waiting = deque(self._visit(path, blocks).items())
        while waiting:
            library, names = waiting.popleft()
            new = {name for name in names if (library, name) not in self._seen}
            self._seen.update((library, name) for name in new)
            if new:
                waiting.extend(self._open_library(library, new).items())
        if len(self._missing) >= MOST_FILES:
            log.info("%s uses more than %d files; not all are known", path, MOST_FILES)

    def _open_library(self, path: str, names: set[bytes]) -> dict[str, set[bytes]]:
        """Visit the named blocks of a linked .blend; gives what it links itself."""
        try:
            with opened(self._root / path, *self._limits) as blend:
                blocks = [
                    block
                    for code in {name[:2] for name in names}
                    for block in blend.find_blocks_from_code(code)
                    if block.id_name in names
                ]
                return self._visit(path, blocks)
        except (*FOREIGN, Unreadable, OSError) as error:
            log.info("the linked %s cannot be read: %s", path, error)
            return {}

    def _visit(self, blend: str, blocks: Iterable[Block]) -> dict[str, set[bytes]]:
        """Note what blocks use, and what those that they use do; gives library -> names."""
        folder = posixpath.dirname(blend)
        is_linked = blend != self._blend
        linked: dict[str, set[bytes]] = defaultdict(set)
        waiting = deque(blocks)
        visited: set[int] = set()
        while waiting:
            block = waiting.popleft()
            if block.file_offset in visited:
                continue
            visited.add(block.file_offset)
            try:
                if block.code == b"ID":
                    # A stand-in for what is in a library, which is a block of its own.
                    library = block.get_pointer(b"lib")
                    waiting.append(library)
                    self._link(linked, folder, bytes(library[b"name"]), bytes(block[b"name"]))
                else:
                    self._note(folder, block)
                    if is_linked and block.code == b"OB":
                        self._note_unbaked(self._unbaked_of(folder, block))
                    waiting.extend(expanders.expand_block(block))
            except Unreadable:
                log.info("%s has lists without end, or uses too much; not all is known", blend)
                break
            except FOREIGN as error:
                # Only warnings hang on this: a type that is newer than our reader is no failure.
                log.debug("a block of %s cannot be followed: %r", blend, error)
        return linked

    def _note_unbaked(self, names: Iterable[str]) -> None:
        if len(self._unbaked) < simulations.MOST:
            self._unbaked.update(dict.fromkeys(names))

    def _unbaked_of(self, folder: str, block: Block) -> tuple[str, ...]:
        """Name an object's simulations that are not baked, here or beside its own .blend."""
        return tuple(simulations.of_object(block, lambda path: self.holds(path, folder)))

    def _link(self, linked: dict[str, set[bytes]], folder: str, path: bytes, name: bytes) -> None:
        inside = _inside(folder, _written(path))
        if inside is not None and self._holds(inside, many=False):
            linked[inside].add(name)

    def _note(self, folder: str, block: Block) -> None:
        if len(block.code) > 2 or block.code in codes_to_skip - {b"WO"}:
            return
        unbaked = self._unbaked_of(folder, block) if block.code == b"OB" else ()
        for use in _uses(block):
            self._uses += 1
            if self._uses > MOST_USES:
                raise Unreadable
            if unbaked and use.many:
                continue  # a cache that is still to be filled
            written = _written(use.path)
            shown = self._shown(folder, written)
            if shown not in self._missing and len(self._missing) >= MOST_FILES:
                return
            inside = _inside(folder, written)
            missing = inside is None or not self._holds(inside, use.many)
            if block.code == b"SC" and self._is_more_of(shown, missing):
                continue
            self._missing[shown] = missing and self._missing.get(shown, True)

    def _is_more_of(self, shown: str, missing: bool) -> bool:
        """Whether a strip's picture belongs to a sequence of which one like it was told."""
        where, name = posixpath.split(shown)
        key = (where, tracing.around_number(name) or name, missing)
        if key in self._told:
            return True
        self._told.add(key)
        return False

    def _shown(self, folder: str, written: str) -> str:
        """Write a path as seen from the main .blend, whichever file it stands in."""
        if _is_absolute(written) or folder == self._home:
            return written.removeprefix("//")
        return posixpath.relpath(posixpath.join(folder, written.removeprefix("//")), self._home)

    def _holds(self, path: str, many: bool) -> bool:
        """Say whether the project has a file, or one of those that a path stands for."""
        key = (path, many)
        if key not in self._held:
            self._held[key] = self._looked_up(path, many)
        return self._held[key]

    def _looked_up(self, path: str, many: bool) -> bool:
        folder, name = posixpath.split(path)
        names = self._folders.get(folder, set())
        if name in names:
            return True
        if self._compared > MOST_COMPARED:
            return False
        pattern = _pattern(name, many)
        self._compared += len(names) if pattern is not None else 0
        if pattern is not None and any(pattern.fullmatch(one) for one in names):
            return True
        self._compared += len(self._folders) if many else 0
        return many and any(one == path or one.startswith(path + "/") for one in self._folders)


def _with_parents(folders: Iterable[str]) -> frozenset[str]:
    """Give folders and all that they are in."""
    found: set[str] = set()
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)  # noqa: PLW2901
    return frozenset(found)


def _uses(block: Block) -> Iterator[_Use]:
    if block.code == b"IM" and block.get((b"packedfiles", b"first"), default=0):
        return
    for usage in blocks2assets.iter_assets(block):
        path = bytes(usage.asset_path)
        if 0 < len(path) <= _LONGEST_PATH:
            yield _Use(path, usage.is_sequence)


def _written(path: bytes) -> str:
    return path.decode("utf-8", "replace").replace("\\", "/")


def _is_absolute(written: str) -> bool:
    if written.startswith("//"):
        return written.startswith("///")
    return written.startswith("/") or bool(_DRIVE.match(written))


def _inside(folder: str, written: str) -> str | None:
    """Give the path in the project, from its root; None where it leads out of it."""
    if _is_absolute(written):
        return None
    path = posixpath.normpath(posixpath.join(folder, written.removeprefix("//")))
    return None if path == ".." or path.startswith(("../", "/")) else path


def _pattern(name: str, many: bool) -> re.Pattern[str] | None:
    """Give what a name stands for: tiles and wildcards by their marks, a sequence by its number."""
    if _TOKEN.search(name):
        # What fnmatch makes of it takes no longer the more wildcards there are.
        return re.compile(fnmatch.translate("*".join(map(glob.escape, _TOKEN.split(name)))))
    return tracing.sequence(name) if many else None
