"""Given the state and the time: which slot gets, keeps or gives back which frame.

Nothing here looks at all frames or all slots because of one event: runs that could take a frame
are kept in mind, and asked once. What waits is held against the time by which the job's slots can
finish together (`plan.py`); a slot that would be later than that gets nothing.
"""

from __future__ import annotations

import heapq

from blendtui.farm import elsewhere, in_order
from blendtui.farm.claims import place
from blendtui.farm.desk import Desk
from blendtui.farm.device import Device
from blendtui.farm.model import (
    Attempt,
    AttemptState,
    Frame,
    FrameState,
    Job,
    JobState,
    Run,
    RunState,
    SlotId,
)
from blendtui.farm.splitting import order_of, split, take
from blendtui.farm.state import Farm
from blendtui.farm.tail import trade

AHEAD = 2
"""Frames that a run has in hand: the one that it renders and one ahead."""

FITTING = 0.02
"""A frame fits a slot that would finish this much later than all together, in parts of it."""


DEAR = 2.0
"""A frame is dear that costs this many times what the cheap ones do that are left for the end."""


def assign(farm: Farm, now: float) -> None:
    """Choose once, after all bookkeeping for an event is done."""
    _settle(farm, now)
    for desk in _asking(farm, now):
        _feed(farm, desk, now)
    _settle(farm, now)
    if farm.placing:
        farm.placing = False
        place(farm, now)
        _settle(farm, now)


def _asking(farm: Farm, now: float) -> list[Desk]:
    asking = [
        desk
        for desk in farm.desks.values()
        if (desk.fresh or desk.owes_trade(now)) and _gives_out(desk.job)
    ]
    return sorted(asking, key=lambda desk: desk.job.rank) if len(asking) > 1 else asking


def _gives_out(job: Job) -> bool:
    return job.state is JobState.ACTIVE


def _settle(farm: Farm, now: float) -> None:
    """Look at the runs about which something changed: who could take a frame, who is idle."""
    for run in farm.take_stirred():
        desk, device = farm.desks.get(run.job), farm.devices.get(run.slot.device)
        if desk is None or device is None or not run.is_current:
            if desk is not None:
                _forget(desk, run)
            farm.placing |= run.state is RunState.READY and not run.in_hand
            continue
        desk.runs[run.id] = run
        desk.look_at(run, device, now)
        takes = _takes_frames(run, device, desk.job)
        desk.note_hunger(run, takes)
        if run.state is RunState.READY and not run.in_hand:
            if run.idle_since is None:
                run.idle_since = now
                farm.placing |= len(farm.desks) > 1 or desk.job.spec.in_order
            farm.placing |= not takes or not desk.job.is_open
        else:
            run.idle_since = None


def _forget(desk: Desk, run: Run) -> None:
    for known in (desk.runs, desk.fresh, desk.resting):
        known.pop(run.id, None)


def _takes_frames(run: Run, device: Device, job: Job) -> bool:
    return (
        run.state is RunState.READY
        and device.contact
        and run.slot.number <= device.spec.slots
        and run.in_hand < AHEAD
        and device.may_render(job)
    )


def _feed(farm: Farm, desk: Desk, now: float) -> None:
    """Give frames to the runs that ask, the one that would finish first going first."""
    split(farm, desk)
    if desk.owes_trade(now):
        desk.wake()
    queue: list[tuple[float, SlotId, Run]] = []
    mean = desk.learner.costs.mean
    asking = list(desk.fresh.values())
    desk.fresh.clear()
    for run in asking:
        speed = desk.speed(farm.devices[run.slot.device], run.slot.number)
        queue.append((run.free_at + mean / speed, run.slot, run))
    heapq.heapify(queue)
    while queue and desk.waits:
        _, slot, run = heapq.heappop(queue)
        device = farm.devices[slot.device]
        frame = take(farm, desk, run, now) or _choose(farm, desk, run, device, now)
        if frame is None:
            continue
        order(farm, run, frame, now)
        desk.look_at(run, device, now)
        if run.in_hand < AHEAD:
            due = run.free_at + mean / desk.speed(device, slot.number)
            heapq.heappush(queue, (due, slot, run))
    hungry = [run for run in asking if run.in_hand < AHEAD]
    for run in hungry:
        desk.rest(run)
    if hungry and not desk.job.spec.in_order and desk.begins_trade(now):
        for run, frame in trade(farm, desk, hungry, now):
            order(farm, run, frame, now)
            desk.look_at(run, farm.devices[run.slot.device], now)
            desk.note_hunger(run, run.in_hand < AHEAD)


def _choose(farm: Farm, desk: Desk, run: Run, device: Device, now: float) -> Frame | None:
    """Choose the dearest frame that the slot finishes in time; None if others are quicker."""
    frames = farm.frames[desk.job.name]

    def may(place: int) -> bool:
        frame = frames[desk.numbers[place]]
        if run.in_hand and desk.was_taken(frame.number, run):
            return False
        refused = bool(frame.failures) and elsewhere.is_refused(farm, desk, frame, device, now)
        if refused:
            desk.shunned[frame.number] = frame
        return not refused

    if desk.job.spec.in_order:
        return in_order.next_frame(farm, desk, run, device, now)
    speed = desk.speed(device, run.slot.number) / desk.lag(run, device, now)
    place = desk.pool.pick(float("inf"), may)
    if place is not None:
        cost = desk.pool.cost(place)
        sure = desk.rate > 0 and run.free_at + cost / speed <= now + desk.pool.work / desk.rate
        if not sure:
            left = desk.end_with(cost, farm.devices, now) - run.free_at
            limit = left * speed + _slack(desk, cost)
            if cost > limit:
                place = desk.pool.pick(limit, may)
    if place is None:
        return elsewhere.left_to(farm, desk, device, now)
    return frames[desk.numbers[place]]


def _slack(desk: Desk, cost: float) -> float:
    """Give what a frame may cost beyond what fits.

    A dear frame is better begun now than left for a slot that is free a cheap frame earlier: all
    slots would leave it to each other, and it would be the last.
    """
    cheap = desk.pool.lightest(len(desk.runs))
    return max(FITTING * cost, cheap if cost > DEAR * cheap else 0.0)


def order(farm: Farm, run: Run, frame: Frame, now: float) -> None:
    """Give a frame to a run."""
    number = frame.tries + 1
    attempt = Attempt(
        frame.job, frame.number, number, run.id, run.slot, AttemptState.ORDERED, ordered=now
    )
    farm.add_attempt(attempt)
    farm.set_frame(frame, FrameState.GIVEN)
    run.idle_since = None
    farm.decide(order_of(farm, attempt))
