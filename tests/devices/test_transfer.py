"""What a transfer promises, with a real OpenSSH server at the other end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from blendtui.devices import transfer
from blendtui.devices.connection import Link, connect
from blendtui.devices.driver_project import make_ready
from blendtui.devices.local_server import LocalServer
from blendtui.devices.transfer import Sent, send_manifest, send_project, trim_cache
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import Project, ProjectFile
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support import small_disk as disks
from tests.support.projects import describe, write_project
from tests.support.proxy import Proxy, proxy
from tests.support.sshd import Sshd, needs_sshd

pytestmark = needs_sshd

USUAL = {
    "shot.blend": 300_000,
    "tex/a.png": 20_000,
    "tex/b.png": 70_000,
    "cache/big.vdb": 9_000_000,
}


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


@contextlib.asynccontextmanager
async def through(sshd: Sshd, wire: Proxy, folder: Path) -> AsyncIterator[Link]:
    """Give a link that goes through a proxy."""
    link = await connect(sshd.device(port=wire.port), trusting(sshd, wire, folder / "known"))
    try:
        yield link
    finally:
        await link.close()


def trusting(sshd: Sshd, wire: Proxy, known_hosts: Path) -> Path:
    known_hosts.write_text(sshd.known_hosts_line().replace(str(sshd.port), str(wire.port)))
    return known_hosts


def accept(work: str, job: str) -> Path:
    """Do what the driver does when a Blender starts; gives the project's .blend there."""
    return make_ready(Path(work) / "jobs" / job, None)


def blobs(work: str) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (Path(work) / "blobs").iterdir()}


def use(work: str, project: Project, at: float) -> None:
    """Date the blobs of a project."""
    for file in project.files:
        for name in (file.sha256, f"{file.sha256}.part"):
            with contextlib.suppress(FileNotFoundError):
                os.utime(Path(work) / "blobs" / name, (at, at))


class TestSending:
    async def test_a_project_arrives_so_that_the_driver_finds_all_of_it(
        self, link: Link, work: str, root: Path
    ) -> None:
        project = write_project(root, USUAL | {"empty.txt": 0, "odd 'näme'\n.png": 100})
        sent = await send_project(link, work, "job", project, root)
        assert sent == Sent(6, sum(USUAL.values()) + 100, 0)
        blend = accept(work, "job")
        for file in project.files:
            assert (blend.parent / file.path).read_bytes() == (root / file.path).read_bytes()
        assert (Path(work) / "blobs").stat().st_mode & 0o777 == 0o700

    async def test_the_same_content_travels_once(self, link: Link, work: str, root: Path) -> None:
        write_project(root, {"a": 50_000})
        (root / "b").write_bytes((root / "a").read_bytes())
        project = describe(root, ["a", "b"])
        assert await send_project(link, work, "job", project, root) == Sent(1, 50_000, 1)
        accept(work, "job")

    async def test_progress_counts_what_has_arrived(
        self, link: Link, work: str, root: Path
    ) -> None:
        project = write_project(root, USUAL)
        seen: list[tuple[int, int]] = []
        await send_project(
            link, work, "job", project, root, progress=lambda *told: seen.append(told)
        )
        total = sum(USUAL.values())
        assert seen[-1] == (total, total)
        assert [done for done, _ in seen] == sorted({done for done, _ in seen})

    async def test_a_second_drop_with_one_changed_texture_sends_that_and_little_else(
        self, sshd: Sshd, work: str, root: Path, tmp_path: Path
    ) -> None:
        sizes = {f"textures/wood_{number:03}.png": 2_000 for number in range(400)}
        project = write_project(root, {"shot.blend": 100_000} | sizes)
        async with proxy(sshd.port) as wire, through(sshd, wire, tmp_path) as link:
            await send_project(link, work, "shot", project, root)
            accept(work, "shot")
            (root / "textures/wood_007.png").write_bytes(os.urandom(700_000))
            (root / "shot.blend").write_bytes(os.urandom(110_000))
            changed = describe(root, [file.path for file in project.files])
            before = wire.sent
            sent = await send_project(link, work, "shot-2", changed, root)
            assert sent == Sent(2, 810_000, 399)
            besides = wire.sent - before - 810_000
        assert besides < 32 * 1024
        accept(work, "shot-2")

    async def test_an_interrupted_transfer_goes_on_where_it_was(
        self, sshd: Sshd, work: str, root: Path, tmp_path: Path
    ) -> None:
        project = write_project(root, {"shot.blend": 30_000_000, "a": 1000, "b": 400_000})
        async with proxy(sshd.port) as wire:
            wire.cut_after = 16_000_000
            async with through(sshd, wire, tmp_path) as link:
                with pytest.raises(Failure) as caught:
                    await send_project(link, work, "job", project, root)
            assert caught.value.fault.kind == FaultKind.LINK_LOST
            assert not (Path(work) / "jobs/job/manifest.json").exists()
            there = sum(blobs(work).values())
            assert there > 8_000_000
            wire.cut_after, wire.sent = None, 0
            async with through(sshd, wire, tmp_path) as link:
                sent = await send_project(link, work, "job", project, root)
            assert sent.bytes <= 30_401_000 - there
            assert wire.sent < sent.bytes * 1.01 + 64 * 1024
        accept(work, "job")

    async def test_two_at_once_share_the_work(self, link: Link, work: str, root: Path) -> None:
        project = write_project(root, USUAL)
        first, second = await asyncio.gather(
            send_project(link, work, "job", project, root),
            send_project(link, work, "other", project, root),
        )
        assert first == Sent(4, sum(USUAL.values()), 0)
        assert second == Sent(0, 0, 4)
        accept(work, "job")
        accept(work, "other")

    async def test_two_links_to_one_folder_do_each_other_no_harm(
        self, sshd: Sshd, link: Link, work: str, root: Path
    ) -> None:
        project = write_project(root, USUAL)
        other = await connect(sshd.device(), sshd.known_hosts)
        await asyncio.gather(
            send_project(link, work, "job", project, root),
            send_project(other, work, "other", project, root),
        )
        await other.close()
        accept(work, "job")
        accept(work, "other")

    @pytest.mark.parametrize("damage", ["larger part", "blob of another size"])
    async def test_what_is_no_good_there_is_replaced(
        self, link: Link, work: str, root: Path, damage: str
    ) -> None:
        project = write_project(root, {"a": 50_000})
        suffix = ".part" if damage == "larger part" else ""
        place = Path(work) / "blobs" / (project.files[0].sha256 + suffix)
        place.parent.mkdir(parents=True)
        place.write_bytes(b"x" * 60_000)
        assert (await send_project(link, work, "job", project, root)).bytes == 50_000
        accept(work, "job")

    async def test_a_manifest_alone_names_everything(
        self, link: Link, work: str, root: Path
    ) -> None:
        project = write_project(root, USUAL)
        await send_manifest(link, work, "job", project)
        told = json.loads((Path(work) / "jobs/job/manifest.json").read_text("utf-8"))
        assert told["blend"] == "shot.blend"
        assert [ProjectFile(*file) for file in told["files"]] == list(project.files)
        assert [path.name for path in (Path(work) / "jobs/job").iterdir()] == ["manifest.json"]

    async def test_our_own_server_takes_a_project_too(
        self, work: str, root: Path, tmp_path: Path
    ) -> None:
        project = write_project(root, USUAL)
        server = LocalServer()
        await server.start()
        link = await connect(DeviceSettings(name="here", host="local"), tmp_path / "known", server)
        assert (await send_project(link, work, "job", project, root)).files == 4
        await link.close()
        await server.close()
        accept(work, "job")


