"""What is made of a job's frames, and what is told of them."""

from __future__ import annotations

from pathlib import Path

from blendtui.share import files
from blendtui.share import report as reports
from blendtui.share.ground import Ground, guarded, refused
from blendtui.share.marks import MARK, mark
from blendtui.share.names import flaw_of
from blendtui.share.report import Report

LOGS = "logs"
REPORT, SHEET = "report.toml", "contact-sheet.jpg"


class Records(Ground):
    """Movies, contact sheets, reports and logs."""

    @guarded
    def product(self, job: str, name: str) -> Path:
        """Give the temporary place, always the same, of a file that is made of a job's frames.

        Raises:
            Failure: OUTPUT_REFUSED, for a name that can't stand in the job's folder.
        """
        target = self._product(job, name)
        return files.temporary(target.parent, name)

    @guarded
    def place_product(self, job: str, source: Path, name: str) -> None:
        """Put such a file in its place in one step."""
        files.place(source, self._product(job, name))

    @guarded
    def remove_product(self, job: str, name: str) -> None:
        """Remove such a file."""
        self._product(job, name).unlink(missing_ok=True)

    def _product(self, job: str, name: str) -> Path:
        flaw = flaw_of(name)
        target = self._folder(job) / name
        if not flaw and (target.is_symlink() or target.is_dir()):
            flaw = "a link or a folder is in its place on the share"
        if flaw or "/" in name:
            raise refused(job, name, flaw or "it is no name")
        return target

    @guarded
    def write_report(self, job: str, report: Report) -> None:
        """Rewrite report.toml in one step. The mark goes with the report of a job that is over."""
        folder = self._folder(job)
        if report.ended is None:
            mark(folder)
        files.write_whole(folder / REPORT, reports.write(report).encode())
        if report.ended is not None:
            (folder / MARK).unlink(missing_ok=True)

    @guarded
    def keep_log(self, job: str, name: str, text: str) -> None:
        """Keep a failed try's log where the user finds it."""
        folder = files.make_folder(self._folder(job) / LOGS)
        files.write_whole(folder / name, text.encode("utf-8", "backslashreplace"))
