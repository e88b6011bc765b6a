"""Colors and symbols: what a color tells, a symbol and a word tell, too."""

from __future__ import annotations

import pytest

from blendtui.farm.model import FrameState, JobState
from blendtui.tui.themes import DEVICE_LOOKS, FRAME_LOOKS, JOB_LOOKS, THEMES, Look

ALL = {"jobs": JOB_LOOKS, "frames": FRAME_LOOKS, "devices": DEVICE_LOOKS}


@pytest.mark.parametrize("kind", ALL)
def test_no_two_states_have_a_symbol_or_a_word_in_common(kind: str) -> None:
    looks = list(ALL[kind].values())
    assert len({look.symbol for look in looks}) == len({look.word for look in looks}) == len(looks)


@pytest.mark.parametrize(
    "look", [look for looks in ALL.values() for look in looks.values()], ids=str
)
def test_each_state_has_a_symbol_of_one_column_and_a_color_that_themes_have(look: Look) -> None:
    assert len(look.symbol) == 1
    if look.color:
        assert all(getattr(theme, look.color) for theme in THEMES)


def test_all_states_of_jobs_and_frames_have_a_look() -> None:
    assert {state.value for state in JobState} <= set(JOB_LOOKS)
    # Views leave out frames that nobody wants, and show one that waits for its parts as given.
    unseen = {FrameState.UNWANTED.value, FrameState.SPLIT.value}
    assert {state.value for state in FrameState} - unseen <= set(FRAME_LOOKS)
