"""What is said of a job that no device may render: why, and what ends that."""

from __future__ import annotations

import pytest

from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceMode, DeviceSpec
from blendtui.farm.state import NoteKind
from tests.support.playbook import Playbook

BROKEN = Fault.of(FaultKind.BLENDER_MISSING, device="left")


def reasons(play: Playbook) -> list[str]:
    """Let a second pass; gives why the job is stuck, as people are told now."""
    play.tell(ev.Tick(), after=1.0)
    faults = [note.fault for note in play.notes if note.kind is NoteKind.WARNING]
    kinds = FaultKind.NO_DEVICE_FITS
    return [one.fact("reason") for one in faults if one is not None and one.kind is kinds]


@pytest.mark.parametrize(
    ("modes", "reason"),
    [
        (
            {"left": DeviceMode.DRAINING, "right": DeviceMode.DRAINING},
            "those that could are drained; `blendtui devices enable` ends that",
        ),
        (
            {"left": DeviceMode.OFF, "right": DeviceMode.OFF},
            "those that could are disabled; `blendtui devices enable` ends that",
        ),
        (
            {"left": DeviceMode.OFF, "right": DeviceMode.DRAINING},
            "those that could are disabled or drained; `blendtui devices enable` ends that",
        ),
    ],
)
def test_devices_that_the_user_holds_back_are_not_said_to_have_failed(
    modes: dict[str, DeviceMode], reason: str
) -> None:
    play = Playbook(DeviceSpec("left"), DeviceSpec("right"))
    for device, mode in modes.items():
        play.tell(ev.DeviceModeSet(device, mode))
    play.add()
    assert reasons(play) == [reason]
    assert reasons(play) == []


def test_of_one_that_failed_and_one_that_is_drained_both_are_said() -> None:
    play = Playbook(DeviceSpec("left"), DeviceSpec("right"))
    play.tell(ev.DeviceModeSet("right", DeviceMode.DRAINING))
    play.add()
    play.scheduler.farm.devices["left"].set_aside["shot"] = BROKEN
    assert reasons(play) == ["those that could failed to begin it, or are drained"]


def test_one_that_lacks_the_tag_does_not_count() -> None:
    play = Playbook(DeviceSpec("left", tags=frozenset({"gpu"})), DeviceSpec("right"))
    play.tell(ev.DeviceModeSet("left", DeviceMode.DRAINING))
    play.add(tags=frozenset({"gpu"}))
    assert reasons(play) == ["those that could are drained; `blendtui devices enable` ends that"]
