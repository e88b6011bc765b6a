"""The project out: what a device does not have yet travels, by content, and once.

Blobs go to `work_dir`/blobs/<sha256>.part; the driver inside Blender checks their hash and gives
them their name. All who write a .part write the same bytes in order, from an offset up to which
they are there, and nobody cuts it short: so it is always a good beginning, whoever dies or comes
second.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from blendtui import wording
from blendtui.devices.cache import HASHES, delete, jobs_of, make_room, remove_job, trim_cache
from blendtui.devices.inventory import Inventory, Plan, look, plan, succeeded, turn
from blendtui.devices.slot import resolve_work_dir
from blendtui.devices.upload import Progress, send_blobs
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import Project

if TYPE_CHECKING:
    from blendtui.devices.link import Link

__all__ = [
    "Sent",
    "jobs_of",
    "remove_job",
    "resolve_work_dir",
    "send_manifest",
    "send_project",
    "trim_cache",
]

MARGIN = 64 * 2**20
"""Bytes that a project must leave free on a device's disk, for logs and frames."""

CACHE = 20 * 2**30
"""Bytes that blobs may take where nobody says otherwise."""

_LOOKS = 3
_NO_GZIP = 20

_MANIFEST = (
    HASHES
    + r"""
LC_ALL=C; export LC_ALL
umask 077
mkdir -p "$1/blobs" "$1/jobs/$2" && cd "$1/jobs/$2" || exit 1
new=manifest.$$.new
case $4 in
    gzip)
        command -v gzip >/dev/null || exit 20
        gzip -dc >"$new"
        ;;
    *) cat >"$new" ;;
esac || exit 1
# A lost connection looks like the end of the manifest.
if [ $(wc -c <"$new") -ne "$3" ]; then rm -f "$new"; exit 1; fi
mv -f "$new" manifest.json && cd "$1/blobs" || exit 1
hashes "$1/jobs/$2/manifest.json" | sed 's/.*/& &.part/' | xargs touch -c 2>/dev/null || :
"""
)
"""$1 the work_dir, $2 the job, $3 the manifest's size, $4 how it comes through stdin. Whatever it
names counts as used now."""

_PROBE = r"""
LC_ALL=C; export LC_ALL
cd "$1/blobs" || exit 1
dd if=/dev/zero of=".probe.$$" bs=65536 count=16; status=$?
rm -f ".probe.$$"
exit $status
"""
"""$1 the work_dir. Says why nothing can be written there, if so."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How many blobs were sent, how many bytes of them, and how many files needed no sending."""

    files: int
    bytes: int
    skipped: int


async def send_project(
    link: Link,
    work_dir: str,
    job: str,
    project: Project,
    root: Path,
    *,
    progress: Progress | None = None,
    cache: int = CACHE,
) -> Sent:
    """Bring a project to a device, as far as it is not there; its files are below `root` here.

    An interrupted transfer goes on where it was. The device's cache is kept to `cache` bytes as
    far as its jobs allow; `work_dir` is absolute (see `resolve_work_dir`). Raises Failure:
    DEVICE_DISK_FULL, WORK_DIR_UNWRITABLE, DEVICE_FILE_REFUSED, PROJECT_CHANGED, LINK_LOST.
    """
    delivery = _Delivery(link, work_dir, project, root, progress, cache)
    async with turn(link, work_dir):
        for looks in range(1, _LOOKS + 1):
            try:
                sent = await delivery.send_missing()
                break
            except Failure as failure:
                if looks == _LOOKS or not _has_vanished(failure):
                    raise
        await send_manifest(link, work_dir, job, project)
    return sent


async def send_manifest(link: Link, work_dir: str, job: str, project: Project) -> None:
    """Tell a device what a job consists of, in one step; its blobs count as used now.

    For devices that take the files from the share themselves, this is all that is sent.
    Raises Failure: DEVICE_DISK_FULL, WORK_DIR_UNWRITABLE, LINK_LOST.
    """
    plain = manifest(project)
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(plain) + packer.flush()
    words = (work_dir, job, str(len(plain)))
    output = await link.run(_MANIFEST, *words, "gzip", stdin=packed)
    if output.status == _NO_GZIP:
        output = await link.run(_MANIFEST, *words, "plain", stdin=plain)
    succeeded(link, work_dir, output)


def manifest(project: Project) -> bytes:
    """Write what the driver reads: `blend`, and path, hash and size of each file."""
    files = [[file.path, file.sha256, file.size] for file in project.files]
    return json.dumps({"blend": project.blend, "files": files}, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One project for one device."""

    link: Link
    work_dir: str
    project: Project
    root: Path
    progress: Progress | None
    cache: int

    async def send_missing(self) -> Sent:
        """Look what is there, make room for the rest and send it."""
        inventory = await look(self.link, self.work_dir)
        todo = plan(self.project.files, inventory)
        await delete(self.link, self.work_dir, inventory, todo.spoiled)
        if todo.uploads:
            await self._make_room(todo, inventory)
            await self._send(todo)
        count = len(todo.uploads)
        return Sent(count, todo.left, len(self.project.files) - count)

    async def _make_room(self, todo: Plan, inventory: Inventory) -> None:
        """Keep the cache to its limit and the disk from filling up."""
        surplus = inventory.total + todo.left - self.cache
        short = _short(todo, inventory)
        if surplus <= 0 and short <= 0:
            return
        ours = {file.sha256 for file in self.project.files}
        freed = await make_room(self.link, self.work_dir, max(surplus, short), ours)
        if short > 0:
            # What was deleted may still be linked into a job's folder, and take its space there.
            found = await look(self.link, self.work_dir) if freed else inventory
            if _short(todo, found) > 0:
                raise self._disk_full(todo, found)

    async def _send(self, todo: Plan) -> None:
        try:
            await send_blobs(self.link, self.work_dir, todo, self.root, self.progress)
        except Failure as failure:
            if failure.fault.kind is FaultKind.DEVICE_FILE_REFUSED and not _has_vanished(failure):
                await self._find_reason()
            raise

    async def _find_reason(self) -> None:
        """Say why nothing could be written: all that SFTP says of a full disk is "Failure"."""
        found = await look(self.link, self.work_dir)
        rest = plan(self.project.files, found)
        if _short(rest, found) > 0:
            raise self._disk_full(rest, found)
        succeeded(self.link, self.work_dir, await self.link.run(_PROBE, self.work_dir))

    def _disk_full(self, todo: Plan, inventory: Inventory) -> Failure:
        needed, free = wording.size(todo.needed + MARGIN), wording.size(inventory.free or 0)
        return Failure.of(
            FaultKind.DEVICE_DISK_FULL,
            device=self.link.device,
            needed=needed,
            free=free,
            work_dir=self.work_dir,
            path=self.work_dir,
            detail=f"the project needs {needed} there, and {free} is free",
        )


def _has_vanished(failure: Failure) -> bool:
    """Whether somebody else has accepted or deleted a .part since we looked."""
    return isinstance(failure.__cause__, asyncssh.SFTPNoSuchFile)


def _short(todo: Plan, inventory: Inventory) -> int:
    """How many bytes of free space are missing."""
    return 0 if inventory.free is None else todo.needed + MARGIN - inventory.free
