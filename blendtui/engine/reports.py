"""report.toml of every job, rewritten as the job goes, from what the store shows."""

from __future__ import annotations

import asyncio
import logging

from blendtui.engine.office import Office
from blendtui.errors import Failure
from blendtui.share.report import DeviceShare, FailedFrame, Report
from blendtui.views import FrameRow, JobRow, Views
from blendtui.wording import explain

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two writings of the reports of jobs that go on."""


class Reports:
    """Writes reports; reads the store as any face does."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._views = Views(office.places.store)
        self._written = -1
        # One after another, or an older report could be written over a job's last one.
        self._turn = asyncio.Lock()

    def close(self) -> None:
        """Close the store."""
        self._views.close()

    async def keep(self) -> None:
        """Rewrite the reports of jobs that changed, until cancelled."""
        while True:
            revision = self._views.revision()
            for job in self._views.jobs(self._written):
                if not job.reported:
                    await self._try(job)
            self._written = revision
            await asyncio.sleep(EVERY)

    async def _try(self, job: JobRow) -> None:
        try:
            await self._write(job.name)
        except Failure as failure:
            log.warning("report of %s: %s", job.name, failure)

    async def finish(self, name: str) -> None:
        """Write an ended job's last report.

        Raises:
            Failure: it could not be written.
        """
        await self._write(name)

    async def _write(self, name: str) -> None:
        async with self._turn:
            job = self._views.job(name)
            if job is not None:
                report = self._report(job)
                await asyncio.to_thread(self._office.share.write_report, name, report)

    def _report(self, job: JobRow) -> Report:
        frames = self._views.frames(job.name)
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
                DeviceShare(one.device, one.frames, one.failed, one.seconds)
                for one in self._views.totals(job.name)
            ),
            settings=self._settings(job),
        )

    def _settings(self, job: JobRow) -> dict[str, object]:
        spec = job.spec
        settings: dict[str, object] = {
            "blend": spec.blend,
            "priority": job.priority,
            "tags": sorted(spec.tags),
            "allow_scripts": spec.allow_scripts,
            "blender": self._views.blenders(job.name),
        }
        facts = self._views.facts(job.name)
        scene = facts.scene(spec.scene) if facts else None
        if facts is not None:
            settings["saved_with"] = ".".join(map(str, facts.version))
        if scene is not None:
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
