"""One run on a device: starts its Blender or finds it again, gives it orders, reads its log.

All of a run is files in one folder (see docs and `driver.py`), so whoever knows the folder and
an offset in its log can take over at any time. Nothing here keeps state.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from blendtui.devices import slot_scripts as scripts
from blendtui.devices.orders import Order, encode
from blendtui.devices.protocol import Entry, LogReader
from blendtui.devices.stripped import stripped
from blendtui.devices.survey import prefix
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings

if TYPE_CHECKING:
    from blendtui.devices.link import Link, Output
    from blendtui.devices.streams import Dialogue

DRIVER_FILES = (
    "driver.py",
    "driver_compute.py",
    "driver_engines.py",
    "driver_lines.py",
    "driver_memory.py",
    "driver_movie.py",
    "driver_names.py",
    "driver_nodes.py",
    "driver_output.py",
    "driver_overrides.py",
    "driver_persistent.py",
    "driver_parts.py",
    "driver_picture.py",
    "driver_progress.py",
    "driver_project.py",
    "driver_scene.py",
    "driver_simulations.py",
    "driver_unknown.py",
    "driver_trouble.py",
    "driver_whole.py",
)
"""What runs inside Blender; each file knows only the others."""

_GRACE = 5.0

_ANSWERED = 30.0
"""Seconds in which orders are answered by the one who takes them."""


class Life(StrEnum):
    """Whether a run's Blender lives: ABSENT was never started (or is removed already)."""

    ALIVE = "alive"
    DEAD = "dead"
    ABSENT = "absent"


class RunSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a driver is told of its run.

    `scene` None is the file's active one. After `patience` seconds without work or any order the
    driver leaves; every `beat` seconds it says that it lives. `share_file` is the drop (.zip or
    .blend) where the device itself sees it: blobs that are missing come from there. `out` is the
    folder for rendered frames, where that isn't the run's own. `overrides` are those of
    `farm.overrides`, by name. `simulate_to` is the frame up to which simulations that are not
    baked are computed before any is rendered; None leaves them as they are.
    `compute` has the `kind` of device that Cycles is to use and the
    `card`, counted from 1; without a card all of that kind, without a kind what Blender has set up.
    `engine` is the one that the file names, empty where that isn't known.
    With `split` it is asked whether frames may be rendered in parts.
    """

    scene: str | None = None
    allow_scripts: bool = False
    patience: float = 900.0
    beat: float = 5.0
    share_file: str | None = None
    out: str | None = None
    overrides: dict[str, object] = {}
    simulate_to: int | None = None
    split: bool = False
    compute: dict[str, object] = {}
    engine: str = ""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a run lives on its device, below an absolute `work_dir` (see `resolve_work_dir`)."""

    work_dir: str
    job: str
    run: str

    def __post_init__(self) -> None:
        if not self.work_dir.startswith("/"):
            raise ValueError(f"not absolute: {self.work_dir!r}")
        for name in (self.job, self.run):
            if name in ("", ".", "..") or "/" in name or "\0" in name:
                raise ValueError(f"not the name of a folder: {name!r}")

    @property
    def job_path(self) -> str:
        """The job's folder: manifest.json, project/ and its runs."""
        return f"{self.work_dir}/jobs/{self.job}"

    @property
    def path(self) -> str:
        """The run's own folder."""
        return f"{self.job_path}/{self.run}"

    def picture(self, name: str) -> str:
        """Give the place of a small picture that the driver has made."""
        return f"{self.path}/pictures/{name}"

    def parts(self, frame: int) -> str:
        """Give the folder of the parts that a frame is merged of."""
        return f"{self.path}/parts/{frame}"

    def output(self, frame: int, number: int, path: str = "") -> str:
        """Give the place of a try's output file, or of the folder that holds them all."""
        return f"{self.path}/out/{frame}-{number}/{path}".rstrip("/")


async def resolve_work_dir(link: Link, work_dir: str) -> str:
    """Make a device's work_dir with its folders, and give its absolute path there.

    Raises Failure: WORK_DIR_UNWRITABLE, DEVICE_DISK_FULL, LINK_LOST.
    """
    output = await link.run(scripts.RESOLVE, work_dir)
    if output.status != 0:
        raise _refused(link, work_dir, output)
    return output.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


async def prepare(link: Link, folder: RunFolder, settings: RunSettings) -> None:
    """Make a run's folder with driver, settings, and empty log and orders; repeating is harmless.

    Raises Failure: WORK_DIR_UNWRITABLE, DEVICE_DISK_FULL, LINK_LOST.
    """
    driver, told = _driver(), msgspec.json.encode(settings)
    sizes = [*driver.sizes, "settings.json", str(len(told))]
    packed = driver.packed + gzip.compress(told)
    output = await link.run(scripts.PREPARE, folder.path, "gzip", *sizes, stdin=packed)
    if output.status == scripts.NO_GZIP:
        plain = driver.plain + told
        output = await link.run(scripts.PREPARE, folder.path, "plain", *sizes, stdin=plain)
    if output.status != 0:
        raise _refused(link, folder.path, output)


@dataclass(frozen=True, slots=True)
class _Driver:
    """All of the driver's files in a row, with the name and the size of each."""

    sizes: tuple[str, ...]
    plain: bytes
    packed: bytes


