"""`blendtui notify` says which ways of telling work, and why the others don't."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.support.house import House


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> House:
    return House(tmp_path, capsys)


def test_a_try_says_of_each_way_whether_it_works(house: House) -> None:
    with house.config.open("a", encoding="utf-8") as file:
        file.write('[notify]\ncommand = ["true"]\nbell = true\n')
    said = house.run("notify")
    assert (said.code, said.out) == (0, "true: told\nthe bell: told\n")


def test_a_try_that_fails_says_why(house: House) -> None:
    with house.config.open("a", encoding="utf-8") as file:
        file.write('[notify]\ncommand = ["sh", "-c", "echo no such room; exit 4"]\n')
    said = house.run("notify")
    assert said.code == 1
    assert "it ended with 4: no such room" in said.out


def test_where_nobody_is_named_a_try_says_so(house: House) -> None:
    said = house.run("notify")
    assert said.code == 2
    assert "names nobody to be told" in said.err


@pytest.mark.skipif(
    importlib.util.find_spec("apprise") is None or importlib.util.find_spec("dbus") is not None,
    reason="it is about Apprise without the package dbus",
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_desktop_that_cannot_be_reached_for_want_of_a_package_says_which(house: House) -> None:
    with house.config.open("a", encoding="utf-8") as file:
        file.write('[notify]\nurls = ["dbus://", "nobody://host"]\n')
    said = house.run("notify")
    assert said.code == 1
    assert "by dbus://…: it needs the Python package dbus" in said.out
    assert "by nobody://…: Apprise knows no such address" in said.out
