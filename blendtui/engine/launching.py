"""What a Blender needs before it starts: its project on the device, and what its driver is told."""

from __future__ import annotations

import msgspec

from blendtui.devices import slot, transfer
from blendtui.devices.connection import Link
from blendtui.devices.slot import RunFolder, RunSettings
from blendtui.engine import surveys
from blendtui.engine.office import Office, Work
from blendtui.farm.model import Run
from blendtui.settings import DeviceSettings


async def send_project(
    office: Office, device: DeviceSettings, link: Link, folder: RunFolder, job: str
) -> None:
    """Bring a job's project to a device, into the job's folder that a run's folder is in.

    Raises:
        Failure: it could not be brought.
    """
    work = office.work(job)
    if device.share_mount is None:
        await transfer.send_project(
            link, folder.work_dir, folder.job, work.project, work.root, cache=device.cache
        )
    else:
        await transfer.send_manifest(link, folder.work_dir, folder.job, work.project)


async def launch(
    office: Office, device: DeviceSettings, link: Link, folder: RunFolder, run: Run
) -> None:
    """Start a run's Blender.

    Raises:
        Failure: it could not be started.
    """
    work = office.work(run.job)
    await slot.prepare(link, folder, _driver_settings(office, device, work, run))
    threads = work.spec.overrides.threads_of(device.threads)
    if device.name not in office.surveys:
        await surveys.look(office, device, link)
    found = office.surveys.get(device.name)
    path = found.path(work.blender or work.spec.blender) if found else None
    blender = (path,) if path else device.blender
    settings = msgspec.structs.replace(device, threads=threads, blender=blender)
    await slot.launch(link, folder, settings, work.spec.allow_scripts)


def _driver_settings(office: Office, device: DeviceSettings, work: Work, run: Run) -> RunSettings:
    mount, out, share_file = device.share_mount, None, None
    if mount is not None:
        drop = office.share.taken(run.job)
        base = f"{mount.rstrip('/')}/{run.job}"
        share_file = f"{base}/{drop.name}" if drop else None
        out = f"{base}/{office.share.outbox_name(run.id)}"
    read = work.facts.scene(work.spec.scene) if work.facts else None
    return RunSettings(
        scene=work.spec.scene,
        allow_scripts=work.spec.allow_scripts,
        share_file=share_file,
        out=out,
        overrides=work.spec.overrides.as_data(),
        simulate_to=work.spec.frames[-1] if work.spec.in_order else None,
        split=work.spec.split,
        compute=compute_of(device, run.slot.number),
        engine=read.engine if read is not None else "",
    )


def compute_of(device: DeviceSettings, slot: int) -> dict[str, object]:
    """Give what Cycles is to render with: the kind, and which card counted from 1 (none: all)."""
    if device.compute is None:
        return {}
    alone = device.gpus == "one" and device.compute != "CPU"
    return {"kind": device.compute, **({"card": slot} if alone else {})}
