"""A frame that failed on a device is tried on another one first, where there is one."""

from __future__ import annotations

from blendtui.farm.desk import Desk
from blendtui.farm.device import Device
from blendtui.farm.gpu_memory import may_try
from blendtui.farm.model import Frame, FrameState, Job, RunState, SlotId
from blendtui.farm.state import Farm


def is_refused(farm: Farm, desk: Desk, frame: Frame, device: Device, now: float) -> bool:
    """Whether a frame that failed is left to others: those that have not failed it yet.

    What a GPU has no room for is never given to it.
    """
    failed = frame.failed_on
    if not may_try(farm, frame, device):
        return True
    return device.name in failed and any(
        other.name not in failed
        and may_try(farm, frame, other)
        and _takes_part(farm, desk, other, now)
        for other in farm.devices.values()
    )


def _takes_part(farm: Farm, desk: Desk, device: Device, now: float) -> bool:
    """Whether the device works on the job, or could begin to."""
    if not device.contact or not device.may_render(desk.job):
        return False
    runs = (farm.current.get(slot) for slot in device.slots())
    return any(
        run.job == desk.job.name and run.state is not RunState.STOPPING
        if run is not None
        else can_start(device, desk.job, now)
        for run in runs
    )


def can_start(device: Device, job: Job, now: float) -> bool:
    """Whether the job's Blender may be started on a free slot of the device now."""
    return device.may_render(job) and device.not_before.get(job.name, 0.0) <= now


def left_to(farm: Farm, desk: Desk, device: Device, now: float) -> Frame | None:
    """Give a frame that others have failed and leave to this device, however slow it is."""
    for frame in desk.shunned.values():
        if frame.state is FrameState.WAITING and not is_refused(farm, desk, frame, device, now):
            return frame
    return None


def starts_for_shunned(farm: Farm, desk: Desk, offers: list[tuple[float, SlotId]]) -> list[SlotId]:
    """Choose slots to start for frames that all the running ones have failed."""
    chosen: list[SlotId] = []
    for number, frame in list(desk.shunned.items()):
        if frame.state is not FrameState.WAITING:
            del desk.shunned[number]
            continue
        at_work = {run.slot.device for run in desk.runs.values() if run.state in _COMING}
        at_work.update(slot.device for slot in chosen)
        if any(_is_new_to(farm, frame, name) for name in at_work):
            continue
        new = [(ready, slot) for ready, slot in offers if _is_new_to(farm, frame, slot.device)]
        if new:
            chosen.append(min(new)[1])
    return chosen


def _is_new_to(farm: Farm, frame: Frame, device: str) -> bool:
    return device not in frame.failed_on and may_try(farm, frame, farm.devices[device])


_COMING = (RunState.STARTING, RunState.READY)
