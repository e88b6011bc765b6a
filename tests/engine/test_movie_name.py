"""A movie's name: as Blender gives it, with what the frames' names have for what it can't have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.engine.movie_name import movie_name
from blendtui.farm.movies import MovieAsked
from blendtui.output import plan
from blendtui.output.codecs import CONTAINERS
from blendtui.share.names import flaw_of

FILM = MovieAsked(is_movie=True, has_sound=False, file_format="FFMPEG", container="MPEG4")


@pytest.mark.parametrize(
    ("output", "own", "name"),
    [
        ("//{blend_name}_####", "film_0001.png", "film_0001-0004.mp4"),
        ("//{blend_name}", "film_0001.png", "film0001-0004.mp4"),
        ("//{blend_name}.mp4", "film_0001.png", "film.mp4"),
        ("//{blend_name}.mp4", "film.mp4_0001.png", "film.mp4.mp4"),
        ("//{blend_name}_####", "x_0001_0001.png", "x_0001_0001-0004.mp4"),
        ("//a_##_{fps}.mp4", "a_01_24.png", "a_01-04_24.mp4"),
        ("//a_{fps:##}_###", "a_24_001_L.png", "a_24_001-004.mp4"),
        ("//{scene_name}_####_{camera_name}", "S 1_0001_Cam.2.png", "S 1_0001-0004_Cam.2.mp4"),
        ("//{{x}}_####", "{x}_0001.png", "{x}_0001-0004.mp4"),
        # As Blender 3.4 names the frames.
        ("//{blend_name}_####", "{blend_name}_0001.png", "{blend_name}_0001-0004.mp4"),
        # Where the frame tells nothing, it stays what every system can store.
        ("//{fps:.2f}_####", "other.png", "{fps_.2f}_0001-0004.mp4"),
        ("//{fps:.2f}_####", "sub/24_0001.png", "{fps_.2f}_0001-0004.mp4"),
    ],
)
def test_braces_are_filled_in_as_in_the_frames_names(output: str, own: str, name: str) -> None:
    assert movie_name(FILM, output, {1: [own, "Depth/z_0001.png"], 4: []}) == name


def test_a_frame_below_zero_tells_it_too() -> None:
    assert movie_name(FILM, "{a}_####", {-2: ["x_-0002.png"], 1: []}) == "x_-002-0001.mp4"


pieces = st.sampled_from(
    [
        "#",
        "####",
        "{a}",
        "{",
        "}",
        ":",
        "?",
        ".",
        " ",
        "/",
        "\\",
        "con",
        "é",
        ".mp4",
        "\n",
        "x" * 90,
    ]
)


@given(
    output=st.lists(pieces | st.characters(), max_size=12).map("".join),
    own=st.lists(pieces, max_size=6).map("".join),
    extension=st.booleans(),
    container=st.sampled_from([*CONTAINERS, "NEW"]),
    first=st.integers(-1_000_000, 1_000_000),
)
def test_whatever_a_scene_s_output_is_its_movie_can_be_stored(
    output: str, own: str, extension: bool, container: str, first: int
) -> None:
    asked = MovieAsked(is_movie=True, has_sound=False, container=container, use_extension=extension)
    name = movie_name(asked, output, {first: [own], first + 7: []})
    ways = plan.choices_of(asked, has_sound=False)
    for one in (name, *(plan.renamed(name, way) for way in ways)):
        assert flaw_of(one) == ""
        assert "/" not in one
        assert one.lower().endswith(tuple(plan.ENDINGS))
