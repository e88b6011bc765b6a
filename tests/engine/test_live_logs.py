"""What Blenders say is in a file as long as somebody looks, and only then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from blendtui.engine import live_logs
from blendtui.engine.live_logs import LiveLogs
from blendtui.engine.tasks import end
from blendtui.store.journal import Journal
from blendtui.store.views import Views


class Desk:
    """Live logs that are kept, and a face that looks."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "store.db")
        self.views = Views(folder / "store.db")
        self.logs = LiveLogs(folder, self.journal)

    def text(self, run: str) -> str:
        path = self.views.log_path(run)
        return path.read_text("utf-8") if path.exists() else ""

    async def until(self, check: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not check():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(live_logs, "EVERY", 0.01)
    monkeypatch.setattr(live_logs, "PATIENCE", 0.3)
    made = Desk(tmp_path)
    made.views.watch_log("of-an-earlier-engine")
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "left.log").write_text("of an earlier engine")
    task = asyncio.create_task(made.logs.keep())
    await made.until(lambda: not made.journal.looks())
    yield made
    await end(task)
    made.views.close()
    made.journal.close()


async def test_who_begins_to_look_sees_the_newest_lines_and_all_that_follow(desk: Desk) -> None:
    for number in range(500):
        desk.logs.hear("left.1.1", f"line {number}")
    desk.views.watch_log("left.1.1")
    await desk.until(lambda: desk.text("left.1.1") != "")
    assert desk.text("left.1.1").split("\n")[:2] == ["line 300", "line 301"]
    desk.logs.hear("left.1.1", "and on")
    desk.logs.hear("right.1.2", "nobody looks")
    await desk.until(lambda: desk.text("left.1.1").endswith("line 499\nand on\n"))
    assert desk.text("right.1.2") == ""


async def test_the_file_goes_when_nobody_looks_any_more(desk: Desk, tmp_path: Path) -> None:
    desk.logs.hear("left.1.1", "once")
    desk.views.watch_log("left.1.1")
    await desk.until(lambda: desk.text("left.1.1") == "once\n")
    await desk.until(lambda: not desk.views.log_path("left.1.1").exists())
    assert list((tmp_path / "live").iterdir()) == []
    assert desk.journal.looks() == {}


async def test_who_says_so_again_goes_on_to_see(desk: Desk) -> None:
    desk.views.watch_log("left.1.1")
    path = desk.views.log_path("left.1.1")
    await desk.until(path.exists)
    begun, seen = time.monotonic(), path.stat().st_ino
    while time.monotonic() - begun < 3 * live_logs.PATIENCE:
        desk.views.watch_log("left.1.1")
        await asyncio.sleep(0.05)
        assert path.stat().st_ino == seen


async def test_a_flood_takes_little_and_the_newest_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_logs, "FILE_AT_MOST", 100_000)
    desk.views.watch_log("left.1.1")
    await desk.until(desk.views.log_path("left.1.1").exists)
    for number in range(50):
        desk.views.watch_log("left.1.1")
        for line in range(500):
            desk.logs.hear("left.1.1", f"{number} {line} " + "x" * 50)
        await asyncio.sleep(0.01)
    desk.logs.hear("left.1.1", "x" * 1_000_000)
    desk.logs.hear("left.1.1", "the end")
    await desk.until(lambda: desk.text("left.1.1").endswith("\nthe end\n"))
    assert desk.views.log_path("left.1.1").stat().st_size <= 100_000
    assert all(len(line) <= live_logs.LINE_AT_MOST for line in desk.text("left.1.1").split("\n"))


async def test_a_run_of_any_name_stays_in_its_folder(desk: Desk, tmp_path: Path) -> None:
    for run in ("../../etc/passwd", "..", "a/b", "", "x" * 5000, "\udcff", "é漢"):
        assert desk.views.log_path(run).parent == tmp_path / "live"
