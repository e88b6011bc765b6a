"""Several farms may use the same folder of a device: each clears away only what is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from blendtui.devices.connection import Link, connect
from blendtui.devices.driver_project import make_ready
from blendtui.devices.transfer import jobs_of, remove_job, send_project, trim_cache
from tests.support.projects import write_project
from tests.support.sshd import Sshd, needs_sshd

pytestmark = needs_sshd


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
async def link(sshd: Sshd) -> AsyncIterator[Link]:
    link = await connect(sshd.device(), sshd.known_hosts)
    yield link
    await link.close()


@pytest.fixture
def work(tmp_path: Path) -> str:
    return str(tmp_path / "work dir")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "project"


def accept(work: str, job: str) -> Path:
    """Do what the driver does when a Blender starts; gives the project's .blend there."""
    return make_ready(Path(work) / "jobs" / job, None)


def blobs(work: str) -> set[str]:
    return {path.name for path in (Path(work) / "blobs").iterdir()}


async def test_what_other_farms_have_in_the_same_folder_stays(
    link: Link, work: str, root: Path
) -> None:
    theirs = write_project(root / "theirs", {"a": 100}, seed=1)
    await send_project(link, work, "shot.other", theirs, root / "theirs")
    accept(work, "shot.other")
    for name in ("over.ours", "open.ours"):
        project = write_project(root / name, {"a": 100}, seed=len(name) + ord(name[1]))
        await send_project(link, work, name, project, root / name)
        accept(work, name)
    await trim_cache(link, work, 0, ["open.ours"], ".ours")
    jobs = sorted(path.name for path in (Path(work) / "jobs").iterdir())
    assert jobs == ["open.ours", "shot.other"]
    assert {file.sha256 for file in (*theirs.files, *project.files)} == blobs(work)


async def test_a_farm_finds_its_own_jobs_whatever_they_are_called(
    link: Link, work: str, root: Path
) -> None:
    assert await jobs_of(link, work, "ours") == []
    names = ["shot", ".hidden", "-rf", "two words", "$(touch x)", "a.ours"]
    project = write_project(root, {"a": 100})
    for name in (*[f"{name}.ours" for name in names], "shot.other"):
        await send_project(link, work, name, project, root)
    assert sorted(await jobs_of(link, work, "ours")) == sorted(names)
    for name in names:
        await remove_job(link, work, f"{name}.ours")
    assert [path.name for path in (Path(work) / "jobs").iterdir()] == ["shot.other"]
