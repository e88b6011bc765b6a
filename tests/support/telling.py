"""A home whose story is told to people, and what can happen in it."""

from __future__ import annotations

import io
import queue
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.state import Note, NoteKind
from blendtui.notify import Notifier
from blendtui.places import Places
from blendtui.settings import NotifySettings
from tests.support.stores import StoreStory

DONE = Note(NoteKind.JOB_ENDED, job="shot", detail="done 12 12 61.5")
FAILED = Note(
    NoteKind.JOB_ENDED,
    job="dark",
    detail="failed 0 0 1.0",
    fault=Fault.of(FaultKind.NO_CAMERA, scene="Night"),
)
LOST = Note(
    NoteKind.DEVICE_LOST,
    device="tower",
    fault=Fault.of(FaultKind.LINK_LOST, device="tower", detail="no answer"),
)
STUCK = Note(
    NoteKind.HELD_UP,
    job="shot",
    fault=Fault.of(FaultKind.SHARE_WRITE, path="a", reason="no space left"),
)
NO_ROOM = Note(
    NoteKind.HELD_UP,
    job="shot",
    device="tower",
    fault=Fault.of(FaultKind.DEVICE_DISK_FULL, device="tower", detail="no space left"),
)
NOBODY = Note(
    NoteKind.WARNING,
    job="shot",
    fault=Fault.of(FaultKind.NO_DEVICE_FITS, job="shot", reason="none"),
)
REFUSED = Note(
    NoteKind.REJECTED, detail="empty.zip", fault=Fault.of(FaultKind.BLEND_NONE, name="empty.zip")
)


class Home:
    """A store that a story is told to, and notifiers that follow it."""

    def __init__(self, root: Path) -> None:
        (root / "share").mkdir()
        self.places = Places(root / "state", root / "share")
        self.story = StoreStory(self.places.store)
        self.warned: queue.Queue[Fault] = queue.Queue()
        self.settings = NotifySettings()
        self._notifiers: list[Notifier] = []

    def start(self, stream: Any = None, **settings: Any) -> Notifier:
        self.settings = NotifySettings(**settings)
        made = Notifier(
            self.places, lambda: self.settings, self.warned.put, stream or io.StringIO()
        )
        made.start()
        self._notifiers.append(made)
        return made

    def tell(self, *notes: Note) -> None:
        for note in notes:
            self.story.note(note)

    def close(self) -> None:
        for one in self._notifiers:
            one.close()
        self.story.journal.close()


def script(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "hook.py"
    path.write_text(text, "utf-8")
    return (sys.executable, str(path))


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found
