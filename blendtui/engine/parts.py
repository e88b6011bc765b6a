"""Parts of stills on their way: from devices to the share, and to the device that merges them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from blendtui.devices.connection import Link
from blendtui.devices.protocol import RenderOrder
from blendtui.devices.send_parts import send_parts
from blendtui.devices.slot import RunFolder
from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.farm.decisions import CollectFrame, OrderFrame
from blendtui.farm.faults import FaultKind
from blendtui.farm.parts import frame_of


async def order_for(
    office: Office, link: Link, folder: RunFolder, job: str, wanted: OrderFrame
) -> RenderOrder:
    """Give the order for a run, once the parts that it merges are on its device.

    Raises:
        Failure: PART_MISSING where one is gone from the share; it could not be brought.
    """
    sent = []
    for piece in wanted.pieces:
        path = await asyncio.to_thread(office.share.part_file, job, piece.number)
        if path is None:
            raise Failure.of(FaultKind.PART_MISSING, part=piece.number, frame=wanted.frame)
        sent.append((path, piece.samples))
    if sent:
        await send_parts(link, folder, wanted.frame, [path for path, _ in sent])
    part = wanted.part
    return RenderOrder(
        wanted.frame,
        wanted.number,
        (part.frame, part.begin, part.end) if part else None,
        tuple((path.name, samples) for path, samples in sent),
    )


def judge(wanted: CollectFrame) -> None:
    """Hold that a device gives one EXR file for a part. Raises Failure: OUTPUT_REFUSED."""
    names = [file.path for file in wanted.files]
    if len(names) != 1 or Path(names[0]).suffix != ".exr":
        detail = f"a part of frame {frame_of(wanted.frame)} is one EXR file, and no other"
        raise Failure.of(FaultKind.OUTPUT_REFUSED, detail=detail)
