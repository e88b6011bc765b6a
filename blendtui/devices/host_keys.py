"""Trusting a device: fetch the host key that it offers, write it down, take it back.

Checking is strict: what stands neither in our own file nor in the user's known_hosts is refused
(`connection.py` does that). Only a person's word, `blendtui devices trust NAME`, adds a key.
"""

from __future__ import annotations

from pathlib import Path

from blendtui.devices.connection import offered_key
from blendtui.devices.known_hosts import HostKey, place_of, put, remove
from blendtui.devices.ssh_options import Target, route
from blendtui.settings import DeviceSettings

__all__ = ["HostKey", "forget", "offered_key", "trust"]


def trust(known_hosts: Path, key: HostKey) -> None:
    """Write a host key into our file, in the place of what it held for this host.

    Raises:
        Failure: STATE_UNWRITABLE.
    """
    put(known_hosts, key.place, key.line)


async def forget(known_hosts: Path, device: DeviceSettings) -> int:
    """Remove a device's host keys from our file; gives the number of lines.

    The host need not answer. The user's own known_hosts stays as it is.
    """
    way = await route(Target.of(device), known_hosts)
    return remove(known_hosts, place_of(way.filed_as, way.port))
