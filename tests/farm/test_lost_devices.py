"""A device that was there and no longer is, is lost once, whatever is heard of it then."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec
from blendtui.farm.state import NoteKind
from tests.support.playbook import Playbook

FAULTS = (
    Fault.of(FaultKind.LINK_LOST, device="tower", detail="no answer"),
    Fault.of(FaultKind.HOST_UNREACHABLE, device="tower"),
    Fault.of(FaultKind.LOGIN_REFUSED, device="tower"),
)


def kinds(play: Playbook) -> list[NoteKind]:
    """Give what the last event was to people."""
    return [note.kind for note in play.notes if note.device == "tower"]


@given(st.lists(st.sampled_from([None, *FAULTS]), max_size=30))
def test_it_is_lost_as_often_as_it_goes(story: list[Fault | None]) -> None:
    """None is a connection; anything else is a try to reach it, or its end."""
    play = Playbook()
    play.tell(ev.DevicesSet((DeviceSpec("tower"),)))
    was_there = False
    for fault in story:
        play.tell(ev.DeviceLost("tower", fault) if fault else ev.DeviceReached("tower"))
        assert (NoteKind.DEVICE_LOST in kinds(play)) is (was_there and fault is not None)
        was_there = fault is None


def test_that_something_else_keeps_it_away_is_kept_in_the_history() -> None:
    play = Playbook(DeviceSpec("tower"))
    told = []
    for fault in (FAULTS[0], FAULTS[0], FAULTS[1], FAULTS[1]):
        play.tell(ev.DeviceLost("tower", fault))
        told += kinds(play)
    assert told == [NoteKind.DEVICE_LOST, NoteKind.DEVICE_AWAY]


def test_one_that_never_was_there_is_not_lost() -> None:
    play = Playbook()
    play.tell(ev.DevicesSet((DeviceSpec("tower"),)))
    play.tell(ev.DeviceLost("tower", FAULTS[1]))
    assert kinds(play) == [NoteKind.DEVICE_AWAY]
