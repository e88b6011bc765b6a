"""Where things are: devices.toml, the share, the state; or what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from blendtui import config
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.places import Places
from blendtui.settings import Settings


@dataclass(slots=True)
class Found:
    """What there is to open: all of it, or the faults that say what is missing."""

    path: Path | None = None
    settings: Settings | None = None
    places: Places | None = None
    faults: tuple[Fault, ...] = ()


def look_around(devices: Path | None, share: Path | None, state: Path) -> Found:
    """Find devices.toml and the share; what is wrong with them is no reason not to open."""
    try:
        path = config.find(devices, Path.cwd(), Places.config_dir())
    except Failure as failure:
        return Found(faults=(failure.fault,))
    if path is None:
        return Found(faults=(Fault.of(FaultKind.NO_DEVICES, folder=Places.config_dir()),))
    settings, faults = config.check(path)
    if settings is None:
        return Found(path, faults=faults)
    folder = share or settings.share.path
    if folder is None:
        fault = Fault.of(FaultKind.SHARE_UNNAMED, file=settings.source)
        return Found(path, settings, faults=(fault,))
    if not folder.is_dir():
        missing = Fault.of(FaultKind.SHARE_MISSING, path=folder)
        return Found(path, settings, faults=(missing,))
    return Found(path, settings, Places(state, folder))


def same_places(settings: Settings, places: Places) -> list[str]:
    """Give the options by which another process of ours finds the same farm."""
    named = {"--devices": settings.source, "--state": places.state, "--share": places.share}
    return [word for name, path in named.items() for word in (name, str(path.absolute()))]
