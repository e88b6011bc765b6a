"""Versions of Blender, and which of them may render a job. Pure text and numbers."""

from __future__ import annotations

from blendtui.farm.model import Job


def minor_of(version: str) -> str:
    """Give a version's major.minor: "4.2" of "4.2.3"."""
    return ".".join(version.split(".")[:2])


def rank(version: str) -> tuple[int, ...]:
    """Sort versions; what is no number counts as 0."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


def is_named(version: str, wanted: str) -> bool:
    """Whether a version is the wanted one, which may name only its beginning; empty is any."""
    return not wanted or f"{version}.".startswith(f"{wanted}.")


def may_render(job: Job, version: str) -> bool:
    """Whether a Blender of this version may render the job, as far as is decided."""
    if not is_named(version, job.spec.blender) or not is_named(version, job.blender):
        return False
    written = job.spec.written_by
    return bool(job.spec.blender or job.blender or not written) or rank(version) >= rank(written)
