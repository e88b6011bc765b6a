"""The rules' objects as rows of the store, and back."""

from __future__ import annotations

import sqlite3

from blendtui.farm.device import Device
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import (
    Attempt,
    AttemptState,
    DeviceMode,
    DeviceSpec,
    FailedTry,
    Frame,
    FrameState,
    Job,
    JobSpec,
    JobState,
    OutputFile,
    Run,
    RunState,
    SlotId,
)
from blendtui.farm.start_times import StartTimes
from blendtui.store.database import fault_from_json, fault_to_json, from_json, to_json


def frame_row(item: Frame) -> dict[str, object]:
    """Write an item."""
    return {
        "job": item.job,
        "number": item.number,
        "state": item.state,
        "tries": item.tries,
        "failures_json": to_json(item.failures),
        "first_sample": item.samples[0] if item.samples else None,
        "after_samples": item.samples[1] if item.samples else None,
    }


def attempt_row(item: Attempt) -> dict[str, object]:
    """Write an item."""
    return {
        "job": item.job,
        "frame": item.frame,
        "number": item.number,
        "run": item.run,
        "device": item.slot.device,
        "slot": item.slot.number,
        "state": item.state,
        "ordered": item.ordered,
        "started": item.started,
        "ended": item.ended,
        "seconds": item.seconds,
        "files_json": to_json(item.files),
        "fault_json": fault_to_json(item.fault),
    }


def attempt(row: sqlite3.Row) -> Attempt:
    """Read an attempt."""
    return Attempt(
        row["job"],
        row["frame"],
        row["number"],
        row["run"],
        SlotId(row["device"], row["slot"]),
        AttemptState(row["state"]),
        ordered=row["ordered"],
        started=row["started"],
        ended=row["ended"],
        seconds=row["seconds"],
        files=from_json(row["files_json"], tuple[OutputFile, ...]),
        fault=fault_from_json(row["fault_json"]),
    )


def job_row(item: Job) -> dict[str, object]:
    """Write a job, with its counts of frames by state; its spec is kept apart."""
    shown = (FrameState.WAITING, FrameState.GIVEN, FrameState.DONE, FrameState.FAILED)
    counts = {state.value: item.counts.get(state, 0) for state in shown}
    counts[FrameState.GIVEN.value] += item.counts.get(FrameState.SPLIT, 0)
    return {
        "name": item.name,
        "position": item.position,
        "state": item.state,
        "priority": item.priority,
        "added": item.added,
        "ended": item.ended,
        "reported": item.reported,
        "proven": item.proven,
        "samples": item.samples,
        **counts,
        "fault_json": fault_to_json(item.fault),
        "warnings_json": to_json(item.warnings),
        "first_faults_json": to_json(item.first_faults),
        "blender": item.blender,
        "held": item.held,
        "stuck": item.is_stuck,
    }


def job(row: sqlite3.Row) -> Job:
    """Read a job, joined with its spec; its counts come of its frames."""
    return Job(
        from_json(row["spec_json"], JobSpec),
        row["position"],
        added=row["added"],
        priority=row["priority"],
        state=JobState(row["state"]),
        ended=row["ended"],
        fault=fault_from_json(row["fault_json"]),
        warnings=from_json(row["warnings_json"], tuple[Fault, ...]),
        reported=bool(row["reported"]),
        proven=bool(row["proven"]),
        samples=row["samples"],
        first_faults=from_json(row["first_faults_json"], tuple[Fault, ...]),
        blender=row["blender"],
        held=None if row["held"] is None else FaultKind(row["held"]),
        is_stuck=bool(row["stuck"]),
    )


def run_row(item: Run) -> dict[str, object]:
    """Write an item."""
    return {
        "id": item.id,
        "job": item.job,
        "device": item.slot.device,
        "slot": item.slot.number,
        "state": item.state,
        "started": item.started,
        "ready": item.ready,
        "ended": item.ended,
        "blender": item.blender,
        "fault_json": fault_to_json(item.fault),
    }


def run(row: sqlite3.Row) -> Run:
    """Read a run; nobody follows it yet."""
    return Run(
        row["id"],
        row["job"],
        SlotId(row["device"], row["slot"]),
        RunState(row["state"]),
        started=row["started"],
        ready=row["ready"],
        ended=row["ended"],
        blender=row["blender"],
        fault=fault_from_json(row["fault_json"]),
    )


def device_row(item: Device) -> dict[str, object]:
    """Write an item."""
    return {
        "name": item.name,
        "slots": item.spec.slots,
        "enabled": item.spec.enabled,
        "contact": item.contact,
        "lost_since": item.lost_since,
        "fault_json": fault_to_json(item.fault),
        "set_aside_json": to_json(item.set_aside),
        "spec_json": to_json(item.spec),
        "mode": item.mode,
        "start_times_json": to_json(item.start_times),
        "blenders_json": to_json(sorted(item.blenders)),
    }


def device(row: sqlite3.Row) -> Device:
    """Read a device; whether it can be reached, and for which jobs, is seen anew."""
    return Device(
        from_json(row["spec_json"], DeviceSpec),
        mode=DeviceMode(row["mode"]),
        start_times=from_json(row["start_times_json"], StartTimes),
        blenders=frozenset(from_json(row["blenders_json"], list[str])),
    )


def frame(row: sqlite3.Row) -> Frame:
    """Read a frame; its attempts at large are read apart."""
    return Frame(
        row["job"],
        row["number"],
        FrameState(row["state"]),
        row["tries"],
        from_json(row["failures_json"], tuple[FailedTry, ...]),
        samples=_samples(row),
    )


def _samples(row: sqlite3.Row) -> tuple[int, int] | None:
    first, after = row["first_sample"], row["after_samples"]
    return None if first is None else (first, after)