@functools.cache
def _driver() -> _Driver:
    here = Path(__file__).parent
    files = {name: stripped(here / name) for name in DRIVER_FILES}
    sizes = tuple(word for name, data in files.items() for word in (name, str(len(data))))
    plain = b"".join(files.values())
    return _Driver(sizes, plain, gzip.compress(plain))


async def launch(link: Link, folder: RunFolder, device: DeviceSettings, allow_scripts: bool) -> int:
    """Start a prepared run's Blender detached from us, and give its process there.

    A run is started once: asked again, this only gives the same process, which may have ended.
    Raises Failure: BLENDER_MISSING, BLENDER_NOT_STARTED, LINK_LOST.
    """
    output = await link.run(
        scripts.LAUNCH,
        folder.path,
        scripts.SUPERVISE,
        device.first_blender,
        "--enable-autoexec" if allow_scripts else "--disable-autoexec",
        "" if device.threads is None else str(device.threads),
        "yes" if device.launch.strip() else "",
        *prefix(device),
    )
    pid = output.stdout.strip()
    if output.status == 0 and pid.isdigit():
        return int(pid)
    if output.status == scripts.NO_BLENDER:
        raise Failure.of(
            FaultKind.BLENDER_MISSING, device=link.device, blender=device.first_blender
        )
    raise Failure.of(FaultKind.BLENDER_NOT_STARTED, device=link.device, detail=_words(output))


async def state(link: Link, folder: RunFolder) -> Life:
    """Ask the device whether the run's Blender lives. Raises Failure(LINK_LOST)."""
    output = await link.run(scripts.STATE, folder.path)
    return Life(output.stdout.decode("ascii", "replace").strip())


@dataclass(frozen=True, slots=True)
class Conversation:
    """A run's log as it grows, line by line, and one who takes orders meanwhile."""

    entries: AsyncIterator[Entry]
    _dialogue: Dialogue

    async def order(self, orders: Sequence[Order]) -> bool:
        """Give orders, with no command of their own; False where it isn't known that all are there.

        That is so with a full disk or a lost link: `append` says why, and to repeat is harmless.
        """
        return await self._dialogue.tell([encode(order) for order in orders], _ANSWERED)


async def append(link: Link, folder: RunFolder, orders: Sequence[Order]) -> None:
    """Give a run orders. Raises Failure: DEVICE_FILE_REFUSED, DEVICE_DISK_FULL, LINK_LOST.

    Begins with a newline, which ends whatever a full disk left half written.
    """
    data = b"\n" + b"".join(map(encode, orders))
    output = await link.run(scripts.APPEND, folder.path, stdin=data)
    if output.status != 0:
        raise _refused(link, folder.path, output, FaultKind.DEVICE_FILE_REFUSED)


@contextlib.asynccontextmanager
async def follow(link: Link, folder: RunFolder, offset: int) -> AsyncIterator[Conversation]:
    """Read a run's log from a byte offset on, and go on as it grows, until the block is left.

    Nothing stays behind on the device. Raises Failure(LINK_LOST); ends only if the device's own
    `tail` does.
    """
    words = scripts.FOLLOW, scripts.HEAR, folder.path, str(offset + 1)
    async with link.converse(*words) as (pieces, dialogue):
        yield Conversation(_entries(pieces, LogReader(offset)), dialogue)


@contextlib.asynccontextmanager
async def rest(link: Link, folder: RunFolder, offset: int) -> AsyncIterator[AsyncIterator[Entry]]:
    """Read what the log of a run that is over has from a byte offset on, to its end.

    Raises Failure(LINK_LOST).
    """
    async with link.follow(scripts.REST, folder.path, str(offset + 1)) as pieces:
        yield _entries(pieces, LogReader(offset))


async def _entries(pieces: AsyncIterator[bytes], reader: LogReader) -> AsyncIterator[Entry]:
    async for piece in pieces:
        for entry in reader.feed(piece):
            yield entry


async def kill(link: Link, folder: RunFolder, grace: float = _GRACE) -> bool:
    """End a run's Blender and all that it started; gives whether it is gone.

    It has `grace` seconds from SIGTERM to SIGKILL. Raises Failure(LINK_LOST).
    """
    output = await link.run(scripts.KILL, folder.path, str(round(grace * 10)))
    return output.status == 0


async def remove(link: Link, folder: RunFolder) -> None:
    """Delete a run's folder; its Blender must have ended. Deleting nothing is no error.

    Raises Failure: DEVICE_FILE_REFUSED, LINK_LOST.
    """
    output = await link.run(scripts.REMOVE, folder.path)
    if output.status != 0:
        raise _refused(link, folder.path, output, FaultKind.DEVICE_FILE_REFUSED)


def _words(output: Output) -> str:
    if output.status == scripts.NO_FOLDER:
        return "the run's folder is gone"
    if output.status == scripts.NOT_STARTED:
        return "it gave no sign of life"
    told = output.stderr.decode("utf-8", "replace").strip()
    return told or f"exit status {output.status}"


def _refused(
    link: Link, path: str, output: Output, kind: FaultKind = FaultKind.WORK_DIR_UNWRITABLE
) -> Failure:
    """Say why a script could not write; a full disk has a cure of its own."""
    detail = _words(output)
    if "No space left" in detail or "quota" in detail.lower():
        kind = FaultKind.DEVICE_DISK_FULL
    return Failure.of(kind, device=link.device, path=path, detail=detail)
