"""Prepared stores: the rules are told a story, and each step is committed as the engine does it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from blendtui.farm.events import Event
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.state import Note
from blendtui.store.journal import Journal


class StoreStory:
    """Writes a store; a context manager. Its clock goes on by a second with each event."""

    def __init__(self, path: Path, now: float = 1_700_000_000.0) -> None:
        self.scheduler = Scheduler()
        self.journal = Journal(path)
        self.now = now

    def tell(self, *events: Event) -> None:
        """Have something happen."""
        for event in events:
            self.now += 1
            step = self.scheduler.handle(event, self.now)
            cause = self.journal.next_cause()
            self.journal.commit(self.now, step.changed, [(cause, note) for note in step.notes], {})

    def note(self, note: Note) -> None:
        """Write a line of the history."""
        self.now += 1
        self.journal.commit(self.now, (), [(self.journal.next_cause(), note)], {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.journal.close()
