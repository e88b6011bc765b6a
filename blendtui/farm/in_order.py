"""Jobs whose frames hang on each other: one Blender at a time simulates and renders all of them.

It gets the frames in their order, one ahead. Nothing is taken over from it: another one would have
to simulate from the start first. If it is lost, the next one does, and renders what is missing.
"""

from __future__ import annotations

from blendtui.farm.desk import Desk
from blendtui.farm.device import LOST_AFTER, Device
from blendtui.farm.elsewhere import is_refused
from blendtui.farm.model import Frame, FrameState, Run, RunState, SlotId
from blendtui.farm.state import Farm


def keeper(farm: Farm, desk: Desk, now: float) -> Run | None:
    """Give the Blender that has the job: one that has frames in hand, else the newest one.

    One on a device that is out of reach keeps it for as long as its frames are waited for.
    """
    found: list[Run] = []
    for run in farm.runs_of(desk.job.name):
        device = farm.devices[run.slot.device]
        lost = now - device.lost_since if device.lost_since is not None else 0.0
        goes_on = run.state in (RunState.STARTING, RunState.READY)
        if goes_on and (device.contact or lost < LOST_AFTER) and device.may_render(desk.job):
            found.append(run)
    return next((run for run in reversed(found) if run.in_hand), found[-1] if found else None)


def is_spare(farm: Farm, run: Run, now: float) -> bool:
    """Whether a Blender has nothing to do any more for a job of this kind.

    Another one has the job since it was lost; or all that waits is to be tried elsewhere.
    """
    desk = farm.desks.get(run.job)
    if desk is None or not desk.job.spec.in_order or not desk.job.is_open:
        return False
    if keeper(farm, desk, now) is not run:
        return True
    device = farm.devices[run.slot.device]
    return desk.pool.count > 0 and _first(farm, desk, device, now) is None


def vacancies(farm: Farm, desk: Desk, now: float) -> int:
    """How many Blenders may be started for the job: one, or none while one is at it."""
    busy = keeper(farm, desk, now) is not None or any(
        run.is_current and farm.devices[run.slot.device].contact
        for run in farm.runs_of(desk.job.name)
    )
    return 0 if busy else 1


def next_frame(farm: Farm, desk: Desk, run: Run, device: Device, now: float) -> Frame | None:
    """Give the first frame that waits, but for those that are to be tried on another device."""
    others = (one for one in farm.runs_of(desk.job.name) if one is not run and one.in_hand)
    if keeper(farm, desk, now) is not run or any(
        farm.devices[one.slot.device].contact for one in others
    ):
        return None  # one that leaves has still frames in hand
    return _first(farm, desk, device, now)


def _first(farm: Farm, desk: Desk, device: Device, now: float) -> Frame | None:
    frames = farm.frames[desk.job.name]
    for place in range(desk.first, len(desk.numbers)):
        frame = frames[desk.numbers[place]]
        if frame.state is not FrameState.WAITING:
            if place == desk.first:
                desk.first += 1
        elif not (frame.failures and is_refused(farm, desk, frame, device, now)):
            return frame
        else:
            desk.shunned[frame.number] = frame
    return None


def quickest(
    farm: Farm, desk: Desk, offers: list[tuple[float, SlotId]], now: float
) -> list[tuple[float, SlotId]]:
    """Sort slots, each with the time at which it's ready, by when they would be done with all.

    Those for which nothing is left but what is to be tried elsewhere are left out.
    """
    useful = [
        (ready, slot)
        for ready, slot in offers
        if _first(farm, desk, farm.devices[slot.device], now) is not None
    ]

    def end(offer: tuple[float, SlotId]) -> tuple[float, SlotId]:
        ready, slot = offer
        return ready + desk.pool.work / desk.speed(farm.devices[slot.device], slot.number), slot

    return sorted(useful, key=end)
