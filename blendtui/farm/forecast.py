"""When jobs will be done, as far as can be said: an expected time between a low and a high one."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from blendtui.farm.desk import Desk, plan_end
from blendtui.farm.model import AttemptState, JobState, RunState, SlotId
from blendtui.farm.state import Farm

LEAST_DOUBT = 0.02
"""What a forecast is wrong by at least, as a part of the time that is left."""


UNSEEN_DOUBT = 0.3
"""The same for slots that have not finished any frame."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When something is done: seconds since the epoch; nearly always between low and high."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecasts of all jobs that go on, by name, and of the queue as a whole.

    A job of which no frame is finished yet has none, nor has the queue then.
    """

    jobs: dict[str, Forecast]
    queue: Forecast | None


def forecast(farm: Farm, now: float) -> Outlook:
    """Play the queue through: each job in its turn on the slots that may render it."""
    free = _free_slots(farm, now)
    jobs: dict[str, Forecast] = {}
    active = [desk for desk in farm.desks.values() if desk.job.state is JobState.ACTIVE]
    for desk in sorted(active, key=lambda desk: desk.job.rank):
        end = _end(farm, desk, free, now)
        if end is not None:
            jobs[desk.job.name] = _with_range(desk, end, now)
    whole = None
    if jobs and len(jobs) == len(active):
        every = list(jobs.values())
        whole = Forecast(
            max(one.low for one in every),
            max(one.expected for one in every),
            max(one.high for one in every),
        )
    return Outlook(jobs, whole)


def _free_slots(farm: Farm, now: float) -> dict[SlotId, float]:
    free: dict[SlotId, float] = {}
    for device in farm.devices.values():
        if device.contact:
            for slot in device.slots():
                run = farm.current.get(slot)
                desk = None if run is None else farm.desks.get(run.job)
                free[slot] = now
                if run is not None and desk is not None:
                    free[slot] = max(now, desk.free_at(run, device, now))
    return free


def _end(farm: Farm, desk: Desk, free: dict[SlotId, float], now: float) -> float | None:
    if not len(desk.learner.costs):
        return None
    job = desk.job
    in_hand = _in_hand_end(farm, desk, now)
    if not desk.waits:
        return in_hand
    slots: list[tuple[float, float]] = []
    used: list[SlotId] = []
    count = min(desk.pool.count, len(free))
    unit = desk.unit(max(1, count))
    for slot, begin in free.items():
        device, run = farm.devices[slot.device], farm.current.get(slot)
        if not device.may_render(job):
            continue
        warm = run is not None and run.job == job.name and run.state is not RunState.STOPPING
        start = 0.0 if warm else device.start_times.expected(device.has_project(job.name)) or 0.0
        lag = desk.lag(run, device, now) if warm and run is not None else 1.0
        slots.append((begin + start, lag * unit / desk.speed(device, slot.number)))
        used.append(slot)
    if not slots:
        return None
    if job.spec.in_order:
        # Slots that have the job's Blender come without a start, and so before others.
        best = min(range(len(slots)), key=lambda one: slots[one])
        slots, used = [slots[best]], [used[best]]
    dearest = unit if desk.parts else desk.pool.heaviest()
    end = max(plan_end(slots, unit, desk.work, dearest), in_hand)
    for slot in used:
        free[slot] = max(free[slot], end)
    return end


def _in_hand_end(farm: Farm, desk: Desk, now: float) -> float:
    """Give the time by which the last frame in hand is done, on its slot or by a second copy."""
    best = max(
        (desk.speed(farm.devices[run.slot.device], run.slot.number) for run in desk.runs.values()),
        default=1.0,
    )
    last = now
    for run in desk.runs.values():
        end = now
        device = farm.devices[run.slot.device]
        for attempt in run.attempts.values():
            if attempt.state is AttemptState.STARTED:
                end += desk.left(attempt, device, now)
            elif attempt.state is AttemptState.ORDERED:
                end += desk.seconds(attempt.frame, device, run.slot.number)
            else:
                continue
            copy = now + 2.0 * desk.cost(attempt.frame) / best
            last = max(last, min(end, copy))
    return last


def _with_range(desk: Desk, end: float, now: float) -> Forecast:
    costs, left = desk.learner.costs, max(1, desk.pool.count)
    noise = costs.noise * (1.0 / left + 1.0 / len(costs))
    doubt = sqrt(LEAST_DOUBT**2 + noise + (UNSEEN_DOUBT * _unseen(desk)) ** 2)
    off = 2.0 * doubt * (end - now)
    grain = sqrt(costs.noise) * costs.mean / max(desk.rate / max(1, len(desk.runs)), 1e-9)
    return Forecast(max(now, end - off), end, end + off + grain)


def _unseen(desk: Desk) -> float:
    """Give the part of the job's slots that have not finished any frame."""
    seen = sum(pace.seen > 0 for pace in desk.learner.paces.values())
    return 1.0 - seen / max(1, len(desk.learner.paces))
