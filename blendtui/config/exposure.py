"""Whether a devices.toml holds passwords, and whether others than its owner can read it then."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from blendtui.config.source import Source
from blendtui.farm.faults import Fault, FaultKind
from blendtui.settings import Settings

_OF_OTHERS = 0o077


def holds_passwords(text: str) -> bool:
    """Whether the text of a devices.toml has an address that can hold a password."""
    notify = Source.of_text(Path(), text).tables.get("notify")
    urls = notify.get("urls") if isinstance(notify, dict) else None
    return isinstance(urls, list) and _can_hold_one(url for url in urls if isinstance(url, str))


def exposed(settings: Settings) -> Fault | None:
    """Give CONFIG_EXPOSED where other users can read a file that can hold passwords."""
    if os.name == "nt" or not _can_hold_one(settings.notify.urls):
        return None
    try:
        rights = settings.source.stat().st_mode
    except OSError:  # it went meanwhile
        return None
    return Fault.of(FaultKind.CONFIG_EXPOSED, file=settings.source) if rights & _OF_OTHERS else None


def _can_hold_one(urls: Iterable[str]) -> bool:
    # Each service has its tokens elsewhere: as a user, as the host, as a folder.
    return any(url.partition("://")[2] for url in urls)
