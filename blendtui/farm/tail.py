"""When nothing waits that a slot could finish in time: it takes over what others have in hand.

A frame that another slot has not begun is taken back; one that is being rendered gets a second
copy, and the first result counts. Both only if this slot is expected to be done first.
"""

from __future__ import annotations

from dataclasses import dataclass

from blendtui.farm.desk import Desk, plan_end
from blendtui.farm.device import Device
from blendtui.farm.gpu_memory import may_try
from blendtui.farm.model import Attempt, AttemptState, Frame, Run, RunState
from blendtui.farm.state import Farm

GAIN_TAKING = 0.05
"""How much sooner a frame must be done to be taken back, as a part of its rendering time."""

GAIN_COPYING = 0.1
"""The same for a second copy."""


COPIES = 2
"""How many copies of a frame may be on their way when another one is ordered."""

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


def reconsider(farm: Farm, desk: Desk, runs: list[Run], now: float) -> None:
    """Take frames back from runs that would not finish them when all others are done."""
    soonest = now + (desk.work / desk.rate if desk.rate else 0.0)
    late: list[tuple[Run, Attempt]] = []
    for run in runs:
        device = farm.devices[run.slot.device]
        ahead = _ahead(run)
        if ahead is None or run.rendering is None or run.state is not RunState.READY:
            continue
        desk.look_at(run, device, now)
        if run.free_at > soonest:
            late.append((run, ahead))
    if not late:
        return
    end = _end_of_all(farm, desk, now)
    for run, ahead in late:
        seconds = desk.seconds(ahead.frame, farm.devices[run.slot.device], run.slot.number)
        if run.free_at > end + GAIN_TAKING * seconds:
            farm.ask_back(ahead)


def _ahead(run: Run) -> Attempt | None:
    for attempt in run.attempts.values():
        if attempt.state is AttemptState.ORDERED:
            return attempt
    return None


def _end_of_all(farm: Farm, desk: Desk, now: float) -> float:
    """Give the time by which all that isn't begun could be done, if it were given out anew."""
    work, count, most = desk.work, desk.pool.count, desk.pool.heaviest()
    free: list[tuple[float, float]] = []
    for run in desk.runs.values():
        device = farm.devices[run.slot.device]
        if run.state is RunState.STOPPING or not device.contact:
            continue
        begin = run.free_at
        ahead = _ahead(run)
        if ahead is not None:
            cost = desk.cost(ahead.frame)
            work, count, most = work + cost, count + 1, max(most, cost)
            begin = desk.current_end(run, device, now)
        lag = desk.lag(run, device, now)
        free.append((max(begin, now), lag / desk.speed(device, run.slot.number)))
    unit = desk.unit(len(free)) if desk.waits else work / max(1, count)
    return plan_end([(at, unit * each) for at, each in free], unit, work, most)


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
                end += desk.lag(run, device, now) * desk.seconds(
                    attempt.frame, device, run.slot.number
                )
                found.append(_prize(device, attempt, desk, end))
    soonest: dict[int, float] = {}
    for prize in found:
        frame = prize.attempt.frame
        soonest[frame] = min(prize.end, soonest.get(frame, prize.end))
    found = [prize for prize in found if prize.end <= soonest[prize.attempt.frame]]
    found.sort(key=lambda prize: (-prize.end, prize.attempt.key))
    return found


def _prize(device: Device, attempt: Attempt, desk: Desk, end: float) -> Prize:
    """A device without contact, or a frame far beyond its time, may never be done."""
    never = not device.contact or attempt.key in desk.overdue
    return Prize(attempt, float("inf") if never else end, desk.cost(attempt.frame))


def _best(farm: Farm, desk: Desk, prizes: list[Prize], run: Run, now: float) -> Prize | None:
    is_idle = run.in_hand == 0 and run.rendering is None
    device = farm.devices[run.slot.device]
    speed = desk.speed(device, run.slot.number) / desk.lag(run, device, now)
    begin = max(now, run.free_at)
    tried = 0
    for prize in prizes:
        if prize.end <= begin or tried >= TRIED:
            return None
        attempt = prize.attempt
        ordered = attempt.state is AttemptState.ORDERED
        if attempt.run == run.id or not (ordered or is_idle):
            continue
        if ordered and desk.was_taken(attempt.frame, run):
            continue
        tried += 1
        gain = GAIN_TAKING if ordered else GAIN_COPYING
        if begin + prize.cost / speed * (1.0 + gain) < prize.end:
            frame = farm.frames[attempt.job][attempt.frame]
            if _may_copy(farm, frame, run, ordered) and _has_chance(farm, frame, device):
                return prize
    return None


def _may_copy(farm: Farm, frame: Frame, run: Run, ordered: bool) -> bool:
    """Whether the run may have a copy; never of a frame that is rendered, or that it has itself."""
    copies = [farm.attempts[(frame.job, frame.number, number)] for number in frame.live]
    if any(one.state is AttemptState.RENDERED or one.run == run.id for one in copies):
        return False
    return len(copies) == 1 if ordered else len(copies) <= COPIES


def _has_chance(farm: Farm, frame: Frame, device: Device) -> bool:
    return not frame.failures or (
        device.name not in frame.failed_on and may_try(farm, frame, device)
    )
