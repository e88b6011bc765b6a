"""Bookkeeping for a job's frames: which ones it has, and which are to be rendered again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from blendtui.farm.decisions import DropFrame
from blendtui.farm.events import FramesAgain, JobFramesSet
from blendtui.farm.frames import format_frames
from blendtui.farm.model import AttemptState, Frame, FrameState, Job, RunState
from blendtui.farm.parts import is_part
from blendtui.farm.split_frames import begin_anew, drop_parts
from blendtui.farm.state import Farm, NoteKind
from blendtui.farm.stopping import end_loser, stop_run

SHOWN = 80
"""Characters of a list of frames that the history has."""


def frames_set(farm: Farm, event: JobFramesSet, now: float) -> None:
    """Change a job's frames: new ones wait, others are dropped; what is on the share stays.

    A job that had ended goes on, if only to see that nothing is left to do.
    """
    job = farm.jobs.get(event.job)
    wanted = set(event.frames)
    if job is None or not wanted or not job.spec.frames:
        return
    own = farm.frames[job.name]
    for frame in [one for one in own.values() if not is_part(one.number)]:
        if frame.number not in wanted and not _is_rendered(farm, frame):
            _drop(farm, frame, now)
        elif frame.number in wanted and frame.state is FrameState.UNWANTED:
            _renew(farm, frame)
    farm.add_frames(job, [Frame(job.name, number) for number in sorted(wanted - own.keys())])
    kept = sorted(
        one.number
        for one in own.values()
        if one.state is not FrameState.UNWANTED and not is_part(one.number)
    )
    if tuple(kept) == job.spec.frames:
        return
    if job.spec.in_order and job.spec.frames[-1] < kept[-1]:
        for run in farm.runs_of(job.name):
            if run.state in (RunState.STARTING, RunState.READY):
                stop_run(farm, run)  # it has simulated up to the last frame that there was
    job.spec = replace(job.spec, frames=tuple(kept), step=None)
    _go_on(farm, job, NoteKind.FRAMES_SET, kept)


def _is_rendered(farm: Farm, frame: Frame) -> bool:
    """Whether the frame is on the share, or on its way there."""
    tries = [farm.attempts[(frame.job, frame.number, number)] for number in frame.live]
    on_its_way = any(one.state is AttemptState.RENDERED for one in tries)
    return frame.state is FrameState.DONE or on_its_way


def _drop(farm: Farm, frame: Frame, now: float) -> None:
    """Take a frame out of its job; a Blender that is long busy with it is ended."""
    drop_parts(farm, frame)
    farm.set_frame(frame, FrameState.UNWANTED)
    for number in list(frame.live):
        attempt = farm.attempts[(frame.job, frame.number, number)]
        farm.give_up(attempt)
        farm.decide(DropFrame(attempt.run, attempt.frame, attempt.number))
        end_loser(farm, attempt, now, is_idle=True)


def _renew(farm: Farm, frame: Frame) -> None:
    """Let a frame wait, with a clean record."""
    drop_parts(farm, frame)
    frame.failures, frame.kills = (), 0
    farm.set_frame(frame, FrameState.WAITING)


def frames_again(farm: Farm, event: FramesAgain, now: float) -> None:
    """Let frames wait that are done or failed; their files stay until new ones replace them."""
    job = farm.jobs.get(event.job)
    if job is None:
        return
    own = farm.frames[job.name]
    named = [own[one] for one in event.frames if one in own and not is_part(one)]
    chosen = [one for one in named if one.state in (FrameState.DONE, FrameState.FAILED)]
    for frame in chosen:
        _renew(farm, frame)
    if chosen:
        _go_on(farm, job, NoteKind.FRAMES_AGAIN, [frame.number for frame in chosen])


def _go_on(farm: Farm, job: Job, kind: NoteKind, frames: Iterable[int]) -> None:
    farm.touch(job)
    shown = format_frames(frames)
    shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
    farm.note(kind, job=job.name, detail=shown)
    if not job.is_open:
        begin_anew(farm, job)
        farm.reopen(job)
