"""Where a command's devices.toml, share and state are, and the device that it names."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from blendtui.commands.complaining import complain
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.places import Places
from blendtui.settings import DeviceSettings, Settings


def state_of(options: argparse.Namespace) -> Path:
    """Give the folder of blendtui's own files."""
    return path_of(options.state) if options.state else Places.default_state()


def path_of(text: str) -> Path:
    """Give the path that a user wrote, with `~` for a home."""
    # pathlib's own raises for a user that there is not.
    return Path(os.path.expanduser(text))  # noqa: PTH111


def load(options: argparse.Namespace) -> tuple[Settings, Places]:
    """Find and read devices.toml, and say where the share and the state are.

    Raises:
        Failure: there is no devices.toml or no share, or something in the file is wrong.
    """
    from blendtui import config  # noqa: PLC0415

    explicit = path_of(options.devices) if options.devices else None
    path = config.find(explicit, Path.cwd(), Places.config_dir())
    if path is None:
        raise Failure.of(FaultKind.NO_DEVICES, folder=Places.config_dir())
    settings, faults = config.check(path)
    if settings is None:
        for fault in faults[:-1]:
            complain(fault)
        raise Failure(faults[-1])
    share = path_of(options.share) if options.share else settings.share.path
    if share is None:
        raise Failure.of(FaultKind.SHARE_UNNAMED, file=settings.source)
    return settings, Places(state_of(options), share)


def warn_of(settings: Settings) -> None:
    """Say what is not wrong in devices.toml, but ought to be changed."""
    from blendtui import config  # noqa: PLC0415

    fault = config.exposed(settings)
    if fault is not None:
        complain(fault)


def named(settings: Settings, name: str) -> DeviceSettings:
    """Give the device of a name.

    Raises:
        Failure: DEVICE_UNKNOWN.
    """
    for device in settings.devices:
        if device.name == name:
            return device
    names = ", ".join(device.name for device in settings.devices)
    raise Failure.of(FaultKind.DEVICE_UNKNOWN, device=name, names=names, file=settings.source)
