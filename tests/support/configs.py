"""Writes devices.toml files for tests, and says their faults as a user reads them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from blendtui import config
from blendtui.wording import explain


def write(folder: Path, text: str) -> Path:
    """Write a text as devices.toml, less its indentation and the line break at the top."""
    path = folder / "devices.toml"
    path.write_text(dedent(text).removeprefix("\n"), "utf-8")
    return path


def said(path: Path) -> list[str]:
    """Give what is said of a file, fault by fault, with the file's name in place of its path."""
    _, faults = config.check(path)
    return [str(explain(fault)).replace(str(path), path.name) for fault in faults]
