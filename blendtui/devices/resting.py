"""Sends a device to sleep with the command that devices.toml names for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind

if TYPE_CHECKING:
    from blendtui.devices.link import Link

WITHIN = 30.0
"""Seconds after which a command that says nothing is taken to have worked: it may be asleep."""

_LONGEST = 300


async def rest(link: Link, device: str, command: str) -> None:
    """Run a command on the device, which may well take the device away meanwhile.

    Raises:
        Failure: IDLE_COMMAND_FAILED; LINK_LOST where it went at once, or was gone before.
    """
    try:
        async with asyncio.timeout(WITHIN):
            output = await link.run('eval "$1"', command)
    except TimeoutError:
        return
    # Ended by a signal: the device shuts down.
    if output.status > 0:
        words = (output.stderr or output.stdout).decode("utf-8", "replace").strip()[-_LONGEST:]
        detail = f"it ended with {output.status}: {words or 'no words'}"
        raise Failure.of(FaultKind.IDLE_COMMAND_FAILED, device=device, detail=detail)
