"""Which job gets which slot: Blenders are started, and stopped where another job goes first.

Jobs come by priority, then first come first served, or in fair shares among equals. A slot that
has a job's project open keeps it as long as that job has work and nobody goes before it.
"""

from __future__ import annotations

from blendtui.farm import in_order
from blendtui.farm.decisions import StartRun
from blendtui.farm.desk import GRAINS, Desk, plan_end
from blendtui.farm.device import Device
from blendtui.farm.elsewhere import can_start, starts_for_shunned
from blendtui.farm.model import Job, JobState, Run, RunState, Sharing, SlotId
from blendtui.farm.parts import most_pieces
from blendtui.farm.splitting import divides
from blendtui.farm.state import Farm
from blendtui.farm.stopping import stop_run
from blendtui.farm.version_rules import decide

IDLE_PATIENCE = 300.0
"""Seconds that a Blender of a paused job is kept open without work."""


class Places:
    """The slots that can be dealt out now: free ones, and those that are becoming free."""

    def __init__(self, farm: Farm) -> None:
        self.free = [
            (device, slot)
            for device in farm.devices.values()
            if device.contact
            for slot in device.slots()
            if slot not in farm.current
        ]
        self.leaving = [run for run in farm.current.values() if run.state is RunState.STOPPING]


def place(farm: Farm, now: float) -> None:
    """Start, claim and free runs, once."""
    places = Places(farm)
    for desk in _wanting(farm):
        _serve(farm, desk, places, now)
    _free(farm, now)


def _wanting(farm: Farm) -> list[Desk]:
    desks = [
        desk for desk in farm.desks.values() if desk.job.state is JobState.ACTIVE and desk.waits
    ]
    return sorted(desks, key=lambda desk: _turn(farm, desk))


def _turn(farm: Farm, desk: Desk) -> tuple[int, int, int]:
    """Sorts jobs: by priority; in fair shares the one with the fewest slots is next."""
    held = len(desk.runs) if farm.policy.share is Sharing.FAIR else 0
    return (-desk.job.priority, held, desk.job.position)


def _serve(farm: Farm, desk: Desk, places: Places, now: float) -> None:
    """Get the job the slots that it can use."""
    job = desk.job
    if not decide(farm, job):
        return
    starting = sum(run.state is RunState.STARTING for run in desk.runs.values())
    missing = _quota(farm, desk) - starting - len(desk.resting)
    offers = [
        (_ready_at(device, job, now), slot)
        for device, slot in places.free
        if can_start(device, job, now)
    ]
    if job.spec.in_order:
        missing = in_order.vacancies(farm, desk, now)
    useful = _chosen(farm, desk, offers, missing, now)
    for slot in useful:
        _start_run(farm, job, slot, now)
    taken = set(useful)
    places.free = [(device, slot) for device, slot in places.free if slot not in taken]
    missing -= len(useful)
    coming = [run for run in places.leaving if farm.devices[run.slot.device].may_render(job)]
    for run in coming[: max(0, missing)]:
        places.leaving.remove(run)
        missing -= 1
    if missing > 0:
        _claim(farm, desk, missing, now)


def _chosen(
    farm: Farm, desk: Desk, offers: list[tuple[float, SlotId]], missing: int, now: float
) -> list[SlotId]:
    """Choose the slots to start, the first of those that bring most; more for refused frames."""
    chosen = starts_for_shunned(farm, desk, offers)
    if desk.job.spec.in_order:
        chosen += [slot for _, slot in in_order.quickest(farm, desk, offers, now)]
        return chosen[:missing]
    if missing > 0:
        chosen += [one for one in _useful(farm, desk, offers, now)[:missing] if one not in chosen]
    return chosen


