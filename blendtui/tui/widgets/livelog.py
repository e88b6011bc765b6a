"""The log of a Blender that goes on: what is added to its file appears here."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from textual.widgets import RichLog

from blendtui.tui.widgets.logview import LogView

LOOK = 0.5
"""Seconds between two looks at the file."""

BEGIN = 256 * 1024
"""Bytes from the end of a file that are read when it is opened."""

MOST = 1024 * 1024
"""Bytes that are read at one look: a screen is no place for more."""


class Tail:
    """Reads what is added to a file, line by line; one that took its place is read anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None
        self._offset = 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def look(self) -> tuple[bool, list[str]]:
        """Give whether it is another file than before, and the lines that are new."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                is_other = (found.st_dev, found.st_ino) != self._known
                if is_other or found.st_size < self._offset:
                    is_other = True
                    self._known = (found.st_dev, found.st_ino)
                    self._begin_anew()
                    self._offset = max(0, found.st_size - BEGIN)
                file.seek(self._offset)
                data = file.read(MOST)
        except OSError:
            return False, []
        self._offset += len(data)
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        return is_other, lines


class LiveLog(LogView):
    """Follows a file's end; without a file it says so."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._tail: Tail | None = None

    def on_mount(self) -> None:
        """Look every now and then."""
        self.set_interval(LOOK, self.look)

    def follow(self, path: Path | None, instead: str = "") -> None:
        """Show this file from now on; until it has lines, these words."""
        self._tail = Tail(path) if path is not None else None
        self.replace([instead] if instead else [])
        self.look()

    def look(self) -> None:
        """Show what was added."""
        if self._tail is None or not self.screen.is_current:
            return
        is_other, lines = self._tail.look()
        view = self.query_one(RichLog)
        # Who has scrolled back reads on where they are.
        view.auto_scroll = is_other or view.is_vertical_scroll_end
        if is_other:
            self.replace(lines)
        elif lines:
            self.add(lines)
