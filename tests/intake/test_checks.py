"""What is said about a scene before anything is rendered, and in which words."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.frames import FIRST_FRAME, LAST_FRAME
from blendtui.farm.project import BlendFacts, SceneFacts
from blendtui.intake.checks import frames_of, notes_of, problem_of
from blendtui.wording import explain

GOOD = SceneFacts(
    name="Scene",
    frame_start=1,
    frame_end=250,
    frame_step=1,
    engine="CYCLES",
    width=1920,
    height=1080,
    percentage=100,
    file_format="PNG",
    camera="Camera",
    sequencer=False,
    output="//out/",
)


def facts(missing: tuple[str, ...] = (), **changes: object) -> BlendFacts:
    scene = dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]
    other = dataclasses.replace(GOOD, name="Other", camera=None)
    return BlendFacts((3, 4), (scene, other), scene.name, missing, missing)


def problem(
    scene: str | None = None, frames: tuple[int, ...] | None = None, **changes: object
) -> Fault | None:
    return problem_of(facts(**changes), scene, frames)  # type: ignore[arg-type]


def says(fault: Fault | None, kind: FaultKind, *parts: str) -> None:
    assert fault is not None
    assert fault.kind is kind
    text = str(explain(fault))
    assert "?" not in text
    for part in parts:
        assert part in text


def test_a_good_scene_has_no_problem_and_no_notes() -> None:
    assert problem() is None
    assert notes_of(facts()) == ()


def test_an_unknown_scene_is_answered_with_the_known_ones() -> None:
    says(problem("Sceen"), FaultKind.SCENE_UNKNOWN, "no scene “Sceen”", "Scene, Other")
    lost = dataclasses.replace(facts(), active="Linked")
    says(problem_of(lost, None, None), FaultKind.SCENE_UNKNOWN, "“Linked”")


def test_no_camera_is_a_problem_unless_the_sequencer_makes_the_picture() -> None:
    says(problem(camera=None), FaultKind.NO_CAMERA, "Scene “Scene” has no camera")
    says(problem("Other"), FaultKind.NO_CAMERA, "“Other”")
    assert problem(camera=None, sequencer=True) is None


def test_a_reversed_range_is_a_problem_unless_frames_are_named() -> None:
    reversed_range = {"frame_start": 10, "frame_end": 5}
    fault = problem(None, None, **reversed_range)
    says(fault, FaultKind.NOTHING_TO_RENDER, "begin with 10 and end with 5")
    assert problem(None, (7,), **reversed_range) is None
    says(problem(None, ()), FaultKind.NOTHING_TO_RENDER)


@pytest.mark.parametrize("changes", [{"width": 0}, {"height": -1}, {"percentage": 0}])
def test_a_picture_without_size_is_a_problem(changes: dict[str, object]) -> None:
    says(problem(**changes), FaultKind.NOTHING_TO_RENDER, "pixels")  # type: ignore[arg-type]


def test_an_unknown_format_is_a_problem() -> None:
    says(problem(file_format=""), FaultKind.FORMAT_UNKNOWN, "“Scene”", "PNG")


def test_an_absurd_range_is_a_problem() -> None:
    fault = problem(frame_start=-(2**31), frame_end=2**31 - 1)
    says(fault, FaultKind.FRAMES_TOO_MANY, "2097149", "1000000")


@pytest.mark.parametrize("name", ["FFMPEG", "AVI_JPEG", "AVI_RAW"])
def test_a_movie_is_no_problem_and_nothing_to_say(name: str) -> None:
    assert problem(file_format=name) is None
    assert notes_of(facts(file_format=name)) == ()


def test_missing_files_are_named_and_beyond_ten_counted() -> None:
    (note,) = notes_of(facts(missing=("tex/a.png", "b.abc")))
    says(note, FaultKind.FILES_MISSING, "(2): tex/a.png, b.abc.")
    (note,) = notes_of(facts(missing=tuple(f"{number}.png" for number in range(25))))
    says(note, FaultKind.FILES_MISSING, "(25)", "9.png and 15 more")


@given(
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-5, 2**31 - 1),
)
def test_the_frames_are_the_range_within_blender_s_bounds(start: int, end: int, step: int) -> None:
    # A short stretch of a huge range will do; the whole costs a second.
    end = min(end, max(start, FIRST_FRAME) + 1000)
    scene = dataclasses.replace(GOOD, frame_start=start, frame_end=end, frame_step=step)
    frames = frames_of(scene)
    assert all(max(start, FIRST_FRAME) <= frame <= min(end, LAST_FRAME) for frame in frames)
    assert all(b - a == max(step, 1) for a, b in itertools.pairwise(frames))
    assert bool(frames) == (max(start, FIRST_FRAME) <= min(end, LAST_FRAME))
