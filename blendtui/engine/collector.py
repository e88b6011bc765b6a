"""Rendered frames of one device, brought to the share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from blendtui.devices.fetch import fetch
from blendtui.devices.pump import in_thread
from blendtui.devices.slot import RunFolder
from blendtui.devices.small_files import SMALL, SmallFiles
from blendtui.engine import parts
from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.farm.decisions import CollectFrame
from blendtui.farm.events import FrameDone
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import OutputFile
from blendtui.farm.parts import frame_of, is_part
from blendtui.settings import DeviceSettings
from blendtui.wording import size

AT_ONCE = 4
"""Frames that are collected from a device at once."""

FRAME_AT_MOST = 64 * 2**30
"""Bytes that all files of a frame may have: more than 16k pixels square in all passes there are.

How many there are is limited by the line of the log that names them all.
"""

GIVE_WAY = 5.0
"""Seconds that whatever is less urgent than frames waits for them."""


class Collector:
    """Brings frames of a device to the share, some at a time."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._wanted = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def until_idle(self) -> None:
        """Wait until no frame is on its way, or for some seconds: it need not end at all."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GIVE_WAY):
                await self._idle.wait()

    async def collect(
        self, wanted: CollectFrame, files: SmallFiles, folder: RunFolder, device: DeviceSettings
    ) -> FrameDone:
        """Put all files of a frame in their places, each with the hash that was reported.

        Raises:
            Failure: one of them could not be brought; the others may be in place.
        """
        self._wanted += 1
        self._idle.clear()
        try:
            async with self._turns:
                self._judge(wanted)
                async with self._room(wanted, device):
                    for file in wanted.files:
                        await self._file(wanted, file, files, folder, device)
        except Failure as failure:
            named = _named(failure.fault, device.name, frame_of(wanted.frame))
            raise Failure(named) from failure
        finally:
            self._wanted -= 1
            if not self._wanted:
                self._idle.set()
        return FrameDone(wanted.run, wanted.frame, wanted.number)

    def _judge(self, wanted: CollectFrame) -> None:
        """Take the files for this frame, and none for two. Raises Failure: OUTPUT_REFUSED."""
        if _size(wanted) > FRAME_AT_MOST:
            detail = f"they have {size(_size(wanted))}, more than any frame's"
            raise Failure.of(FaultKind.OUTPUT_REFUSED, detail=detail)
        if is_part(wanted.frame):
            parts.judge(wanted)
            return
        paths = [file.path for file in wanted.files]
        self._office.owners.take(wanted.job, wanted.frame, paths)

    @contextlib.asynccontextmanager
    async def _room(self, wanted: CollectFrame, device: DeviceSettings) -> AsyncIterator[None]:
        """Fetch only what there is room for. Raises Failure: SHARE_WRITE."""
        # What a device wrote to the share itself has its room already.
        needed = _size(wanted) if device.share_mount is None else 0
        async with self._office.room.promised(needed) as is_there:
            if not is_there:
                place = self._office.share.path / wanted.job
                frame = frame_of(wanted.frame)
                reason = f"no space left for frame {frame} of {device.name}, {size(needed)}"
                raise Failure.of(FaultKind.SHARE_WRITE, path=place, reason=reason)
            yield

    async def _file(
        self,
        wanted: CollectFrame,
        file: OutputFile,
        files: SmallFiles,
        folder: RunFolder,
        device: DeviceSettings,
    ) -> None:
        share = self._office.share
        if file.size <= SMALL and device.share_mount is None:
            with _missing_here():
                await self._small_file(wanted, file, files, folder)
                return
        target, own = await asyncio.to_thread(self._places, wanted, file, device)
        if own is not None:
            with _missing_here():
                await asyncio.to_thread(share.adopt, own, target, file.size, file.sha256)
                return
        source = share.beside(target, f"{wanted.run}/{wanted.frame}/{wanted.number}")
        remote = folder.output(wanted.frame, wanted.number, file.path)
        await fetch(files.link, remote, source, file.size, file.sha256)
        await asyncio.to_thread(share.place, source, target)

    async def _small_file(
        self, wanted: CollectFrame, file: OutputFile, files: SmallFiles, folder: RunFolder
    ) -> None:
        """Bring a file with few steps: of small ones there may be hundreds in a second."""
        remote = folder.output(wanted.frame, wanted.number, file.path)
        data = await files.read(remote, file.size, file.sha256)

        def put() -> None:
            self._office.share.place(data, self._target(wanted, file))

        await in_thread(put)

    def _target(self, wanted: CollectFrame, file: OutputFile) -> Path:
        """Give the file's place on the share, and make its folder."""
        if is_part(wanted.frame):
            return self._office.share.part_target(wanted.job, wanted.frame)
        return self._office.share.frame_target(wanted.job, file.path)

    def _places(
        self, wanted: CollectFrame, file: OutputFile, device: DeviceSettings
    ) -> tuple[Path, Path | None]:
        """Give the file's place on the share, and where its device may have put it there itself."""
        target = self._target(wanted, file)
        # devices.toml may have changed since the run began: its files are where it was told.
        outbox = self._office.share.outbox(wanted.job, wanted.run)
        if device.share_mount is None and not outbox.exists():
            return target, None
        return target, outbox / f"{wanted.frame}-{wanted.number}" / file.path


def _size(wanted: CollectFrame) -> int:
    return sum(file.size for file in wanted.files)


@contextlib.contextmanager
def _missing_here() -> Iterator[None]:
    """Go on where a file is not in one of the places that it may be in."""
    try:
        yield
    except Failure as failure:
        if failure.fault.kind is not FaultKind.OUTPUT_MISSING:
            raise


def _named(fault: Fault, device: str, frame: int) -> Fault:
    """Say whose frame it was, where the one who found fault with its files doesn't know."""
    facts = {"device": device, "frame": str(frame)}
    new = tuple(fact for fact in facts.items() if not fault.fact(fact[0]))
    return Fault(fault.kind, fault.facts + new)
