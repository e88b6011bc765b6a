"""Wishes on the command line: what can be said wrong, and what no engine takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui.locks import EngineLock
from tests.support.house import House


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> House:
    return House(tmp_path, capsys)


@pytest.mark.parametrize(
    "words",
    [
        ("frames", "shot"),
        ("frames", "shot", "9-1"),
        ("frames", "shot", "1-9x0"),
        ("frames", "shot", "-9--10"),
        ("frames", "shot", "-x"),
        ("frames", "shot", "--10-20"),
        ("again", "shot", ""),
        ("again", "shot", "1", "2"),
        ("devices", "restart"),
        ("devices", "clear-cache", "left", "right"),
    ],
)
def test_wrong_use_is_said_and_ends_with_2(house: House, words: tuple[str, ...]) -> None:
    said = house.bare(*words)
    assert said.code == 2
    assert "usage:" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "shot"),
        ("resume", "shot"),
        ("cancel", "shot"),
        ("retry", "shot"),
        ("frames", "shot", "1-9"),
        ("frames", "shot", "-10-20"),
        ("frames", "shot", "-10--5,-3,7"),
        ("frames", "shot", "-10 - 20 x 5"),
        ("again", "shot", "3"),
        ("again", "shot", "-3"),
        ("devices", "restart", "left"),
        ("devices", "clear-cache", "left"),
    ],
)
def test_a_wish_without_an_engine_is_refused(house: House, words: tuple[str, ...]) -> None:
    said = house.run(*words)
    assert said.code == 2
    assert "blendtui --watch" in said.err


def test_a_job_whose_name_is_no_text_is_unknown(house: House) -> None:
    with EngineLock(house.places):
        said = house.run("pause", "\udcff")
    assert said.code == 2
    assert "\\udcff" in said.err
