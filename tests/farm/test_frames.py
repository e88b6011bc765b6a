"""Frame numbers are read and written as people write them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendtui.farm.frames import (
    FIRST_FRAME,
    LAST_FRAME,
    MOST_FRAMES,
    format_frames,
    parse_frames,
)

FRAMES = st.integers(FIRST_FRAME, LAST_FRAME)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("7", (7,)),
        ("1-5", (1, 2, 3, 4, 5)),
        ("1-3,10,20-26x2", (1, 2, 3, 10, 20, 22, 24, 26)),
        ("-10--5", (-10, -9, -8, -7, -6, -5)),
        ("-2-2", (-2, -1, 0, 1, 2)),
        ("-5", (-5,)),
        (" 1 - 5 x 2 , 9 ", (1, 3, 5, 9)),
        ("5,1,3-5,5", (1, 3, 4, 5)),
        ("1-10x4", (1, 5, 9)),
        ("3-3", (3,)),
        ("007", (7,)),
    ],
)
def test_frames_come_sorted_and_each_once(text: str, frames: tuple[int, ...]) -> None:
    assert parse_frames(text) == frames


@pytest.mark.parametrize(
    ("text", "wrong", "expected"),
    [
        ("", "no frames are named", "such as 1-100"),
        ("  ", "no frames are named", "such as 1-100"),
        ("1,,3", "part 2 is empty", "a frame such as 12"),
        ("1-5,", "part 2 is empty", "a frame such as 12"),
        ("1-5,abc", "“abc” is not understood", "a frame such as 12"),
        ("1..5", "“1..5” is not understood", "a range such as 1-100"),
        ("1 5", "“1 5” is not understood", "a frame such as 12"),
        ("1-", "“1-” is not understood", "a range such as 1-100"),
        ("5x2", "“5x2” is not understood", "a range with a step such as 1-100x2"),
        ("1-5x-2", "“1-5x-2” is not understood", "a range with a step"),
        ("1-5x0", "the step of “1-5x0” is wrong", "from 1"),
        ("1-5x" + "9" * 5000, "the step of", "from 1"),
        ("1,20-10", "“20-10” runs backwards", "the lower frame first, 10-20"),
        ("9" * 5000, "999… is no frame of Blender", "a number from -1048574 to 1048574"),
        ("-1048575", "-1048575 is no frame", "a number from -1048574"),
        ("٣", "“٣” is not understood", "a frame such as 12"),
        ("1-1000001", "up to “1-1000001” these are more than 200,000 frames", "at most"),
        ("1-600000,1-600000", "up to “1-600000” these are more than 200,000", "at most"),
    ],
)
def test_a_wrong_text_is_told_with_its_part_and_what_is_expected(
    text: str, wrong: str, expected: str
) -> None:
    with pytest.raises(ValueError, match="; expected: ") as caught:
        parse_frames(text)
    assert wrong in str(caught.value)
    assert expected in str(caught.value)


def test_the_frames_of_a_film_are_allowed() -> None:
    two_hours = 2 * 3600 * 24
    assert len(parse_frames(f"1-{two_hours}")) == two_hours
    assert len(parse_frames(f"1-{MOST_FRAMES}")) == MOST_FRAMES


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ((), ""),
        ((7,), "7"),
        ((1, 2), "1,2"),
        ((1, 2, 3), "1-3"),
        ((-10, -9, -8), "-10--8"),
        ((1, 3, 5), "1,3,5"),
        ((1, 3, 5, 7), "1-7x2"),
        ((1, 3, 5, 6, 7, 8), "1,3,5-8"),
        ((1, 2, 3, 4, 6, 8, 10, 12), "1-4,6-12x2"),
        ((100, 150), "100,150"),
        ((3, 2, 1, 3), "1-3"),
    ],
)
def test_frames_are_written_as_short_as_can_be(frames: tuple[int, ...], text: str) -> None:
    assert format_frames(frames) == text


@given(st.sets(FRAMES, min_size=1) | st.sets(st.integers(-30, 60), min_size=1))
def test_reading_is_the_inverse_of_writing(frames: set[int]) -> None:
    assert parse_frames(format_frames(frames)) == tuple(sorted(frames))


@given(st.lists(st.tuples(FRAMES, st.integers(0, 300), st.integers(1, 20)), min_size=1, max_size=9))
def test_writing_never_makes_a_text_longer(parts: list[tuple[int, int, int]]) -> None:
    """Ranges that end on a frame and do not overlap come back in no more characters."""
    spans = [(first, _end(first, more, step), step) for first, more, step in sorted(parts)]
    apart = [span for i, span in enumerate(spans) if all(s[1] < span[0] for s in spans[:i])]
    text = ",".join(f"{first}-{last}" + f"x{step}" * (step > 1) for first, last, step in apart)
    frames = parse_frames(text)
    assert parse_frames(format_frames(frames)) == frames
    assert len(format_frames(frames)) <= len(text)


def _end(first: int, more: int, step: int) -> int:
    return range(first, min(first + more, LAST_FRAME) + 1, step)[-1]


@given(st.sets(st.integers(-15, 40), min_size=1, max_size=12))
def test_no_other_way_to_cut_the_frames_is_shorter(frames: set[int]) -> None:
    ordered = sorted(frames)
    shortest = [0]
    for end in range(1, len(ordered) + 1):
        options = [
            shortest[begin] + 1 + len(_as_one_part(ordered[begin:end]))
            for begin in range(end)
            if len({b - a for a, b in pairwise(ordered[begin:end])}) <= 1
        ]
        shortest.append(min(options))
    assert len(format_frames(frames)) == shortest[-1] - 1


def _as_one_part(frames: list[int]) -> str:
    if len(frames) == 1:
        return str(frames[0])
    step = frames[1] - frames[0]
    return f"{frames[0]}-{frames[-1]}" + (f"x{step}" if step > 1 else "")


@settings(deadline=None)  # a long range takes its time
@given(st.text(alphabet="0123456789-,x ", max_size=20) | st.text(max_size=20))
def test_any_text_gives_frames_or_a_sentence(text: str) -> None:
    try:
        frames = parse_frames(text)
    except ValueError as error:
        assert "; expected: " in str(error)
    else:
        assert list(frames) == sorted(set(frames))
        assert parse_frames(format_frames(frames)) == frames
