"""devices.toml: finds it, reads it into `Settings`, and says everything that is wrong with it.

Nothing starts half-configured: a file with one fault gives no settings at all.
"""

from __future__ import annotations

import os
from pathlib import Path

from blendtui.config.example import TEMPLATE, write_example
from blendtui.config.exposure import exposed
from blendtui.config.reader import read
from blendtui.config.source import Source
from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.settings import Settings

__all__ = [
    "FILE_NAME",
    "TEMPLATE",
    "check",
    "check_text",
    "exposed",
    "find",
    "load",
    "write_example",
]

FILE_NAME = "devices.toml"


def find(explicit: Path | None, cwd: Path, user_config: Path) -> Path | None:
    """Say which devices.toml counts: the one named, else cwd's, else the user's, else None.

    Raises:
        Failure: CONFIG_NOT_FOUND, if one was named that does not exist.
    """
    if explicit is not None:
        if not os.path.lexists(explicit):
            raise Failure.of(FaultKind.CONFIG_NOT_FOUND, file=explicit)
        return explicit
    # A dangling link counts as found: to pass over it in silence would start another farm.
    places = (folder / FILE_NAME for folder in (cwd, user_config))
    return next((path for path in places if os.path.lexists(path)), None)


def check(path: Path) -> tuple[Settings | None, tuple[Fault, ...]]:
    """Read a devices.toml; give its settings, or None and all its faults, top to bottom.

    Facts of the faults: `file`, `line` (from 1), `key`, `problem`, `expected`, and `nearest`,
    the valid name or the piece of TOML that comes nearest to what was written.
    """
    try:
        source = Source.of(path)
    except Failure as failure:
        return None, (failure.fault,)
    if source.faults:
        return None, source.faults
    return read(source)


def check_text(path: Path, text: str) -> tuple[Settings | None, tuple[Fault, ...]]:
    """Do as `check` does, for what a file would hold."""
    source = Source.of_text(path, text)
    return (None, source.faults) if source.faults else read(source)


def load(path: Path) -> Settings:
    """Read a devices.toml.

    Raises:
        Failure: the first of the faults that `check` gives, one of the kinds CONFIG_*; its fact
            `more` is the number of the others, where there are any.
    """
    settings, faults = check(path)
    if settings is None:
        first, others = faults[0], len(faults) - 1
        raise Failure.of(first.kind, **dict(first.facts), more=others or None)
    return settings
