"""report.toml of every job, rewritten as the job goes, from what the store shows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator

from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.share.report import DeviceShare, FailedFrame, Report
from blendtui.store.database import translated
from blendtui.store.movie_rows import MovieRow, MovieState
from blendtui.store.views import FrameRow, JobRow, Views
from blendtui.wording import explain

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two writings of the reports of jobs that go on."""

REST = 20
"""A pause between two writings is at least so many times as long as the writing took."""


class Reports:
    """Writes reports; reads the store as any face does, in a thread: it can be a lot."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._written = -1
        # One after another, or an older report could be written over a job's last one.
        self._turn = asyncio.Lock()

    async def keep(self) -> None:
        """Rewrite the reports of jobs that changed, until cancelled."""
        while True:
            begun = time.monotonic()
            try:
                for job in await asyncio.to_thread(self._changed):
                    await self._try(job)
            except Failure as failure:
                log.warning("reports: %s", failure)
            took = time.monotonic() - begun
            await asyncio.sleep(max(EVERY, REST * took))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Views]:
        views = Views(self._office.places.store)
        try:
            with translated(self._office.places.store):
                yield views
        finally:
            views.close()

    def _changed(self) -> list[str]:
        with self._reading() as views:
            revision = views.revision()
            jobs = [job.name for job in views.jobs(self._written) if not job.reported]
        self._written = revision
        return jobs

    async def _try(self, job: str) -> None:
        try:
            await self._write(job)
        except Failure as failure:
            log.warning("report of %s: %s", job, failure)

    async def finish(self, name: str) -> None:
        """Write an ended job's last report; no part of a frame is left then.

        Raises:
            Failure: it could not be written.
        """
        await asyncio.to_thread(self._office.share.remove_parts, name)
        await self._write(name)

    async def _write(self, name: str) -> None:
        async with self._turn:
            await asyncio.to_thread(self._write_now, name)

    def _write_now(self, name: str) -> None:
        with self._reading() as views:
            job = views.job(name)
            report = _report(views, job) if job is not None else None
        if report is not None:
            self._office.share.write_report(name, report)


def _report(views: Views, job: JobRow) -> Report:
    frames = views.frames(job.name)
    movie = views.movie(job.name)
    return Report(
        name=job.name,
        state=job.state,
        reason=str(explain(job.fault)) if job.fault else "",
        added=job.added,
        ended=job.ended,
        frames=job.spec.frames,
        done=tuple(frame.number for frame in frames if frame.state == "done"),
        failed=tuple(_failed(frame) for frame in frames if frame.state == "failed"),
        warnings=tuple(str(explain(warning)) for warning in job.warnings),
        devices=tuple(
            DeviceShare(one.device, one.frames, one.failed, one.seconds, one.parts)
            for one in views.totals(job.name)
        ),
        settings=_settings(views, job),
        movie=_movie(movie),
        contact_sheet=movie.sheet,
    )


def _movie(row: MovieRow) -> dict[str, object] | None:
    """Say what has become of a job's movie; None of one that is to have none."""
    if row.state is MovieState.NONE:
        return None
    told: dict[str, object] = {"state": str(row.state)}
    if row.file:
        told["file"] = row.file
    if row.state is MovieState.DONE:
        told |= {"frames": row.total, "made_as": row.said}
    if row.fault is not None:
        told["reason"] = str(explain(row.fault))
    told["warnings"] = [str(explain(note)) for note in row.notes]
    return told


def _settings(views: Views, job: JobRow) -> dict[str, object]:
    spec = job.spec
    settings: dict[str, object] = {
        "blend": spec.blend,
        "priority": job.priority,
        "tags": sorted(spec.tags),
        "allow_scripts": spec.allow_scripts,
        "blender": views.blenders(job.name),
    }
    facts = views.facts(job.name)
    scene = facts.scene(spec.scene) if facts else None
    if facts is not None:
        settings["saved_with"] = ".".join(map(str, facts.version))
    if spec.in_order:
        settings["in_order"] = True
    if spec.devices:
        settings["devices"] = sorted(spec.devices)
    if spec.step is not None:
        settings["step"] = spec.step
    if changed := spec.overrides.as_data():
        settings["overrides"] = changed
    if scene is not None:
        scene = spec.overrides.applied(scene)
        settings["scene"] = scene.name
        settings["engine"] = scene.engine
        settings["format"] = scene.file_format
        settings["width"] = scene.width * scene.percentage // 100
        settings["height"] = scene.height * scene.percentage // 100
    return settings


def _failed(frame: FrameRow) -> FailedFrame:
    last = explain(frame.failures[-1].fault) if frame.failures else None
    return FailedFrame(
        frame.number,
        last.what if last else "",
        last.cure if last else "",
        tuple((one.device, explain(one.fault).what) for one in frame.failures),
    )
