"""What orders want beside frames: the sound of a movie, and pictures for a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blendtui.devices.orders import RenderOrder
from blendtui.farm.model import Job, Run
from blendtui.farm.movies import MovieAsked, chosen, span_of
from blendtui.store.journal import Journal


class Beside:
    """Decides it for each order, by the job as it is then.

    The first frame of a job brings the sound of all of it. So does the last one, where the job has
    come to end elsewhere than the sound that was ordered with the first: whoever changes a job's
    first or last frame has a frame rendered that brings the sound anew.
    """

    def __init__(self, journal: Journal, jobs: Mapping[str, Job]) -> None:
        self._journal = journal
        self._jobs = jobs
        self._spans: dict[str, tuple[int, int]] = {}
        self._sheets: dict[str, tuple[Sequence[int], frozenset[int]]] = {}

    def order(self, run: Run, frame: int, number: int, *, on_cpu: bool = False) -> RenderOrder:
        """Give the order for a try of a frame."""
        job = self._jobs.get(run.job)
        if job is None or not job.spec.frames:
            return RenderOrder(frame, number, on_cpu=on_cpu)
        frames = job.spec.frames
        sound = None
        if frame == frames[0]:
            sound = self._spans[run.job] = span_of(frames)
        elif frame == frames[-1] and self._spans.get(run.job) != span_of(frames):
            sound = span_of(frames)
        display = len(frames) > 1 and frame in self._sheet(run.job, frames)
        return RenderOrder(frame, number, sound, display, on_cpu)

    def _sheet(self, job: str, frames: Sequence[int]) -> frozenset[int]:
        """Give the frames of a job's contact sheet; chosen anew only for other frames."""
        known = self._sheets.get(job)
        if known is None or known[0] is not frames:
            known = self._sheets[job] = frames, frozenset(chosen(frames))
        return known[1]

    def opened(self, job: str, asked: MovieAsked) -> None:
        """Keep what Blender says of a job's movie.

        Raises:
            Failure: STATE_UNWRITABLE.
        """
        if self._journal.movie(job).asked != asked:
            self._journal.say_of_movie(job, asked=asked)

    def forget(self, job: str) -> None:
        """Keep in mind nothing of a job that is over."""
        self._spans.pop(job, None)
        self._sheets.pop(job, None)
