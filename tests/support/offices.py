"""An engine's office without an engine: what it is told is kept in a list."""

from __future__ import annotations

from pathlib import Path

from blendtui.engine.beside import Beside
from blendtui.engine.live_logs import LiveLogs
from blendtui.engine.office import Clock, Heard, Office, Work
from blendtui.engine.ownership import Owners
from blendtui.places import Places
from blendtui.share import Share
from blendtui.store.journal import Journal


def places_in(folder: Path) -> Places:
    """Make a share and a state folder."""
    (folder / "share").mkdir()
    return Places(folder / "state", folder / "share")


def office(places: Places, journal: Journal, heard: list[Heard]) -> Office:
    """Give an office for a part of the engine that works alone."""
    return Office(
        share=Share(places.share),
        places=places,
        clock=Clock(),
        local=None,
        salt="",
        tell=heard.append,
        work=_work,
        offset=lambda run: 0,
        keep_log=lambda job, frame, number, text: None,
        jobs_on=lambda device: set(),
        live=LiveLogs(places.own, journal),
        owners=Owners(lambda job: None, journal.placed),
        beside=Beside(journal, {}),
    )


def _work(job: str) -> Work:
    raise AssertionError(f"nobody works on {job} here")
