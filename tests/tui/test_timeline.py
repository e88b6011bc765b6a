"""The timeline: who rendered when, in columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blendtui.store.shown import SpanRow
from blendtui.tui.widgets.timeline import drawn


def span(begin: float | None, end: float | None, state: str = "done") -> SpanRow:
    return SpanRow(1, 1, "tower", 1, state, begin, end, None)


def test_gaps_stay_empty_and_what_goes_on_reaches_to_now() -> None:
    tries = [span(0.0, 1.9), span(6.0, None, "started")]
    assert drawn(tries, 0.0, 10.0, 10) == "██    ▸▸▸▸"


def test_a_failure_is_seen_however_short_it_was() -> None:
    tries = [span(0.0, 5.0), span(5.0, 5.01, "failed"), span(5.01, 10.0)]
    assert drawn(tries, 0.0, 10.0, 4).count("✗") == 1


def test_what_was_never_begun_is_not_drawn() -> None:
    assert drawn([span(None, 3.0, "dropped")], 0.0, 10.0, 4) == "    "


TIMES = st.floats(-1e9, 2e9) | st.none()


@given(
    st.lists(st.builds(span, TIMES, TIMES, st.sampled_from(["done", "failed", "dropped", "odd"]))),
    st.floats(0, 2e9),
    st.floats(0, 2e9),
    st.integers(1, 200),
)
def test_any_times_give_as_many_columns_as_there_are(
    tries: list[SpanRow], begin: float, end: float, width: int
) -> None:
    assert len(drawn(tries, begin, end, width)) == width
