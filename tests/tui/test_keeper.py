"""The engine that a control centre starts: real ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blendtui.places import Places
from blendtui.tui.keeper import EngineState, Keeper
from tests.support.shares import tree
from tests.support.sshd import until

DEVICES = """\
[share]
settle = 0.1
patience = 1

[devices.nobody]
host = "127.0.0.1"
port = 1
"""


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    (tmp_path / "share").mkdir()
    (tmp_path / "devices.toml").write_text(DEVICES)
    places = Places(tmp_path / "state", tmp_path / "share")
    words = ["--devices", tmp_path / "devices.toml", "--state", places.state]
    made = Keeper(places, [*map(str, words), "--share", str(places.share)])
    yield made
    made.end()


def is_(keeper: Keeper, state: EngineState) -> Callable[[], bool]:
    return lambda: keeper.look() is state


async def test_why_an_engine_did_not_start_is_known(keeper: Keeper, tmp_path: Path) -> None:
    (tmp_path / "share").rmdir()
    keeper.begin()
    await until(is_(keeper, EngineState.GONE), 30)
    assert f"The share {tmp_path / 'share'} is not there." in keeper.printed


async def test_what_happens_fills_no_file_beside_the_store(keeper: Keeper, tmp_path: Path) -> None:
    keeper.begin()
    await until(is_(keeper, EngineState.OWN), 30)
    (tmp_path / "share" / "shot.zip").write_text("no zip")
    await until(lambda: "rejected/shot.reason.txt" in tree(tmp_path / "share"), 30)
    await asyncio.to_thread(keeper.end)
    output = next((tmp_path / "state").rglob("engine.out"))
    assert output.read_text() == ""