def _quota(farm: Farm, desk: Desk) -> int:
    """Give how many more slots the job may ask for at most."""
    waiting = desk.pool.count
    if desk.parts or (waiting and divides(farm, desk.job)):
        waiting = sum(device.spec.slots for device in farm.devices.values() if device.contact)
    if farm.policy.share is not Sharing.FAIR:
        return waiting
    equals = [one for one in _wanting(farm) if one.job.priority == desk.job.priority]
    slots = sum(device.spec.slots for device in farm.devices.values() if device.contact)
    fair = -(-slots // len(equals)) if equals else slots
    return min(waiting, max(0, fair - len(desk.runs))) if len(equals) > 1 else waiting


def room(farm: Farm, desk: Desk, now: float) -> int:
    """How many more slots would have something to do for a job, if there were any number."""
    if desk.job.state is not JobState.ACTIVE or not desk.waits:
        return 0
    if desk.job.spec.in_order:
        return in_order.vacancies(farm, desk, now)
    if desk.pool.count and divides(farm, desk.job):
        return sum(device.spec.slots for device in farm.devices.values())
    pieces = sum(most_pieces(part) for part in desk.parts.values())
    starting = sum(run.state is RunState.STARTING for run in desk.runs.values())
    return max(0, desk.pool.count + pieces - starting)


def _ready_at(device: Device, job: Job, now: float) -> float:
    return now + (device.start_times.expected(device.has_project(job.name)) or 0.0)


def _useful(farm: Farm, desk: Desk, offers: list[tuple[float, SlotId]], now: float) -> list[SlotId]:
    """Give the slots on which a start brings more than it costs, the quickest first."""
    if not offers:
        return []
    is_split = bool(desk.parts) or divides(farm, desk.job)
    unit = desk.work / GRAINS if is_split else desk.pool.lightest(len(desk.runs) + len(offers))
    known = desk.slots(farm.devices, now, unit)
    new = [
        (ready, unit / desk.speed(farm.devices[slot.device], slot.number), slot)
        for ready, slot in offers
    ]
    slots = known + [(ready, each) for ready, each, _ in new]
    end = plan_end(slots, unit, desk.work, unit if is_split else desk.pool.heaviest())
    useful = [
        (ready + each, order, slot)
        for order, (ready, each, slot) in enumerate(new)
        if ready + each <= end * (1 + 1e-12) + 1e-6
    ]
    return [slot for _, _, slot in sorted(useful)]


def _start_run(farm: Farm, job: Job, slot: SlotId, now: float) -> None:
    name = farm.run_name(slot)
    run = Run(name, job.name, slot, RunState.STARTING, started=now, attached=True)
    farm.add_run(run)
    farm.decide(StartRun(run.id, job.name, slot))


def _claim(farm: Farm, desk: Desk, missing: int, now: float) -> None:
    """Have runs of jobs that come later leave after the frame that they are at."""
    candidates: list[Run] = []
    for run in farm.current.values():
        device = farm.devices[run.slot.device]
        asked = run.job != desk.job.name and run.state is RunState.READY
        if asked and device.may_render(desk.job) and _yields(farm, run, desk):
            candidates.append(run)
    candidates.sort(key=lambda run: (run.in_hand, run.free_at, run.slot))
    offers = [(max(now, run.free_at), run.slot) for run in candidates]
    wanted = set(_useful(farm, desk, offers, now))
    for run in candidates:
        if missing > 0 and run.slot in wanted and _yields(farm, run, desk):
            stop_run(farm, run)
            farm.desks[run.job].runs.pop(run.id, None)
            missing -= 1


def _yields(farm: Farm, run: Run, desk: Desk) -> bool:
    other = farm.jobs[run.job]
    at_rest = farm.desks.get(run.job)
    if at_rest is None or not other.is_open:
        return True
    if not at_rest.waits or other.state is JobState.PAUSED or run.id in at_rest.resting:
        return run.in_hand == 0  # its own job has nothing that is worth giving to it
    if farm.policy.share is Sharing.FAIR and other.priority == desk.job.priority:
        return len(at_rest.runs) > len(desk.runs) + 1
    return other.rank > desk.job.rank


def _free(farm: Farm, now: float) -> None:
    """Stop runs that have nothing to do and nothing to wait for."""
    for run in list(farm.current.values()):
        job, device = farm.jobs[run.job], farm.devices[run.slot.device]
        if run.state is RunState.STARTING and not job.is_open:
            stop_run(farm, run, at_once=True)
        if run.state is not RunState.READY or run.in_hand:
            continue
        over = not job.is_open or not device.may_render(job) or run.slot.number > device.spec.slots
        over |= in_order.is_spare(farm, run, now)
        idle = now - (run.idle_since if run.idle_since is not None else now)
        if over or (job.state is JobState.PAUSED and idle >= IDLE_PATIENCE):
            stop_run(farm, run, at_once=run.rendering is not None and not job.is_open)
