"""One drop of many scenes asks for no more than one of a single scene may."""

from __future__ import annotations

import pytest

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.frames import MOST_FRAMES
from blendtui.farm.project import BlendFacts, Project, ProjectFile, SceneFacts
from blendtui.intake.jobfile import JobFile
from blendtui.intake.several import MOST_JOBS, check_together, scenes_of
from blendtui.settings import Limits
from blendtui.wording import explain

GIB = 1 << 30
ALL = JobFile(scenes="all")


def scene(name: str, end: int = 250) -> SceneFacts:
    return SceneFacts(name, 1, end, 1, "CYCLES", 1920, 1080, 100, "PNG", "Camera", False, "//")


def facts(count: int, end: int = 250) -> BlendFacts:
    return BlendFacts((3, 4), tuple(scene(f"S{n}", end) for n in range(count)), "S0", (), ())


def project(size: int) -> Project:
    return Project("a.blend", (ProjectFile("a.blend", "0" * 64, size),))


def refused(jobfile: JobFile, found: BlendFacts, size: int = 1000) -> str:
    """Say why a drop is refused, nothing where it is not."""
    try:
        check_together(jobfile, found, scenes_of(jobfile, found), project(size), Limits())
    except Failure as failure:
        assert failure.fault.kind is FaultKind.SCENES_TOO_MANY
        return explain(failure.fault).what
    return ""


def test_many_scenes_are_taken() -> None:
    assert refused(ALL, facts(MOST_JOBS)) == ""
    assert refused(JobFile(scenes=("S1", "S3")), facts(10_000)) == ""


@pytest.mark.parametrize(
    "jobfile", [ALL, JobFile(scenes=tuple(f"S{n}" for n in range(MOST_JOBS + 1)))]
)
def test_more_scenes_than_one_drop_can_be_divided_into_are_refused(jobfile: JobFile) -> None:
    told = refused(jobfile, facts(MOST_JOBS + 1))
    assert told == (
        "job.toml asks for 501 scenes, each as a job of its own, and that is too much: "
        "a drop can have 500."
    )


def test_the_project_counts_once_for_each_scene() -> None:
    assert refused(ALL, facts(20), 10 * GIB) == ""
    told = refused(ALL, facts(21), 10 * GIB)
    assert "21 scenes" in told
    assert "they come to 210.0 GiB, more than the limit of 200.0 GiB" in told


@pytest.mark.parametrize("named", [None, f"1-{MOST_FRAMES // 10}"])
def test_the_frames_of_all_scenes_count_together(named: str | None) -> None:
    jobfile = JobFile(scenes="all", frames=named)
    assert refused(jobfile, facts(10, MOST_FRAMES // 10)) == ""
    assert "220,000 frames together" in refused(jobfile, facts(11, MOST_FRAMES // 10))


def test_the_longest_ranges_of_all_scenes_are_counted_and_never_written_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blendtui.intake.checks.MOST_FRAMES", 1 << 40)
    assert "frames together" in refused(ALL, facts(MOST_JOBS, 2**31 - 1))
