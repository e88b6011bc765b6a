"""Which frames bring what beside themselves, and how long they last in a movie."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm.movies import MovieAsked, chosen, span_of, step_of, wants_movie

frames = st.sets(st.integers(-50, 5000), min_size=1, max_size=200).map(sorted)
MOVIE, STILLS = MovieAsked(is_movie=True, has_sound=False), MovieAsked(False, False)


@given(frames, st.integers(2, 40))
def test_frames_are_chosen_evenly_with_the_first_and_the_last(some: list[int], count: int) -> None:
    found = chosen(some, count)
    assert found == sorted(set(found))
    assert len(found) == min(len(some), count)
    assert {found[0], found[-1]} == {some[0], some[-1]}
    places = [some.index(one) for one in found]
    gaps = {later - earlier for earlier, later in itertools.pairwise(places)}
    assert not gaps or max(gaps) - min(gaps) <= 1


@given(st.integers(-50, 50), st.integers(1, 30), st.integers(2, 50))
def test_every_so_manyth_frame_lasts_so_many(first: int, step: int, count: int) -> None:
    some = list(range(first, first + step * count, step))
    assert step_of(some) == step
    assert span_of(some) == (first, first + step * count - 1)


def test_one_frame_lasts_one() -> None:
    assert (step_of([7]), span_of([7])) == (1, (7, 7))


@pytest.mark.parametrize(
    ("choice", "asked", "wanted"),
    [
        (None, MOVIE, True),
        (None, STILLS, False),
        (None, None, False),
        (True, STILLS, True),
        (True, None, True),
        (False, MOVIE, False),
    ],
)
def test_a_job_has_a_movie_as_its_scene_says_unless_the_user_says_otherwise(
    choice: bool | None, asked: MovieAsked | None, wanted: bool
) -> None:
    assert wants_movie(choice, asked) is wanted


@pytest.mark.parametrize(
    ("fps", "base", "rate"),
    [(24, 1.0, Fraction(24)), (30, 1.001, Fraction(30000, 1001)), (25, 0.0, Fraction(25))],
)
def test_the_rate_of_frames_is_exact(fps: int, base: float, rate: Fraction) -> None:
    assert MovieAsked(True, False, fps=fps, fps_base=base).rate == rate


@given(st.integers(0, 2**31), st.floats(0, 2**31, allow_nan=False))
def test_a_strange_rate_is_held_to_what_can_be_shown(fps: int, base: float) -> None:
    assert Fraction(1, 100) <= MovieAsked(True, False, fps=fps, fps_base=base).rate <= 1000


@pytest.mark.parametrize("lie", [{"codec": "x" * 65}, {"bitrate": -1}, {"audio_rate": 2**40}])
def test_what_no_blender_says_is_refused(lie: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(lie))):
        MovieAsked(True, False, **lie)  # type: ignore[arg-type]
