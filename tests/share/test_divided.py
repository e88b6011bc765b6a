"""What a drop of several scenes became is found wherever it is, and no other is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui.share import Share, divided

CHANGED = 1_800_000_000_123_456_789


def part(share: Share, stem: str, index: int, changed: int = CHANGED) -> Path:
    hidden = share.hidden()
    hidden.write_bytes(b"of a scene")
    path = share.put(hidden, stem, divided.SUFFIX, ())
    divided.mark(path, changed, index)
    return path


@pytest.mark.parametrize("stem", ["film", "con", "Nacht 3.", "ä" * 90])
def test_parts_are_found_where_they_lie_are_taken_or_are_refused(tmp_path: Path, stem: str) -> None:
    share = Share(tmp_path)
    whole = part(share, stem, 0)
    made = [part(share, f"{whole.stem}-{scene}", n) for n, scene in enumerate("ABC", start=1)]
    taken = share.take(made[0], {made[0].stem, whole.stem})
    refused = share.reject(made[1], "no camera")
    whole.unlink()
    assert taken.parent.name != made[0].stem
    places = [path for path, _ in divided.parts_of(whole, CHANGED)]
    assert places == [tmp_path / taken.name, tmp_path / refused.name, made[2]]


def test_other_drops_are_no_parts_of_it(tmp_path: Path) -> None:
    share = Share(tmp_path)
    whole = part(share, "film", 0)
    part(share, "film-A", 1, CHANGED + 10**6)
    part(share, "films", 1)
    assert divided.parts_of(whole, CHANGED) == []
    assert share.take(whole, {"film"}).parent.name == "film-2"
    assert divided.parts_of(whole, CHANGED) == [], "the whole itself is none"


def test_parts_that_cannot_be_marked_are_left_as_they_are(tmp_path: Path) -> None:
    divided.mark(tmp_path / "gone.zip", CHANGED, 1)
    assert not list(tmp_path.iterdir())
