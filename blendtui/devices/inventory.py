"""What a device has of project files, and what follows from that; the rules here are pure.

All of `work_dir`/blobs is learned by one command, whatever the size of the cache: the SFTP way of
listing a folder needs a round trip for every hundred files, and three times the bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import ProjectFile

if TYPE_CHECKING:
    from blendtui.devices.link import Link, Output

_LINE = re.compile(r"(file|stale) (\d{1,18}) (\S+)|kept ([0-9a-f]{64})")
_SPACE = re.compile(r" (\d{1,18}) +\d+ +(-?\d{1,18}) +\d+% ")
_BLOB = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[0-9a-f]{64}\.part")
# A file takes whole blocks of its file system, and a name.
_PER_FILE = 4096

LOOK = r"""
LC_ALL=C; export LC_ALL
umask 077
mkdir -p "$1/blobs" "$1/jobs" && cd "$1/blobs" || exit 1
echo "free $(df -Pk . 2>/dev/null | tail -n 1)"
list() { awk -v "is=$1" '/^-/ && NF == 9 {print is, $5, $9}'; }
ls -lnt | list file
"""
"""$1 the work_dir. Prints df's line, then size and name of each file, the last used one first."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What lies in blobs/: the size in bytes of each file by its name, the last used one first.

    `free` is the free space there in bytes, None where the device cannot tell. `kept` are the
    blobs that must stay and `stale` the unfinished files that nobody went on with for a day; a
    mere look leaves both empty.
    """

    free: int | None
    files: dict[str, int]
    kept: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """How many bytes the files take."""
        return sum(self.files.values())


@dataclass(frozen=True, slots=True)
class Upload:
    """A blob to send, from the byte `offset` on."""

    file: ProjectFile
    offset: int

    @property
    def left(self) -> int:
        """How many bytes travel."""
        return self.file.size - self.offset


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for a project: names in blobs/ to delete first, then blobs to send."""

    spoiled: tuple[str, ...]
    uploads: tuple[Upload, ...]

    @property
    def left(self) -> int:
        """How many bytes travel."""
        return sum(upload.left for upload in self.uploads)

    @property
    def needed(self) -> int:
        """How many bytes that takes on the device's disk."""
        return self.left + _PER_FILE * len(self.uploads)


def plan(files: Iterable[ProjectFile], inventory: Inventory) -> Plan:
    """Find what is missing of a project; a content that stands several times is sent once.

    A `.part` of full size was sent already, but not checked yet; one that is larger, or a blob of
    another size, is no good.
    """
    spoiled: list[str] = []
    uploads: list[Upload] = []
    for file in {file.sha256: file for file in files}.values():
        blob = inventory.files.get(file.sha256)
        if blob == file.size:
            continue
        if blob is not None:
            spoiled.append(file.sha256)
        part = inventory.files.get(part_of(file.sha256))
        if part is not None and part > file.size:
            spoiled.append(part_of(file.sha256))
            part = None
        if part != file.size:
            uploads.append(Upload(file, part or 0))
    return Plan(tuple(spoiled), tuple(uploads))


def part_of(sha256: str) -> str:
    """Give the name of a blob that is not checked yet."""
    return f"{sha256}.part"


def expendable(inventory: Inventory, goal: int, keep: Collection[str] = ()) -> tuple[str, ...]:
    """Choose what to delete: all that is stale, then the least recently used, to free `goal` bytes.

    Blobs named in `keep` or by the inventory as kept stay, and so do their unfinished files, and
    whatever has no name of ours, as another Blender may be writing it at present.
    """
    chosen: list[str] = []
    for name, size in reversed(inventory.files.items()):
        sha256 = name[:64]
        if sha256 in inventory.kept or sha256 in keep:
            continue
        ours = _BLOB.fullmatch(name) or _PART.fullmatch(name)
        if name in inventory.stale or (goal > 0 and ours):
            chosen.append(name)
            goal -= size
    return tuple(chosen)


def read_inventory(printed: bytes) -> Inventory:
    """Read what LOOK or a survey printed."""
    head, _, rest = printed.decode("utf-8", "replace").partition("\n")
    files: dict[str, int] = {}
    kept, stale = set(), set()
    for line in rest.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        kind, size, name, sha256 = match.groups()
        if sha256 is not None:
            kept.add(sha256)
        elif kind == "stale":
            stale.add(name)
        else:
            files[name] = int(size)
    return Inventory(_free(head), files, frozenset(kept), frozenset(stale))


def _free(told: str) -> int | None:
    """Read df's line; file systems without a size of their own have nothing to say."""
    match = _SPACE.search(told)
    return max(int(match[2]), 0) * 1024 if match and int(match[1]) else None


async def look(link: Link, work_dir: str) -> Inventory:
    """Learn what a device has. Raises Failure: WORK_DIR_UNWRITABLE, DEVICE_DISK_FULL, LINK_LOST."""
    return read_inventory(succeeded(link, work_dir, await link.run(LOOK, work_dir)))


def succeeded(link: Link, work_dir: str, output: Output) -> bytes:
    """Give what a script of ours printed.

    Raises Failure if it failed: DEVICE_DISK_FULL or WORK_DIR_UNWRITABLE, in the device's words.
    """
    if output.status == 0:
        return output.stdout
    detail = output.stderr.decode("utf-8", "replace").strip() or f"exit status {output.status}"
    full = "no space left" in detail.lower() or "quota" in detail.lower()
    kind = FaultKind.DEVICE_DISK_FULL if full else FaultKind.WORK_DIR_UNWRITABLE
    raise Failure.of(kind, device=link.device, work_dir=work_dir, path=work_dir, detail=detail)


@dataclass(slots=True)
class _Turns:
    lock: asyncio.Lock
    waiting: int = 0


_turns: dict[tuple[int, str], _Turns] = {}


@contextlib.asynccontextmanager
async def turn(link: Link, work_dir: str) -> AsyncIterator[None]:
    """Wait until nobody else changes blobs/ over this link.

    So two slots that need the same project share the work: the second one finds it sent.
    """
    key = (id(link), work_dir)
    turns = _turns.setdefault(key, _Turns(asyncio.Lock()))
    turns.waiting += 1
    try:
        async with turns.lock:
            yield
    finally:
        turns.waiting -= 1
        if not turns.waiting:
            del _turns[key]
