"""docs/refusals.md says what the program says now, as far as that needs no device.

What devices say is as it was when `make refusals` wrote the page, and so are the .blend files of a
newer Blender.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.refusals import drops
from tests.refusals.cases import ALL, Case
from tests.refusals.page import of_case, unwrapped
from tests.refusals.runs import Told, inspected
from tests.support.scenes import blender, needs_blender

pytestmark = needs_blender

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "refusals.md").read_text("utf-8")
HELD = [case for case in ALL if not case.newer and not case.is_sent]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    script = str(ROOT / "tests" / "support" / "make_refusals.py")
    blender("-P", script, "--", str(folder), *drops.needed(newer=False))
    return folder


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


def test_the_page_has_each_case_once_and_names_no_folder_of_a_computer() -> None:
    titles = [line for line in PAGE.splitlines() if line.startswith("### ")]
    assert titles == [f"### `{case.name}`: {case.what}" for case in ALL]
    assert "/tmp/" not in PAGE


@pytest.mark.parametrize(
    ("said", "says", "is_as_wanted"),
    [
        ("Frame 1 was not done in time.", "not done", True),
        ("It has no camera.", "not done", False),
        ("It has no camera.", "", True),
        ("It has no camera.", None, False),
        ("", "not done", False),
        ("", "", False),
        ("", None, True),
    ],
)
def test_a_case_of_which_another_thing_is_said_than_is_wanted_is_noticed(
    said: str, says: str | None, is_as_wanted: bool
) -> None:
    told = Told("done, 1 of 1 frames", {said: ["reason.txt"]} if said else {})
    assert told.is_as_wanted(says) is is_as_wanted


@pytest.mark.parametrize("case", HELD, ids=lambda case: case.stem)
def test_what_inspect_and_reason_txt_say_is_on_the_page(
    made: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    monkeypatch.setattr("signal.signal", lambda number, handler: handler)
    told = [unwrapped(one) for one in inspected(drops.write(case, made, tmp_path), state)]
    before, reasons = of_case(PAGE, case.name)
    assert told == before
    assert reasons in ([], told)
