"""The devices.toml that `blendtui init` writes."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

TEMPLATE = resources.files(__package__).joinpath("example.toml").read_text("utf-8")
"""A devices.toml with every setting explained; it can be used as it is."""


def write_example(path: Path) -> None:
    """Write the example, and the folders above it as far as they are missing.

    Raises:
        Failure: CONFIG_EXISTS, since nothing is ever overwritten; CONFIG_UNWRITABLE.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("x", encoding="utf-8", newline="\n")
    except FileExistsError as error:
        raise Failure.of(_why(path), file=path, problem=reason_of(error)) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with file:
            file.write(TEMPLATE)
    except OSError as error:
        # Half a file would be read as a whole one.
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _why(path: Path) -> FaultKind:
    # A file where a folder should be says the same: "exists already".
    return FaultKind.CONFIG_EXISTS if path.parent.is_dir() else FaultKind.CONFIG_UNWRITABLE


def _unwritable(path: Path, error: OSError) -> Failure:
    return Failure.of(FaultKind.CONFIG_UNWRITABLE, file=path, problem=reason_of(error))
