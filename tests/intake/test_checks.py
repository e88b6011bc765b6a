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


def facts(
    missing: tuple[str, ...] = (), strange: tuple[str, ...] = (), **changes: object
) -> BlendFacts:
    scene = dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]
    other = dataclasses.replace(GOOD, name="Other", camera=None)
    return BlendFacts((3, 4), (scene, other), scene.name, missing, missing, strange)


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
    says(fault, FaultKind.FRAMES_TOO_MANY, "2097149", "200000")


@pytest.mark.parametrize("name", ["FFMPEG", "AVI_JPEG", "AVI_RAW"])
def test_a_movie_is_no_problem_and_nothing_to_say(name: str) -> None:
    assert problem(file_format=name) is None
    assert notes_of(facts(file_format=name)) == ()


def test_missing_files_are_named_and_beyond_ten_counted() -> None:
    (note,) = notes_of(facts(missing=("tex/a.png", "b.abc")))
    says(note, FaultKind.FILES_MISSING, "(2): caches b.abc; textures tex/a.png.")
    (note,) = notes_of(facts(missing=tuple(f"{number}.png" for number in range(25))))
    says(note, FaultKind.FILES_MISSING, "(25)", "9.png and 15 more")


def test_absolute_paths_are_told_apart_and_files_by_their_kinds() -> None:
    here = ("libs/tree.blend", "hum.WAV", "Serif.ttf", "notes")
    away = ("/srv/a.png", "C:/b.vdb", "//server/c.mp4")
    relative, absolute = notes_of(facts(missing=(*here, *away)), None)
    kinds = "(4): libraries libs/tree.blend; fonts Serif.ttf; sounds hum.WAV; files notes."
    says(relative, FaultKind.FILES_MISSING, kinds)
    kinds = "(3): movies //server/c.mp4; caches C:/b.vdb; textures /srv/a.png."
    says(absolute, FaultKind.FILES_ABSOLUTE, "absolute paths", kinds)


def test_nodes_of_add_ons_are_a_note() -> None:
    (note,) = notes_of(facts(strange=("OctaneGlass",)), None)
    says(note, FaultKind.NODES_STRANGE, "OctaneGlass", "add-on")


def test_the_engine_of_an_add_on_is_a_note_and_blender_s_own_are_not() -> None:
    (note,) = notes_of(facts(engine="LUXCORE"), None)
    assert "is for the render engine LUXCORE, which is not Blender's own" in explain(note).what
    for own in ("CYCLES", "EEVEE", "WORKBENCH", "BLENDER_EEVEE_NEXT", "BLENDER_RENDER", ""):
        assert notes_of(facts(engine=own), None) == ()


def test_what_becomes_of_simulations_is_as_job_toml_wants_it() -> None:
    moving = facts(unbaked=("rigid bodies", "cloth of “Flag”"))
    (note,) = notes_of(moving, None)
    says(note, FaultKind.UNBAKED_ONE_DEVICE, "rigid bodies, cloth of “Flag”", "One device", "bake")
    assert problem_of(moving, None, None) is None
    (note,) = notes_of(moving, None, "ignore")
    says(note, FaultKind.UNBAKED_IGNORED, "as if nothing moved")
    assert problem_of(moving, None, None, "ignore") is None
    says(problem_of(moving, None, None, "refuse"), FaultKind.UNBAKED_REFUSED, "refuses")
    assert problem_of(facts(), None, None, "refuse") is None
    assert notes_of(facts(), None, "ignore") == ()


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
