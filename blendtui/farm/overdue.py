"""Frames that take far longer than expected are told of, and tried elsewhere if a slot is idle."""

from __future__ import annotations

from math import exp, sqrt

from blendtui.farm.desk import Desk
from blendtui.farm.model import AttemptState, Run
from blendtui.farm.state import Farm, NoteKind

KNOWN_FRAMES = 3
"""Finished frames of a job before which nothing is called overdue."""

LEAST = 5.0
"""Seconds that a frame may always take."""


def look_for_overdue(farm: Farm, desk: Desk, runs: list[Run], now: float) -> None:
    """Note the runs' frames that are far beyond their expected time, each once."""
    if len(desk.learner.costs) < KNOWN_FRAMES:
        return
    # Where costs are wild by nature, a long frame is nothing to tell of.
    factor = max(farm.policy.overdue, exp(3.0 * sqrt(desk.learner.costs.noise)))
    for run in runs:
        attempt = run.rendering
        if attempt is None or attempt.state is not AttemptState.STARTED:
            continue
        if attempt.started is None or attempt.key in desk.overdue:
            continue
        device = farm.devices[run.slot.device]
        expected = desk.seconds(attempt.frame, device, run.slot.number)
        taken = now - attempt.started
        if taken > max(factor * expected, LEAST):
            desk.overdue[attempt.key] = attempt
            desk.wake()
            farm.note_try(NoteKind.OVERDUE, attempt, detail=f"{taken:.0f} of {expected:.0f}")
