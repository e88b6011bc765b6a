"""Simulations that are not baked: what a job with them becomes, as its job.toml wants it."""

from __future__ import annotations

from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.project import SceneFacts

ONE_DEVICE, REFUSE, IGNORE = "one-device", "refuse", "ignore"

_NAMED = 6


def goes_in_order(scene: SceneFacts | None, way: str) -> bool:
    """Whether one device simulates, then renders all frames in their order."""
    return way == ONE_DEVICE and scene is not None and bool(scene.unbaked)


def refusal(scene: SceneFacts, way: str) -> Fault | None:
    """Say why a scene is not rendered, if it isn't."""
    return _fault(FaultKind.UNBAKED_REFUSED, scene) if way == REFUSE and scene.unbaked else None


def note(scene: SceneFacts, way: str) -> Fault | None:
    """Say what becomes of a scene that is rendered, where it isn't baked."""
    if not scene.unbaked or way == REFUSE:
        return None
    ignored = way == IGNORE
    return _fault(FaultKind.UNBAKED_IGNORED if ignored else FaultKind.UNBAKED_ONE_DEVICE, scene)


def _fault(kind: FaultKind, scene: SceneFacts) -> Fault:
    return Fault.of(kind, scene=scene.name, simulations=named(scene.unbaked))


def named(simulations: tuple[str, ...]) -> str:
    """Name some simulations, and count the others."""
    more = len(simulations) - _NAMED
    return ", ".join(simulations[:_NAMED]) + (f" and {more} more" if more > 0 else "")
