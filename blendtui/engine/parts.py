"""Parts of stills on their way: from devices to the share, and to the device that merges them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from blendtui.devices.connection import Link
from blendtui.devices.orders import RenderOrder
from blendtui.devices.send_parts import send_parts
from blendtui.devices.slot import RunFolder
from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.farm.decisions import CollectFrame, OrderFrame
from blendtui.farm.faults import FaultKind
from blendtui.farm.model import Frame, Run
from blendtui.farm.parts import frame_of, is_part


async def order_for(
    office: Office, link: Link, folder: RunFolder, run: Run, wanted: OrderFrame
) -> RenderOrder:
    """Give the order for a run, once the parts that it merges are on its device.

    Raises:
        Failure: PART_MISSING where one is gone from the share; it could not be brought.
    """
    sent = []
    for piece in wanted.pieces:
        path = await asyncio.to_thread(office.share.part_file, run.job, piece.number)
        if path is None:
            raise Failure.of(FaultKind.PART_MISSING, part=piece.number, frame=wanted.frame)
        sent.append((path, piece.samples))
    if sent:
        await send_parts(link, folder, wanted.frame, [path for path, _ in sent])
    part = wanted.part
    order = office.beside.order(run, wanted.frame, wanted.number, on_cpu=wanted.on_cpu)
    return msgspec.structs.replace(
        order,
        part=(part.frame, part.begin, part.end) if part else None,
        pieces=tuple((path.name, samples) for path, samples in sent),
    )


def has_parts(frame: Frame | None) -> bool:
    """Whether a frame is one that was rendered in parts."""
    return frame is not None and frame.samples is not None and not is_part(frame.number)


def removing(office: Office, job: str, frame: int) -> Callable[[], asyncio.Task[None]]:
    """Give what removes the parts of a frame that is there; what stays goes when the job ends."""

    async def remove() -> None:
        with contextlib.suppress(Failure):
            await asyncio.to_thread(office.share.remove_parts, job, frame)

    return lambda: asyncio.create_task(remove())


def judge(wanted: CollectFrame) -> None:
    """Hold that a device gives one EXR file for a part. Raises Failure: OUTPUT_REFUSED."""
    names = [file.path for file in wanted.files]
    if len(names) != 1 or Path(names[0]).suffix != ".exr":
        detail = f"a part of frame {frame_of(wanted.frame)} is one EXR file, and no other"
        raise Failure.of(FaultKind.OUTPUT_REFUSED, detail=detail)
