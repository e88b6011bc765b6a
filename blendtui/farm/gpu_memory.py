"""A frame for which a GPU ran out of memory goes to a larger one, or to a CPU where that may be.

Such a failure says nothing of the frame: it counts only when nobody is left who could try it.
"""

from __future__ import annotations

from blendtui.farm.desk import Desk
from blendtui.farm.device import Device
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import FailedTry, Frame, FrameState
from blendtui.farm.parts import frame_of, is_part
from blendtui.farm.split_frames import part_failed
from blendtui.farm.state import Farm, NoteKind


def overflows(frame: Frame) -> list[FailedTry]:
    """Give the tries for which a GPU had not enough memory, the first of each device.

    What a device says of a further one counts as any failure: its CPU had that, or was to.
    """
    firsts: dict[str, FailedTry] = {}
    for one in frame.failures:
        if one.fault.kind is FaultKind.GPU_MEMORY:
            firsts.setdefault(one.device, one)
    return list(firsts.values())


def is_overflow(frame: Frame, device: Device, fault: Fault) -> bool:
    """Whether a try that fails now is one for which the device's GPU has not enough memory."""
    known = any(one.device == device.name for one in overflows(frame))
    return fault.kind is FaultKind.GPU_MEMORY and not known


def is_too_large(farm: Farm, frame: Frame, device: Device) -> bool:
    """Whether the frame is known not to fit the device's GPU: it failed there, or on as large."""
    failed = overflows(frame)
    if not failed or (device.spec.compute == "CPU" and _may_leave_gpu(farm, frame)):
        return False
    if any(one.device == device.name for one in failed):
        return True
    own = device.gpu_memory
    others = [farm.devices.get(one.device) for one in failed]
    sizes = [other.gpu_memory for other in others if other is not None]
    return own is not None and any(size is not None and own <= size for size in sizes)


def on_cpu(farm: Farm, frame: Frame, device: Device) -> bool:
    """Whether the device has to render the frame on its CPU, and may."""
    may = device.spec.cpu_fallback and _may_leave_gpu(farm, frame)
    return may and is_too_large(farm, frame, device)


def may_try(farm: Farm, frame: Frame, device: Device) -> bool:
    """Whether the frame has a chance on the device: by its GPU, or by its CPU."""
    return on_cpu(farm, frame, device) or not is_too_large(farm, frame, device)


def _may_leave_gpu(farm: Farm, frame: Frame) -> bool:
    """Whether a CPU could render it: EEVEE and Workbench draw with a GPU, whatever is set."""
    return farm.jobs[frame.job].spec.may_be_cycles


def somebody_may_try(farm: Farm, desk: Desk, frame: Frame, now: float) -> bool:
    """Whether a device that is there, or was a moment ago, has a chance with the frame."""
    return any(
        device.fits(desk.job) and may_try(farm, frame, device)
        for device in farm.devices.values()
        if device.is_at_hand(now)
    )


def give_up(farm: Farm, desk: Desk, now: float) -> None:
    """Fail the frames that too small GPUs have left, when nobody else is there any more."""
    for frame in list(desk.shunned.values()):
        failed = overflows(frame) if frame.state is FrameState.WAITING else []
        if failed and not somebody_may_try(farm, desk, frame, now):
            last = failed[-1]
            farm.set_frame(frame, FrameState.FAILED)
            if is_part(frame.number):
                part_failed(farm, frame)
            farm.note(
                NoteKind.FRAME_FAILED,
                job=frame.job,
                device=last.device,
                frame=frame_of(frame.number),
                fault=last.fault,
            )
