"""Which Blender renders a job: one major.minor for all its frames, chosen once and kept.

That is the version which wrote the file if a device has it, else the nearest newer one, never an
older one: that would refuse the file, or lose what it doesn't know. job.toml goes before the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from blendtui.farm.device import Device
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import FrameState, Job
from blendtui.farm.state import Farm, NoteKind
from blendtui.farm.versions import may_render, minor_of, rank

NAMED_AT_MOST = 10
"""Devices that are named in one sentence."""


def decide(farm: Farm, job: Job) -> bool:
    """Choose the job's version, if that can be done now; False while it has to wait.

    Without the file's own version it waits until each device has been tried once. True without a
    choice is for devices of which nobody knows what they have: the first Blender that is up says.
    """
    if job.blender:
        return True
    fitting = [device for device in farm.devices.values() if device.fits(job)]
    at_hand = [device for device in fitting if device.contact]
    found = candidates(job, at_hand)
    written = job.spec.written_by
    if written not in found and any(_is_untried(device) for device in fitting):
        return False
    if found:
        choose(farm, job, _best(found, written))
        return True
    return any(not device.blenders for device in at_hand)


def candidates(job: Job, devices: Iterable[Device]) -> Counter[str]:
    """Give the versions (major.minor) that may render the job, with the slots that have each."""
    found: Counter[str] = Counter()
    for device in devices:
        for version in {minor_of(one) for one in device.blenders if may_render(job, one)}:
            found[version] += device.spec.slots
    return found


def _best(found: Counter[str], written: str) -> str:
    """Choose: as the file, else the nearest newer, else (job.toml wants it) the newest older.

    Of a file that says nothing of its version, most slots go first, then the newest.
    """
    if not written:
        return max(found, key=lambda one: (found[one], rank(one)))
    newer = [one for one in found if rank(one) >= rank(written)]
    return min(newer, key=rank) if newer else max(found, key=rank)


def _is_untried(device: Device) -> bool:
    """Whether it was neither reached yet nor known to be out of reach; then it says so soon."""
    return not device.contact and device.fault is None and device.lost_since is None


def choose(farm: Farm, job: Job, version: str) -> None:
    """Decide that all frames of the job come from this major.minor, and tell what that means."""
    job.blender = version
    farm.touch(job)
    written = job.spec.written_by
    if written and version != written:
        _warn(farm, job, Fault.of(FaultKind.BLENDER_OTHER, blender=version, written=written))
    left_out = [
        device
        for device in farm.devices.values()
        if device.blenders and _could(device, job) and not device.has_blender(job)
    ]
    if left_out:
        names = [f"{one.name} ({', '.join(sorted(one.blenders, key=rank))})" for one in left_out]
        more = len(names) - NAMED_AT_MOST
        told = ", ".join(names[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
        _warn(farm, job, Fault.of(FaultKind.DEVICES_LEFT_OUT, blender=version, devices=told))
    farm.placing = True
    for run in farm.runs_of(job.name):
        farm.stir(run)


def _could(device: Device, job: Job) -> bool:
    return bool(device.spec.slots) and device.spec.enabled and device.is_wanted(job)


def _warn(farm: Farm, job: Job, fault: Fault) -> None:
    job.warnings = (*job.warnings, fault)
    farm.note(NoteKind.WARNING, job=job.name, fault=fault)


def settle(farm: Farm, job: Job, device: Device, version: str) -> Fault | None:
    """Take the word of a Blender that is up; gives what is wrong with its version for the job."""
    if not version:
        return None
    if not may_render(job, version):
        wanted = job.blender or job.spec.blender or job.spec.written_by
        return Fault.of(
            FaultKind.BLENDER_VERSION, device=device.name, blender=version, wanted=wanted
        )
    if not job.blender and job.name not in device.set_aside:
        choose(farm, job, minor_of(version))
    return None


def why_none(farm: Farm, job: Job) -> str:
    """Say why no device has a Blender for the job; empty where one of them may have it."""
    devices = [one for one in farm.devices.values() if _could(one, job)]
    if not devices or any(one.has_blender(job) for one in devices):
        return ""
    known = sorted({minor_of(one) for device in devices for one in device.blenders}, key=rank)
    wanted = job.blender or job.spec.blender
    if wanted:
        need = f"it is to be rendered with Blender {wanted}"
    else:
        need = f"the file was saved with Blender {job.spec.written_by}, and needs that or a newer"
        need += " one"
    return f"{need}, and the devices have {', '.join(known)}"


def forget(farm: Farm, job: Job, without: str = "") -> None:
    """Let the version be chosen anew by what there is now, as long as no frame came from it.

    The Blenders of the device `without` don't count: it is kept from the job.
    """
    runs = [run for run in farm.runs_of(job.name) if run.is_current]
    begun = any(run.slot.device != without for run in runs)
    if job.blender and not begun and not job.counts.get(FrameState.DONE, 0):
        job.blender = ""
        farm.touch(job)
        farm.placing = True
