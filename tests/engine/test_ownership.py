"""A device says itself which files a frame has; no frame gets a file that is another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.engine.ownership import Owners, Ownership
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind


@pytest.mark.parametrize(
    ("output", "own"),
    [
        ("//out/shot_####", "shot_0003.png"),
        ("C:\\out\\shot_####.exr", "shot_0003_L.exr"),
        ("/tmp/", "0003.png"),
        ("", "0003.png"),
        ("//shot3_", "shot3_0003.png"),
        ("//take5_####", "take5_0003.png"),
        ("//take5_####", "take5_7_0003.exr"),
        ("//movie.mp4", "movie_0003.png"),
        ("//a.####.b", "a.0003.b.jp2"),
        ("//{scene_name}_####", "Scene_0003.png"),
        (None, "any/Depth0003.exr"),
        ("//shot_####", "depth/shot_v2_0003.exr"),
        ("//shot_####", "Shot_0003.png"),
        ("//shot_0010_####", "shot_0010_0003.png"),
        ("//film.mp4", "film.mp40003.png"),
        ("//shot_####5", "shot_00035.png"),
        ("//a_####_b.png", "a_0003_b_L.exr"),
    ],
)
def test_what_blender_names_is_taken(output: str | None, own: str) -> None:
    assert Ownership(output, {}).flaw(3, [own]) is None


@pytest.mark.parametrize(
    ("output", "own"),
    [
        ("//shot_####", "Depth/shot_0010_Z0003.exr"),
        ("//sc_", "Z/sc_0100_Z_0003.exr"),
        ("//shot_####", "Depth/shot_100003.exr"),
        ("//shot_####", "Depth/shot_0003_v2.exr"),
        ("//shot_####", "File Output/Image_0010003.png"),
        ("//shot_####", "2048/Depth20003.exr"),
    ],
)
def test_a_nodes_names_may_have_numbers_of_their_own(output: str, own: str) -> None:
    owned = Ownership(output, {})
    assert owned.flaw(3, ["shot_0003.png", own]) is None
    assert owned.flaw(4, [own]) is not None


@pytest.mark.parametrize(
    ("output", "foreign"),
    [
        ("//shot_####", "shot_0005.png"),
        ("//shot_####", "SHOT_0005.png"),
        ("//shot3_####", "shot3_0005.png"),
        ("//shot3_", "sub/shot3_0005.png"),
        ("//café3_####", "cafe\u03013_0005.png"),
        ("//movie3.mkv", "movie3_0005.png"),
        ("//shot_##", "shot_103.png"),
        ("//film3.mp4", "film3.mp40005.png"),
        ("//shot3_####5", "shot3_00055.png"),
        (None, "shot_0005.png"),
        (None, "no-number.png"),
    ],
)
def test_what_is_named_after_another_frame_is_not(output: str | None, foreign: str) -> None:
    assert Ownership(output, {}).flaw(3, ["shot_0003.png", foreign]) is not None


def test_a_frame_below_zero_is_known_by_its_digits_without_the_minus() -> None:
    owned = Ownership("//take3_####", {})
    assert owned.flaw(-4, ["take3_-0004.png"]) is None
    assert owned.flaw(3, ["take3_-0004.png"]) is not None, "another frame's, though it holds a 3"
    assert owned.flaw(-3, ["sub/take3_-0004.png"]) is not None


@pytest.mark.parametrize("name", ["shot:1_####", ".shot_####"])
def test_a_name_that_not_every_system_can_store_is_the_one_that_devices_make_of_it(
    name: str,
) -> None:
    own = {"shot:1_####": "shot_1_0003.png", ".shot_####": "shot_0003.png"}[name]
    owned = Ownership(f"//out/{name}", {})
    assert owned.flaw(3, [own]) is None
    assert owned.flaw(1, [own]) is not None


PLACED = {"shot": {5: ["take3_0005.exr"]}}


def test_a_name_that_could_be_of_two_frames_is_the_first_ones() -> None:
    owners = Owners(lambda job: "//shot_####", lambda job: PLACED.get(job, {}))
    owners.take("shot", 5, ["shot_0005.png", "take3_0005.exr"])
    for path in ("take3_0005.exr", "TAKE3_0005.exr"):
        with pytest.raises(Failure) as caught:
            owners.take("shot", 3, ["shot_0003.png", path])
        assert caught.value.fault.kind is FaultKind.OUTPUT_REFUSED
    owners.take("shot", 3, ["shot_0003.png", "take3_0003.exr"])
    owners.take("other", 3, ["take3_0005.exr"])


words = st.text("aZ05_- é", max_size=6)
frames = st.integers(-2000, 200_000)


def named(text: str, frame: int) -> str:
    """Name a file as Blender does: digits for the last row of #, else behind all."""
    before, _, after = (text if "#" in text else f"{text}####").rpartition("####")
    return f"{before}{'-' if frame < 0 else ''}{abs(frame):04d}{after}"


@given(
    output=st.builds("//render/s{}{}".format, words, st.sampled_from(["", "####", "####_b"])),
    eye=st.sampled_from(["", "_L", "_cam2"]),
    slots=st.lists(st.tuples(words, st.sampled_from(["", "####", "####_v2"]), words)),
    frame=frames,
    other=frames,
)
def test_whatever_names_are_made_of_a_frame_has_its_own_and_no_other_frames_picture(
    output: str, eye: str, slots: list[tuple[str, str, str]], frame: int, other: int
) -> None:
    own = [f"{named(output.rpartition('/')[2], frame)}{eye}.png"]
    own += [f"{folder}x/{named(slot + place, frame)}.exr" for slot, place, folder in slots]
    owned = Ownership(output, {})
    assert owned.flaw(frame, own) is None
    owned.claim(frame, own)
    if other != frame:
        assert all(owned.flaw(other, [path]) for path in own)
        assert Ownership(output, {}).flaw(other, own[:1]), "not even as the first"
