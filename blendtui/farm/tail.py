"""When nothing waits that a slot could finish in time: it takes over what others have in hand.

A frame that another slot has not begun is taken back; one that is being rendered gets a second
copy, and the first result counts. Both only if this slot is expected to be done first.
"""

from __future__ import annotations

from dataclasses import dataclass

from blendtui.farm.desk import Desk
from blendtui.farm.model import Attempt, AttemptState, Device, Frame, Run
from blendtui.farm.state import Farm

GAIN_TAKING = 0.05
"""How much sooner a frame must be done to be taken back, as a part of its rendering time."""

GAIN_COPYING = 0.1
"""The same for a second copy."""


TRIED = 12
"""Frames that a slot compares, from the one that is expected last."""


@dataclass(frozen=True, slots=True)
class Prize:
    """A frame in another run's hand, and when it is expected to be done there."""

    attempt: Attempt
    end: float
    cost: float


def trade(farm: Farm, desk: Desk, hungry: list[Run], now: float) -> list[tuple[Run, Frame]]:
    """Choose what runs without better work take over from others; what is taken is asked back."""
    prizes = _prizes(farm, desk, now)
    chosen: list[tuple[Run, Frame]] = []
    for run in sorted(hungry, key=lambda run: (run.free_at, run.slot)):
        prize = _best(farm, desk, prizes, run, now)
        if prize is None:
            continue
        prizes.remove(prize)
        attempt = prize.attempt
        if attempt.state is AttemptState.ORDERED:
            farm.ask_back(attempt)
            other = farm.runs[attempt.run]
            desk.look_at(other, farm.devices[other.slot.device], now)
        chosen.append((run, farm.frames[attempt.job][attempt.frame]))
    return chosen


def _prizes(farm: Farm, desk: Desk, now: float) -> list[Prize]:
    """List what others have in hand, what takes longest first."""
    found: list[Prize] = []
    for run in desk.runs.values():
        if not run.attempts:
            continue
        device = farm.devices[run.slot.device]
        end = now
        rendering = run.rendering
        if rendering is not None:
            end += desk.left(rendering, device, now)
            if rendering.state is AttemptState.STARTED:
                found.append(_prize(device, rendering, desk, end))
        for attempt in run.attempts.values():
            if attempt.state is AttemptState.ORDERED:
                end += desk.seconds(attempt.frame, device, run.slot.number)
                found.append(_prize(device, attempt, desk, end))
    found.sort(key=lambda prize: (-prize.end, prize.attempt.key))
    return found


def _prize(device: Device, attempt: Attempt, desk: Desk, end: float) -> Prize:
    """A device without contact, or a frame far beyond its time, may never be done."""
    never = not device.contact or attempt.key in desk.overdue
    return Prize(attempt, float("inf") if never else end, desk.cost(attempt.frame))


def _best(farm: Farm, desk: Desk, prizes: list[Prize], run: Run, now: float) -> Prize | None:
    is_idle = run.in_hand == 0 and run.rendering is None
    device = farm.devices[run.slot.device]
    speed = desk.speed(device, run.slot.number)
    begin = max(now, run.free_at)
    tried = 0
    for prize in prizes:
        if prize.end <= begin or tried >= TRIED:
            return None
        attempt = prize.attempt
        ordered = attempt.state is AttemptState.ORDERED
        if attempt.run == run.id or not (ordered or is_idle):
            continue
        tried += 1
        gain = GAIN_TAKING if ordered else GAIN_COPYING
        if begin + prize.cost / speed * (1.0 + gain) < prize.end:
            frame = farm.frames[attempt.job][attempt.frame]
            if len(frame.live) == 1 and device.name not in frame.failed_on:
                return prize
    return None