class TestRefusals:
    @pytest.mark.parametrize("size", [100, 20_000_000])
    @pytest.mark.parametrize("how", ["vanished", "shorter", "longer"])
    async def test_a_file_that_changed_here_is_named(
        self, link: Link, work: str, root: Path, size: int, how: str
    ) -> None:
        project = write_project(root, {"tex/a.png": size})
        file = root / "tex/a.png"
        if how == "vanished":
            file.unlink()
        else:
            file.write_bytes(bytes(size // 2 if how == "shorter" else size + 1))
        with pytest.raises(Failure) as caught:
            await send_project(link, work, "job", project, root)
        assert caught.value.fault.kind == FaultKind.PROJECT_CHANGED
        assert "“tex/a.png”" in explain(caught.value.fault).what
        assert not (Path(work) / "jobs/job/manifest.json").exists()

    async def test_a_work_dir_that_is_a_file_is_named(
        self, link: Link, work: str, root: Path
    ) -> None:
        project = write_project(root, {"a": 100})
        work = str(root / "a")
        for attempt in (
            transfer.resolve_work_dir(link, work),
            send_project(link, work, "job", project, root),
        ):
            with pytest.raises(Failure) as caught:
                await attempt
            assert caught.value.fault.kind == FaultKind.WORK_DIR_UNWRITABLE
            assert work in explain(caught.value.fault).what


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB."""
    with disks.small_disk(tmp_path / "disk") as place:
        yield place


class TestRoom:
    async def test_a_project_that_does_not_fit_is_refused_before_it_travels(
        self, link: Link, small_disk: Path, root: Path
    ) -> None:
        project = write_project(root, {"a": 1_000_000})
        with pytest.raises(Failure) as caught:
            await send_project(link, str(small_disk), "job", project, root)
        assert caught.value.fault.kind == FaultKind.DEVICE_DISK_FULL
        assert (
            "box: its disk is full: the project needs 65.0 MiB there, and 24.0 MiB is free"
            in explain(caught.value.fault).what
        )
        assert blobs(str(small_disk)) == {}

    async def test_a_disk_that_fills_up_meanwhile_is_said_to_be_full(
        self, link: Link, small_disk: Path, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transfer, "MARGIN", 0)
        project = write_project(root, {"a": 15_000_000})
        filler = small_disk / "filler"

        def fill(_done: int, _total: int) -> None:
            if not filler.exists():
                filler.write_bytes(bytes(14_000_000))

        with pytest.raises(Failure) as caught:
            await send_project(link, str(small_disk), "job", project, root, progress=fill)
        assert caught.value.fault.kind == FaultKind.DEVICE_DISK_FULL
        assert "the project needs 14.3 MiB there" in caught.value.fault.fact("detail")
        assert blobs(str(small_disk)) == {}
        filler.unlink()
        await send_project(link, str(small_disk), "job", project, root)
        accept(str(small_disk), "job")

    async def test_room_is_made_by_deleting_what_no_job_needs(
        self, link: Link, small_disk: Path, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transfer, "MARGIN", 2**20)
        work = str(small_disk)
        done = write_project(root / "done", {"a": 9_000_000}, seed=1)
        busy = write_project(root / "busy", {"a": 9_000_000}, seed=2)
        wanted = write_project(root / "wanted", {"a": 9_000_000}, seed=3)
        await send_project(link, work, "done", done, root / "done")
        await send_project(link, work, "busy", busy, root / "busy")
        with pytest.raises(Failure):
            await send_project(link, work, "wanted", wanted, root / "wanted")
        await transfer.remove_job(link, work, "done")
        await send_project(link, work, "wanted", wanted, root / "wanted")
        accept(work, "wanted")
        accept(work, "busy")
        assert set(blobs(work)) == {busy.files[0].sha256, wanted.files[0].sha256}


class TestCache:
    async def make(self, link: Link, work: str, root: Path) -> list[Project]:
        """Send three projects of 100,000 bytes each, used one after the other."""
        projects = []
        for number in range(3):
            folder = root / str(number)
            project = write_project(folder, {"a": 60_000, "b": 40_000}, seed=number)
            await send_project(link, work, f"job {number}", project, folder)
            accept(work, f"job {number}")
            use(work, project, 1_000_000_000 + number)
            projects.append(project)
        return projects

    async def test_the_least_recently_used_goes_first_and_a_kept_job_keeps_its_files(
        self, link: Link, work: str, root: Path
    ) -> None:
        projects = await self.make(link, work, root)
        assert await trim_cache(link, work, 200_000, ["job 0"]) == 100_000
        left = {file.sha256 for number in (0, 2) for file in projects[number].files}
        assert set(blobs(work)) == left
        assert [path.name for path in (Path(work) / "jobs").iterdir()] == ["job 0"]

    async def test_use_by_another_job_counts(self, link: Link, work: str, root: Path) -> None:
        projects = await self.make(link, work, root)
        await send_project(link, work, "job 0-2", projects[0], root / "0")
        await trim_cache(link, work, 100_000, [])
        assert set(blobs(work)) == {file.sha256 for file in projects[0].files}

    async def test_sending_keeps_the_cache_to_its_limit(
        self, link: Link, work: str, root: Path
    ) -> None:
        projects = await self.make(link, work, root)
        for number in range(3):
            await transfer.remove_job(link, work, f"job {number}")
        more = write_project(root / "more", {"a": 70_000}, seed=9)
        await send_project(link, work, "more", more, root / "more", cache=250_000)
        accept(work, "more")
        there = blobs(work)
        assert sum(there.values()) <= 250_000
        assert {file.sha256 for file in (*projects[1].files[1:], *projects[2].files)} <= set(there)

    async def test_what_the_jobs_need_stays_even_above_the_limit(
        self, link: Link, work: str, root: Path
    ) -> None:
        await self.make(link, work, root)
        assert await trim_cache(link, work, 0, ["job 0", "job 1", "job 2", "unheard of"]) == 0
        assert sum(blobs(work).values()) == 300_000

    async def test_uploads_that_nobody_went_on_with_go_too(
        self, link: Link, work: str, root: Path
    ) -> None:
        await transfer.resolve_work_dir(link, work)
        folder = Path(work) / "blobs"
        names = [f"{'a' * 64}.part", f"{'b' * 64}.4711.new", f"{'c' * 64}.part", "d" * 64]
        for name in names:
            (folder / name).write_bytes(b"12345")
        for name in (*names[:2], names[3]):
            os.utime(folder / name, (1_000_000_000, 1_000_000_000))
        assert await trim_cache(link, work, 10**9, []) == 10
        assert sorted(blobs(work)) == sorted(names[2:])

    async def test_job_names_are_only_names(self, link: Link, work: str, root: Path) -> None:
        project = write_project(root, {"a": 100})
        odd = ["it's $(rm -rf x)", "*", "-rf", ".hidden", "two\nlines"]
        for name in (*odd, "other"):
            await send_project(link, work, name, project, root)
        await trim_cache(link, work, 0, odd)
        assert sorted(path.name for path in (Path(work) / "jobs").iterdir()) == sorted(odd)
        assert len(blobs(work)) == 1
        for name in odd:
            await transfer.remove_job(link, work, name)
        assert list((Path(work) / "jobs").iterdir()) == []
