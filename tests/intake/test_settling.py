"""The rule of settling, without waiting: time and what is seen are made up."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from blendtui.intake.settling import Drop, Settling, Stamp

SETTLE, PATIENCE = 1.0, 10.0
FILE = Path("shot.zip")
OTHER = Path("other.zip")


def stamp(size: int = 100, changed: int = 1, inode: int = 1) -> Stamp:
    return Stamp(size, changed, inode)


def new() -> Settling:
    return Settling(SETTLE, PATIENCE)


def test_a_whole_file_is_given_once_when_it_was_unchanged_long_enough() -> None:
    rule = new()
    assert rule.look(0.0, {FILE: stamp()}) == ()
    assert rule.look(0.9, {FILE: stamp()}) == ()
    assert rule.look(1.0, {FILE: stamp()}) == (FILE,)
    assert rule.judged(1.0, FILE, whole=True) == Drop(FILE, complete=True)
    assert rule.is_quiet
    assert rule.look(50.0, {FILE: stamp()}) == ()


def test_each_change_starts_the_waiting_anew() -> None:
    rule = new()
    rule.look(0.0, {FILE: stamp(size=1)})
    rule.look(0.9, {FILE: stamp(size=2)})
    assert rule.look(1.8, {FILE: stamp(size=2)}) == ()
    assert rule.look(1.9, {FILE: stamp(size=2)}) == (FILE,)


def test_it_is_quiet_while_all_that_is_there_was_given() -> None:
    rule = new()
    assert rule.is_quiet
    rule.look(0.0, {FILE: stamp()})
    assert [rule.is_quiet for _ in rule.look(1.0, {FILE: stamp()})] == [False]
    rule.judged(1.0, FILE, whole=True)
    assert [rule.is_quiet] == [True]


def test_an_incomplete_file_is_given_when_patience_is_over_and_judged_ever_less_often() -> None:
    rule = new()
    judged = []
    given = None
    now = 0.0
    while given is None:
        for path in rule.look(now, {FILE: stamp()}):
            judged.append(now)
            given = rule.judged(now, path, whole=False)
        now += 0.5
    assert judged == [1.0, 2.0, 4.0, 8.0, 10.0]
    assert given == Drop(FILE, complete=False)


def test_a_file_that_becomes_whole_without_a_visible_change_is_found() -> None:
    rule = new()
    rule.look(0.0, {FILE: stamp()})
    rule.look(1.0, {FILE: stamp()})
    assert rule.judged(1.0, FILE, whole=False) is None
    assert rule.look(2.0, {FILE: stamp()}) == (FILE,)
    assert rule.judged(2.0, FILE, whole=True) == Drop(FILE, complete=True)


def test_a_file_that_is_replaced_or_comes_back_is_given_again() -> None:
    rule = new()
    for now, seen in [(0.0, stamp()), (2.0, stamp(inode=2))]:
        rule.look(now, {FILE: seen})
        assert rule.look(now + 1.0, {FILE: seen}) == (FILE,)
        assert rule.judged(now + 1.0, FILE, whole=True)
    rule.look(4.0, {})
    assert rule.look(5.0, {FILE: stamp(inode=2)}) == ()
    assert rule.look(6.0, {FILE: stamp(inode=2)}) == (FILE,)


def test_those_changed_first_come_first() -> None:
    rule = new()
    seen = {FILE: stamp(changed=7), OTHER: stamp(changed=3)}
    rule.look(0.0, seen)
    assert rule.look(1.0, seen) == (OTHER, FILE)


STEPS = st.lists(
    st.tuples(
        st.floats(0.05, 4.0),
        st.dictionaries(
            st.sampled_from([FILE, OTHER]),
            st.tuples(st.builds(Stamp, st.integers(1, 2), st.just(1), st.just(1)), st.booleans()),
        ),
    ),
    max_size=40,
)


@given(STEPS)
def test_nothing_is_given_early_twice_or_without_being_asked(
    steps: list[tuple[float, dict[Path, tuple[Stamp, bool]]]],
) -> None:
    rule = new()
    now = 0.0
    since: dict[Path, tuple[Stamp, float]] = {}
    given_ones: set[tuple[Path, float]] = set()
    for pause, world in steps:
        now += pause
        observed = {path: seen for path, (seen, _) in world.items()}
        for path in list(since):
            if path not in observed:
                del since[path]
        for path, seen in observed.items():
            if path not in since or since[path][0] != seen:
                since[path] = (seen, now)
        for path in rule.look(now, observed):
            whole = world[path][1]
            began = since[path][1]
            drop = rule.judged(now, path, whole)
            assert now - began >= SETTLE - 1e-9
            assert (path, began) not in given_ones
            if drop is None:
                assert not whole
                assert now - began < PATIENCE
            else:
                assert drop == Drop(path, whole)
                assert whole or now - began >= PATIENCE
                given_ones.add((path, began))


@given(st.floats(0.05, 3.0), st.booleans())
def test_what_stays_as_it_is_is_always_given_in_the_end(pause: float, whole: bool) -> None:
    rule = new()
    now, given_one = 0.0, None
    while given_one is None:
        assert now < PATIENCE + 2 * pause + SETTLE
        for path in rule.look(now, {FILE: stamp()}):
            given_one = rule.judged(now, path, whole)
        now += pause
    assert rule.is_quiet


def test_other_times_count_from_the_next_look_on() -> None:
    settling = Settling(10, 60)
    stamp = {Path("a.zip"): Stamp(1, 1, 1)}
    settling.change(1, 60)
    assert settling.look(0, stamp) == ()
    assert settling.look(1, stamp) == (Path("a.zip"),)
