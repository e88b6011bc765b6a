"""Adding a project: what is told of it, what is wrong with a choice, what job.toml then says."""

from __future__ import annotations

from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.intake.jobfile import read_jobfile
from blendtui.tui.screens.add_words import (
    OTHER_SETTINGS,
    about_project,
    choices,
    jobfile,
    wrong,
)

FOUND = {
    "name": "[red]a\x1b.zip",
    "blend": "shots/a.blend",
    "files": 2,
    "bytes": 2048,
    "blender": "4.2",
    "problem": None,
    "warnings": [],
    "job": {"frames": None, "scene": "Night", "priority": 60, "tags": ["gpu"], "blender": "",
            "samples": 8, "format": "JPEG"},
    "scenes": [
        {"name": name, "active": name == "Day", "frames": "1-9", "count": 9, "width": 100,
         "height": 50, "percentage": 50, "engine": "CYCLES", "file_format": "PNG",
         "camera": None if name == "Day" else "Cam", "sequencer": False}
        for name in ("Day", "Night")
    ],
    "missing": [f"tex/{number}.png" for number in range(40)],
}  # fmt: skip


def test_facts_and_missing_files_are_told() -> None:
    said = about_project(FOUND, {}).plain
    assert "[red]a\\x1b.zip" in said
    assert "2 files, 2.0 KiB; renders shots/a.blend, made with Blender 4.2" in said
    assert "▸ Day: 9 frames (1-9), 50 x 25, CYCLES, PNG, no camera" in said
    assert "40 files are used and not in it" in said
    assert "tex/29.png\n  and 10 more" in said


def test_what_was_not_chosen_stays_as_the_project_says() -> None:
    assert jobfile(FOUND, {}) == {}
    said = jobfile(FOUND, {("frames",): " 1-3 ", ("tags",): "fast, gpu,", ("priority",): ""})
    assert said == {
        "blend": "shots/a.blend",
        "scene": "Night",
        "priority": 60,
        "samples": 8,
        "format": "JPEG",
        "frames": "1-3",
        "tags": ["fast", "gpu"],
    }


def test_any_other_setting_can_be_typed() -> None:
    said = jobfile(FOUND, {("others",): 'percentage = 50, format = "PNG", devices = ["tower"]'})
    assert said == {
        "blend": "shots/a.blend",
        "scene": "Night",
        "priority": 60,
        "tags": ["gpu"],
        "samples": 8,
        "percentage": 50,
        "format": "PNG",
        "devices": ["tower"],
    }


def test_all_scenes_can_be_chosen_where_the_project_names_one() -> None:
    said = jobfile(FOUND, {("others",): 'scenes = "all"'})
    assert said["scenes"] == "all"
    assert "scene" not in said


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("percentage 50", "Write name = value"),
        ("percent = 50", "“percent” is none of step, scene, scenes,"),
        ("a = 1 }\nb = { c = 2", "“a” is none of step"),
        ("frames = 3", "“frames” is none of step"),
        ('scene = "a", scenes = "all"', "“scene” and “scenes” do not go together"),
        (
            'percentage = 0, format = "GIF"',
            "“percentage” is out of range. Expected: a whole number",
        ),
        ('percentage = 50, format = "GIF"', "“format” is not known. Expected: one of PNG, JPEG,"),
        ('samples = "x"', "“samples” has a value of the wrong type. Expected: a whole number from"),
        ('output = "../a_##"', "“output” can't be a file's name. Expected: a file name without"),
        ("unbaked = 2026-01-01", "“unbaked” has a value of the wrong type."),
        ("", ""),
    ],
)
def test_other_settings_that_make_no_sense_are_told(typed: str, expected: str) -> None:
    told = wrong({("others",): typed}, set()).get(("others",), "")
    assert expected in told
    assert bool(told) == bool(expected)


VALUES = st.one_of(
    st.text(max_size=9),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.text(max_size=3), max_size=2),
    st.sampled_from(["all", "PNG", "CYCLES", "4.2", "refuse", 1, 50]),
)


@given(st.dictionaries(st.sampled_from(OTHER_SETTINGS), VALUES, max_size=3))
def test_what_is_not_told_here_is_not_refused_on_the_share(settings: dict[str, Any]) -> None:
    text = ", ".join(f"{name} = {tomli_w.dumps({'a': settings[name]})[4:-1]}" for name in settings)
    text = text.replace("\n", "")
    told = wrong({("others",): text}, set())
    try:
        read_jobfile(tomli_w.dumps(settings).encode())
    except Failure:
        assert told
    else:
        assert not told


def test_what_holds_without_a_choice_is_shown() -> None:
    assert [one.otherwise for one in choices(FOUND, {"gpu"})] == [
        *("1-9", "60", "gpu"),
        'scene = "Night", samples = 8, format = "JPEG"',
    ]


def test_choices_that_make_no_sense_are_told() -> None:
    typed: dict[tuple[str, ...], str] = {("frames",): "x", ("priority",): "101", ("tags",): "a b"}
    assert set(wrong(typed, {"gpu"})) == {("frames",), ("priority",), ("tags",)}
    assert set(wrong({("priority",): "9" * 5000}, set())) == {("priority",)}
    assert wrong({("frames",): "1", ("priority",): "0", ("tags",): "gpu"}, {"gpu"}) == {}
