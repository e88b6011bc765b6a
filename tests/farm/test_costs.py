"""What waiting frames are expected to cost: guesses in a row, and the sums kept of them."""

from __future__ import annotations

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm.estimate import Costs
from blendtui.farm.pool import Pool

SIZE = 60
PLACES = st.integers(0, SIZE - 1)
VALUES = st.floats(-3.0, 8.0)


@given(st.lists(st.tuples(PLACES, VALUES), max_size=40))
def test_guesses_in_a_row_are_those_one_by_one(known: list[tuple[int, float]]) -> None:
    costs = Costs()
    for place, value in known:
        costs.learn(place, value)
    places = sorted({place for place, _ in known})
    for before, after in zip([-1, *places], [*places, SIZE], strict=True):
        row = list(range(before + 1, after))
        if row:
            one_by_one = [costs.guess(place) for place in row]
            both = zip(costs.guesses(row), one_by_one, strict=True)
            assert all(isclose(one, other, abs_tol=1e-9) for one, other in both)


@given(
    st.lists(PLACES, unique=True, min_size=1),
    st.lists(st.tuples(PLACES, VALUES, st.booleans()), max_size=60),
)
def test_the_sums_are_those_of_what_waits(
    waiting: list[int], steps: list[tuple[int, float, bool]]
) -> None:
    costs = Costs()
    pool = Pool(SIZE, costs)
    left = set(waiting)
    for place in waiting:
        pool.add(place)
    for place, value, is_given in steps:
        if is_given:
            pool.remove(place)
            left.discard(place)
        costs.learn(place, value)
        pool.learned(place)
        assert pool.count == len(left)
        expected = sum(pool.cost(one) for one in left)
        assert isclose(pool.work, expected, rel_tol=1e-6, abs_tol=1e-6)
        picked = pool.pick(float("inf"), lambda _: True)
        assert (picked in left) if left else picked is None
