"""A tree of folders in which only projects are shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.text import Text
from textual.widgets import DirectoryTree

from blendtui.wording import safe

SUFFIXES = frozenset({".zip", ".blend"})


class ProjectTree(DirectoryTree):
    """Folders, .zip and .blend files; names are made harmless."""

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    ICON_FILE = "  "

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """Leave out what is hidden, and files that are no project."""
        return [path for path in paths if not path.name.startswith(".") and _is_of_use(path)]

    def process_label(self, label: str | Text) -> Text:
        """Write a name."""
        return Text(safe(str(label), 100) or "/", no_wrap=True)


def _is_of_use(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        return path.is_dir()
    except OSError:
        return False
