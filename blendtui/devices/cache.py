"""The files that a device keeps from project to project: what was used least goes first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from blendtui.devices.inventory import (
    LOOK,
    Inventory,
    expendable,
    read_inventory,
    succeeded,
    turn,
)

if TYPE_CHECKING:
    from blendtui.devices.link import Link

HASHES = r"""
hashes() { tr '"' '\n' <"$1" 2>/dev/null | grep -Ex '[0-9a-f]{64}'; }
"""
"""The hashes that a manifest names: its strings of 64 hex digits. A path that looks like one
counts as well, which does no harm."""

_SURVEY = (
    HASHES
    + r"""
keep=$2 ours=$3
"""
    + LOOK
    + r"""
find . -type f -name '*.*' -mtime +0 -exec ls -ln {} + | sed 's|\./||' | list stale
cd ../jobs || exit 1
shift 3
for job in ./* ./.[!.]* ./..?*; do
    [ -d "$job" ] || continue
    kept=$keep
    case $job in *"$ours") ;; *) kept=all ;; esac
    for one in "$@"; do
        if [ "./$one" = "$job" ]; then kept=all; fi
    done
    if [ "$kept" = all ]; then hashes "$job/manifest.json"; else rm -rf -- "$job"; fi
done | sort -u | sed 's/^/kept /'
"""
)
"""$1 the work_dir, $2 "all" or "named", $3 how the names of our own jobs' folders end, then names
of jobs. Prints as LOOK does, then what is stale, then the hashes that jobs name; with "named", the
folders of our other jobs are removed."""

_DELETE = r"""
LC_ALL=C; export LC_ALL
cd "$1/blobs" && xargs rm -f
"""
"""$1 the work_dir; stdin has the names, one a line."""

_JOBS = r"""
LC_ALL=C; export LC_ALL
cd "$1/jobs" 2>/dev/null || exit 0
for job in *."$2" .[!.]*."$2" ..?*."$2"; do
    [ ! -d "$job" ] || printf '%s/' "$job"
done
"""

_REMOVE = r"""
LC_ALL=C; export LC_ALL
rm -rf -- "$1/jobs/$2"
"""


async def trim_cache(
    link: Link, work_dir: str, limit: int, keep: Iterable[str], ours: str = ""
) -> int:
    """Bring a device's cache down to `limit` bytes, and give how many bytes were deleted.

    The least recently sent goes first; blobs that the manifests of the jobs in `keep` name always
    stay. Folders of other jobs are removed whose names end with `ours`, and with them whatever
    they still hold, so `keep` must name every such job that may have a Blender or an uncollected
    frame there; those of other farms, which share the work_dir, stay. Unfinished
    uploads that nobody went on with for a day go too.
    Raises Failure: WORK_DIR_UNWRITABLE, DEVICE_DISK_FULL, LINK_LOST.
    """
    async with turn(link, work_dir):
        inventory = await _survey(link, work_dir, "named", ours, keep)
        names = expendable(inventory, inventory.total - limit)
        return await delete(link, work_dir, inventory, names)


async def make_room(link: Link, work_dir: str, goal: int, keep: Collection[str]) -> int:
    """Free `goal` bytes of cache if that can be done, and give how many were deleted.

    Blobs in `keep`, and those that any job on the device names, stay. To be called in one's turn.
    Raises Failure: WORK_DIR_UNWRITABLE, DEVICE_DISK_FULL, LINK_LOST.
    """
    inventory = await _survey(link, work_dir, "all", "", ())
    return await delete(link, work_dir, inventory, expendable(inventory, goal, keep))


async def remove_job(link: Link, work_dir: str, job: str) -> None:
    """Remove a job's folder, whose Blenders must have ended; no folder is no error.

    Its blobs stay for the next job. Raises Failure: WORK_DIR_UNWRITABLE, LINK_LOST.
    """
    succeeded(link, work_dir, await link.run(_REMOVE, work_dir, job))


async def jobs_of(link: Link, work_dir: str, farm: str) -> list[str]:
    """Name the jobs of a farm that have a folder here: folders are named JOB.FARM.

    Raises Failure: WORK_DIR_UNWRITABLE, LINK_LOST.
    """
    output = succeeded(link, work_dir, await link.run(_JOBS, work_dir, farm))
    names = output.decode("utf-8", "replace").split("/")
    return [name.removesuffix(f".{farm}") for name in names if name]


async def delete(link: Link, work_dir: str, inventory: Inventory, names: Collection[str]) -> int:
    """Delete files in blobs/, and give how many bytes they had."""
    if not names:
        return 0
    stdin = "".join(f"{name}\n" for name in names).encode()
    succeeded(link, work_dir, await link.run(_DELETE, work_dir, stdin=stdin))
    return sum(inventory.files.get(name, 0) for name in names)


async def _survey(
    link: Link, work_dir: str, mode: str, ours: str, jobs: Iterable[str]
) -> Inventory:
    output = await link.run(_SURVEY, work_dir, mode, ours, *jobs)
    return read_inventory(succeeded(link, work_dir, output))
