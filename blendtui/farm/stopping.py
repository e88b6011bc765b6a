"""Having Blenders leave."""

from __future__ import annotations

from blendtui.farm.decisions import StopRun
from blendtui.farm.model import Attempt, Run, RunState
from blendtui.farm.state import Farm

WORTH_A_START = 1.5
"""A Blender at a frame that nobody needs is ended if that takes so many starts longer."""


def stop_run(farm: Farm, run: Run, at_once: bool = False) -> None:
    """Have a run leave; what it has in hand and doesn't finish comes back when it has ended."""
    farm.set_run(run, RunState.STOPPING)
    farm.decide(StopRun(run.id, at_once))


def end_loser(farm: Farm, loser: Attempt, now: float, *, is_idle: bool = False) -> None:
    """End a Blender that is long busy with a frame that nobody needs any more.

    If its job has no other frame for it, that is done only with `is_idle`.
    """
    run, desk = farm.runs[loser.run], farm.desks.get(loser.job)
    device = farm.devices[loser.slot.device]
    start = device.start_times.expected(has_project=True)
    if desk is None or run.state is not RunState.READY or loser.started is None or start is None:
        return
    if (desk.waits or is_idle) and desk.left(loser, device, now) > WORTH_A_START * start:
        stop_run(farm, run, at_once=True)
