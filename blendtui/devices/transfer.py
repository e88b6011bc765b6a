"""The project out: what a device does not have yet travels, by content, and once.

Blobs go to `work_dir`/blobs/<sha256>.part; the driver inside Blender checks their hash and gives
them their name. All who write a .part write the same bytes, in order, from an offset up to which
they are there, and nobody cuts one short: so it's always a good beginning, whoever dies or comes
second.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

import asyncssh

from blendtui import wording
from blendtui.devices.cache import HASHES, delete, make_room, remove_job, trim_cache
from blendtui.devices.inventory import Inventory, Plan, Upload, look, part_of, plan, succeeded, turn
from blendtui.devices.pump import BATCH, WINDOW, block_size, each, first_error, in_thread
from blendtui.devices.slot import resolve_work_dir
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import Project

if TYPE_CHECKING:
    from blendtui.devices.link import Link

__all__ = [
    "Sent",
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

_FILES_AT_ONCE = 32
_LOOKS = 3
_NO_GZIP = 20
_NEW = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT
_PRIVATE = asyncssh.SFTPAttrs(permissions=0o600)

Progress = Callable[[int, int], None]
"""Told of bytes that have arrived and bytes that travel in all."""

_MANIFEST = (
    HASHES
    + r"""
LC_ALL=C; export LC_ALL
umask 077
mkdir -p "$1/jobs/$2" && cd "$1/jobs/$2" || exit 1
new=manifest.$$.new
case $4 in
    gzip) command -v gzip >/dev/null || exit 20; gzip -dc >"$new" ;;
    *) cat >"$new" ;;
esac || exit 1
# A lost connection looks like the end of the manifest.
if [ "$(wc -c <"$new")" -ne "$3" ]; then rm -f "$new"; exit 1; fi
mv -f "$new" manifest.json || exit 1
cd "$1/blobs" || exit 1
hashes "$1/jobs/$2/manifest.json" | sed 's/.*/& &.part/' | xargs touch -c 2>/dev/null || :
"""
)
"""$1 the work_dir, $2 the job, $3 the manifest's size, $4 how it comes through stdin. Whatever it
names counts as used now."""


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
    progress: Progress | None = None,
    cache: int = CACHE,
) -> Sent:
    """Bring a project to a device, as far as it is not there; its files are below `root` here.

    An interrupted transfer goes on where it was. The device's cache is kept to `cache` bytes as
    far as its jobs allow; `work_dir` is absolute (see `resolve_work_dir`). Raises Failure:
    DEVICE_DISK_FULL, WORK_DIR_UNWRITABLE, DEVICE_FILE_REFUSED, PROJECT_CHANGED, LINK_LOST.
    """
    async with turn(link, work_dir):
        sender = _Sender(link, work_dir, root, progress or _ignored)
        for tries in range(_LOOKS):
            try:
                sent = await _send_missing(sender, project, cache)
                break
            except _VanishedError:
                # Somebody else has accepted or deleted a blob since we looked.
                if tries == _LOOKS - 1:
                    raise
        await send_manifest(link, work_dir, job, project)
    return sent


async def send_manifest(link: Link, work_dir: str, job: str, project: Project) -> None:
    """Tell a device what a job consists of, in one step; its blobs count as used now.

    For devices that take the files from the share itself, this is all that is sent.
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


def _ignored(_done: int, _total: int) -> None:
    pass


class _VanishedError(Failure):
    """A file or folder on the device that was there a moment ago is not."""


async def _send_missing(sender: _Sender, project: Project, cache: int) -> Sent:
    link, work_dir = sender.link, sender.work_dir
    inventory = await look(link, work_dir)
    todo = plan(project.files, inventory)
    await delete(link, work_dir, inventory, todo.spoiled)
    if todo.uploads:
        await _have_room(link, work_dir, project, todo, inventory, cache)
        await sender.send(todo)
    count = len(todo.uploads)
    return Sent(count, todo.left, len(project.files) - count)


async def _have_room(
    link: Link, work_dir: str, project: Project, todo: Plan, inventory: Inventory, cache: int
) -> None:
    """Keep the cache to its limit, and the disk from filling up. Raises Failure: DEVICE_DISK_FULL."""
    surplus = inventory.total + todo.left - cache
    short = _short(todo, inventory)
    if surplus <= 0 and short <= 0:
        return
    ours = {file.sha256 for file in project.files}
    freed = await make_room(link, work_dir, max(surplus, short), ours)
    if short > 0:
        # What was deleted may still be linked into a job's project.
        inventory = await look(link, work_dir) if freed else inventory
        if _short(todo, inventory) > 0:
            raise _disk_full(link, work_dir, todo, inventory.free or 0)


def _short(todo: Plan, inventory: Inventory) -> int:
    return 0 if inventory.free is None else todo.needed + MARGIN - inventory.free


def _disk_full(link: Link, work_dir: str, todo: Plan, free: int) -> Failure:
    needed, found = wording.size(todo.needed + MARGIN), wording.size(free)
    return Failure.of(
        FaultKind.DEVICE_DISK_FULL,
        device=link.device,
        needed=needed,
        free=found,
        work_dir=work_dir,
        detail=f"the project needs {needed} more, {found} are free",
    )


@dataclass(slots=True)
class _Sender:
    """Sends blobs of one project: many files at once, and many blocks of each."""

    link: Link
    work_dir: str
    root: Path
    progress: Progress
    _block: int = 0
    _done: int = 0
    _total: int = 0
    _window: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WINDOW))

    async def send(self, todo: Plan) -> None:
        """Send all that is planned. Raises Failure."""
        self._done, self._total = 0, todo.left
        try:
            async with self.link.sftp() as sftp:
                self._block = block_size(sftp.limits.max_write_len)
                # Large ones first, so that no large one is left over to travel alone at the end.
                uploads = sorted(todo.uploads, key=lambda upload: -upload.left)
                try:
                    await each(uploads, _FILES_AT_ONCE, lambda upload: self._send(sftp, upload))
                except asyncssh.SFTPFailure as error:
                    # All that SFTP's version 3 says of a full disk is "Failure".
                    found = await look(self.link, self.work_dir)
                    raise self._refused(todo, found, error) from error
        except FileNotFoundError:
            raise

    def _refused(self, todo: Plan, found: Inventory, error: asyncssh.SFTPFailure) -> Exception:
        if found.free is not None and found.free < MARGIN:
            return _disk_full(self.link, self.work_dir, todo, found.free)
        return error
