"""What a sender that was killed has left in the share goes; what is anybody else's stays."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from blendtui.engine.arrivals import Arrivals
from blendtui.engine.office import Heard
from blendtui.engine.tasks import end
from blendtui.settings import ShareSettings
from blendtui.share import Share, files
from blendtui.store.journal import Journal
from tests.support.offices import office, places_in

OLD = files.STRAY_AFTER + 60


def aged(path: Path, seconds: float) -> Path:
    path.write_text("half a zip")
    when = time.time() - seconds
    os.utime(path, (when, when))
    return path


def left(share: Share) -> set[str]:
    return {path.name for path in share.path.iterdir()}


def test_what_nobody_has_written_to_for_an_hour_goes(share: Share) -> None:
    aged(share.hidden(), OLD)
    fresh = [aged(share.hidden(), age) for age in (0, files.STRAY_AFTER - 60)]
    share.remove_strays()
    assert left(share) == {path.name for path in fresh}


def test_the_age_is_by_the_clock_of_the_share(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, old = aged(share.hidden(), 0), aged(share.hidden(), OLD)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86400)
    share.remove_strays()
    monkeypatch.setattr(time, "time", lambda: now - 86400)
    share.remove_strays()
    assert left(share) == {fresh.name}
    assert not old.exists()


def test_files_of_others_stay(share: Share) -> None:
    theirs = {
        *(".blendtui-mine.part", ".mine.part", ".hidden", ".shot.zip", "shot.zip.part"),
        *(".blendtui-0123456789abcdef0123.part.txt", "blendtui-0123456789abcdef0123.part"),
    }
    for name in theirs:
        aged(share.path / name, OLD)
    folder = share.hidden()
    folder.mkdir()
    aged(share.path / folder.name / "inside.zip", OLD)
    os.utime(folder, (0, 0))
    target = aged(share.path.parent / "elsewhere", OLD)
    link = share.hidden()
    link.symlink_to(target)
    aged(share.hidden(), OLD)
    share.remove_strays()
    assert left(share) == {*theirs, folder.name, link.name}
    assert target.exists()


async def test_the_engine_looks_for_them(tmp_path: Path) -> None:
    places, heard = places_in(tmp_path), list[Heard]()
    old, fresh = (aged(files.temporary(places.share), age) for age in (OLD, 0))
    journal = Journal(tmp_path / "store.db")
    arrivals = Arrivals(office(places, journal, heard), journal, ShareSettings(), ())
    sweeping = asyncio.create_task(arrivals.keep_swept())
    async with asyncio.timeout(20):
        while old.exists():
            assert not sweeping.done()
            await asyncio.sleep(0.01)
    await end(sweeping)
    journal.close()
    assert fresh.exists()
