"""Which faults the driver may tell: all others are the workstation's own to find."""

from __future__ import annotations

from blendtui.farm.faults import FaultKind

OF_RUNS = frozenset(
    {
        FaultKind.BLEND_NOT_OPENED,
        FaultKind.BLOB_DAMAGED,
        FaultKind.DEVICE_DISK_FULL,
        FaultKind.ENGINE_MISSING,
        FaultKind.FORMAT_UNKNOWN,
        FaultKind.GPU_MISSING,
        FaultKind.NO_CAMERA,
        FaultKind.NOT_SIMULATED,
        FaultKind.NOTHING_TO_RENDER,
        FaultKind.OVERRIDE_REFUSED,
        FaultKind.SCENE_UNKNOWN,
        FaultKind.SHARE_MOUNT_MISSING,
        FaultKind.WORK_DIR_UNWRITABLE,
    }
)
"""Why a run renders nothing."""

OF_FRAMES = frozenset(
    {
        FaultKind.DEVICE_DISK_FULL,
        FaultKind.GPU_ERROR,
        FaultKind.GPU_MEMORY,
        FaultKind.OUTPUT_MISSING,
        FaultKind.OUTPUT_REFUSED,
        FaultKind.RENDER_ERROR,
        FaultKind.TIME_LIMIT,
        FaultKind.WORK_DIR_UNWRITABLE,
    }
)
"""Why a frame was not rendered."""

OWN_FACTS = frozenset({"device", "cause"})
"""Facts that only the workstation adds: who told it, and what brought a fault about."""
