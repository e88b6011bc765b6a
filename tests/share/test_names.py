"""Names of jobs and of frames' files: any text in, a harmless name or a refusal out."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blendtui.share.names import flaw_of, folded, folder_name, is_forbidden, is_reserved, numbered

anything = st.text(st.characters(), max_size=200)


@given(anything)
@example("con.blend1")
@example("..")
@example("-- .x")
@example("\udcff\n\x1b[31m")
@example("a.zip.zip")
@example("ä" * 300)
def test_whatever_a_drop_is_called_its_folder_can_stand_everywhere(stem: str) -> None:
    name = folder_name(stem)
    assert name
    assert not any(is_forbidden(char) for char in name)
    assert not is_reserved(name)
    assert not name.startswith((".", "-", " "))
    assert not name.endswith((".", " ", ".zip", ".blend"))
    assert name.casefold() != "rejected"
    assert len(name.encode()) <= 121
    assert unicodedata.is_normalized("NFC", name)


@given(anything)
def test_a_folders_name_is_its_own_folders_name(stem: str) -> None:
    assert folder_name(folder_name(stem)) == folder_name(stem)


@pytest.mark.parametrize("stem", ["shot", "Größe 1", "カット_012", "a.b-c", "été"])
def test_an_ordinary_name_stays(stem: str) -> None:
    assert folder_name(stem) == unicodedata.normalize("NFC", stem)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("con", "_con"),
        ("NUL.tar", "_NUL.tar"),
        ("com¹", "_com¹"),
        ("Rejected", "_Rejected"),
        ("", "project"),
        ("...", "project"),
        ("shot.zip", "shot_zip"),
        ("a/b\\c", "a_b_c"),
        ("- x", "x"),
    ],
)
def test_a_name_that_would_do_harm_is_changed_as_little_as_possible(stem: str, name: str) -> None:
    assert folder_name(stem) == name


def test_numbers_go_on_behind_the_name() -> None:
    assert list(itertools.islice(numbered("shot"), 3)) == ["shot", "shot-2", "shot-3"]


@pytest.mark.parametrize(
    ("one", "other"), [("Shot", "sHOT"), ("é", "e\u0301"), ("STRASSE", "straße"), ("É", "e\u0301")]
)
def test_names_that_macos_or_windows_hold_for_one_are_equal(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_names_that_nobody_confuses_are_not_equal() -> None:
    assert folded("é") != folded("e")


@pytest.mark.parametrize(
    "path", ["shot_0001.png", "left/shot 1.exr", "Ebene ä/a-1.png", "a'$(x).png"]
)
def test_a_frames_usual_path_has_no_flaw(path: str) -> None:
    assert flaw_of(path) == ""


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "/etc/passwd",
        "a//b",
        "a/../b",
        "a/",
        ".hidden",
        "a\\..\\b",
        "C:x",
        "a\0b",
        "a\nb",
        "nul.png",
        "a./b",
        "a \u202egnp.exe",
        "x" * 256,
        "ä" * 128,
        "d/" * 500 + "x",
        "\udcff.png",
    ],
)
def test_a_path_that_leads_elsewhere_or_nowhere_has_a_flaw(path: str) -> None:
    assert flaw_of(path)
