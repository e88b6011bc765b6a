"""The old controller's devices come into devices.toml, beside what stands there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui import config
from tests.support.house import House

OLD = {
    "attic": {"ip": "192.168.1.21", "hwid": "4C4C4544", "performance": 2.5, "port": 2222},
    "Büro PC": {"ip": "bureau.example.org", "hwid": "B7", "performance": 1, "port": 22},
}


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    made = House(tmp_path, capsys)
    (tmp_path / "old").mkdir()
    yield made


def _put(house: House, **files: object) -> None:
    for name, told in files.items():
        text = told if isinstance(told, str) else json.dumps(told)
        (house.root / "old" / f"{name}.json").write_text(text, "utf-8")


def _import(house: House, *more: str) -> tuple[int, str, str]:
    return house.run("devices", "import", str(house.root / "old"), *more)


def test_each_file_becomes_a_device_and_all_else_stays(house: House) -> None:
    before = f"""# my farm
[share]
path = "{house.share}"   # the big disk

[devices.left] # this one
host = "local"
slots = 2   # two

# the end
"""
    house.config.write_text(before)
    _put(house, **OLD)
    code, out, err = _import(house)
    assert (code, err) == (0, "")
    after = house.config.read_text()
    added = """
[devices.Buro-PC]
host = "bureau.example.org"
performance = 1.0

[devices.attic]
host = "192.168.1.21"
port = 2222
performance = 2.5
"""
    assert added in after
    assert after.replace(added, "") == before
    assert "attic.json: attic is new." in out
    devices = {one.name: one for one in config.load(house.config).devices}
    assert devices["attic"].port == 2222
    assert devices["attic"].performance == 2.5
    assert devices["left"].slots == 2


def test_a_second_time_changes_nothing(house: House) -> None:
    _put(house, **OLD)
    _import(house)
    before = house.config.read_bytes()
    code, out, _ = _import(house)
    assert code == 0
    assert house.config.read_bytes() == before
    assert "attic is there already and stays as it is" in out


def test_a_device_that_is_there_is_not_changed_whatever_the_old_file_says(house: House) -> None:
    house.config.write_text(
        '[defaults]\nport = 2222\n[devices.mine]\nhost = "192.168.1.21"\nperformance = 9.0\n'
    )
    before = house.config.read_bytes()
    _put(house, attic=OLD["attic"])
    assert "mine is there already" in _import(house)[1]
    assert house.config.read_bytes() == before


def test_a_name_that_is_taken_by_another_computer_gets_a_number(house: House) -> None:
    _put(house, LEFT=OLD["attic"])
    assert "LEFT-2 is new" in _import(house)[1]
    assert [one.name for one in config.load(house.config).devices] == ["left", "LEFT-2"]


def test_without_a_devices_toml_one_is_written(house: House) -> None:
    house.config.unlink()
    _put(house, **OLD)
    assert _import(house)[0] == 0
    assert len(config.load(house.config).devices) == 2


def test_a_dry_run_only_says_it(house: House) -> None:
    before = house.config.read_bytes()
    _put(house, **OLD)
    assert "attic is new" in _import(house, "--dry-run")[1]
    assert house.config.read_bytes() == before


def test_numbers_in_quotation_marks_and_keys_in_capitals_do(house: House) -> None:
    _put(house, attic='\ufeff{"IP": "10.0.0.1", "Port": "2222", "performance": "1.5", "gpu": null}')
    assert _import(house)[0] == 0
    device = config.load(house.config).devices[-1]
    assert (device.host, device.port, device.performance) == ("10.0.0.1", 2222, 1.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is not JSON (line 1, column 2)"),
        ("", "it is not JSON (line 1, column 1)"),
        ("[1]", "it holds no object in { }"),
        ('{"hwid": "A"}', "it has no “ip”"),
        ('{"ip": "render@10.0.0.1"}', "“ip” is the text"),
        ('{"ip": 7}', "“ip” is the number 7"),
        ('{"ip": "a", "port": 70000}', "“port” is the number 70000; it must be a whole number"),
        ('{"ip": "a", "performance": "fast"}', "“performance” is the text"),
        ('{"ip": "a", "performance": NaN}', "“performance” is the number nan"),
        ('{"ip": "a", "performance": 0}', "“performance” is the number 0"),
        ('{"ip": ' + "9" * 9999 + "}", "it is not JSON of a device"),
        ("[" * 9999, "it is not JSON"),
    ],
)
def test_a_bad_file_is_said_in_words_and_the_good_ones_come_in(
    house: House, text: str, words: str
) -> None:
    _put(house, bad=text, attic=OLD["attic"])
    code, out, err = _import(house)
    assert code == 1
    assert f"bad.json was left out: {words}" in err
    assert "one object with its “ip”" in err
    assert "attic is new" in out
    assert [one.name for one in config.load(house.config).devices] == ["left", "attic"]


def test_files_that_cannot_be_read_are_said(house: House) -> None:
    old = house.root / "old"
    (old / "folder.json").mkdir()
    (old / "latin.json").write_bytes(b'{"ip": "\xfc"}')
    os.mkfifo(old / "pipe.json")
    _, _, err = _import(house)
    assert "folder.json was left out: it is a folder" in err
    assert "latin.json was left out: it is not UTF-8 text" in err
    assert "pipe.json was left out: it is not a regular file" in err


def test_two_files_of_one_computer_are_said(house: House) -> None:
    _put(house, a=OLD["attic"], b=OLD["attic"] | {"ip": "192.168.1.99"})
    code, _, err = _import(house)
    assert code == 1
    assert "b.json was left out: its “hwid” is that of a.json" in err


def test_a_folder_without_such_files_and_one_that_is_not_there_are_said(house: House) -> None:
    assert "holds no .json file" in _import(house)[2]
    said = house.run("devices", "import", str(house.root / "none"))
    assert said.code == 2
    assert "cannot be read" in said.err


def test_a_faulty_devices_toml_is_left_as_it_is(house: House) -> None:
    house.config.write_text('[devices.left]\nhoost = "a"\n')
    _put(house, **OLD)
    code, _, err = _import(house)
    assert code == 2
    assert "hoost" in err
    assert house.config.read_text() == '[devices.left]\nhoost = "a"\n'
