"""A share that is gone, another one, full or read-only."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from blendtui.farm.faults import FaultKind
from blendtui.share import Share, files
from blendtui.wording import explain
from tests.support.shares import drop, job, mounted, needs_root, refused, report, tree

# a share that is gone, another one, full or read-only


def test_a_share_that_is_gone_is_missing(share: Share) -> None:
    job(share)
    shutil.rmtree(share.path)
    for attempt in (
        share.check,
        share.spare_space,
        lambda: share.frame_target("shot", "1.png"),
        lambda: share.adopt(share.path / "a", share.path / "b", 1, ""),
        lambda: share.write_report("shot", report(None)),
    ):
        with refused(FaultKind.SHARE_MISSING):
            attempt()
    assert not share.path.exists()


def test_another_folder_in_the_shares_place_is_not_written_to(share: Share) -> None:
    job(share)
    share.path.rename(share.path.with_name("unmounted"))
    share.path.mkdir()
    with refused(FaultKind.SHARE_MISSING):
        share.take(drop(share, "lost.zip"), ())
    with refused(FaultKind.SHARE_MISSING):
        share.frame_target("shot", "1.png")
    assert tree(share.path) == {"lost.zip": "zip"}
    share.path.joinpath("lost.zip").unlink()
    share.path.rmdir()
    share.path.with_name("unmounted").rename(share.path)
    share.frame_target("shot", "1.png")


def test_a_share_that_was_connected_anew_is_known_by_its_engines_file(share: Share) -> None:
    job(share)
    shutil.copytree(share.path, share.path.with_name("again"))
    shutil.rmtree(share.path)
    share.path.with_name("again").rename(share.path)
    with refused(FaultKind.SHARE_MISSING):
        share.check()
    share.is_back = lambda: True
    share.frame_target("shot", "1.png")


def test_a_share_that_was_missing_at_the_start_is_taken_when_it_comes(folder: Path) -> None:
    folder.rmdir()
    share = Share(folder)
    with refused(FaultKind.SHARE_MISSING):
        share.check()
    folder.mkdir()
    share.check()


def test_a_file_is_no_share(folder: Path) -> None:
    folder.rmdir()
    folder.write_text("")
    with refused(FaultKind.SHARE_MISSING):
        Share(folder).check()


def test_a_jobs_folder_that_was_removed_is_told_and_not_made_anew(share: Share) -> None:
    job(share)
    shutil.rmtree(share.path / "shot")
    with refused(FaultKind.SHARE_WRITE) as faults:
        share.frame_target("shot", "1.png")
    assert "shot" in explain(faults[0]).what
    assert tree(share.path) == {}


@needs_root
def test_a_full_share_says_so_and_keeps_what_it_has(folder: Path) -> None:
    with mounted(folder, "size=64k"):
        share = Share(folder)
        job(share)
        share.write_report("shot", report(None))
        before = (folder / "shot" / "report.toml").read_text()
        left = shutil.disk_usage(folder).free
        (folder / "filler").write_bytes(b"x" * left)
        with refused(FaultKind.SHARE_WRITE) as faults:
            share.write_report("shot", report(1.0))
        assert "no space left" in explain(faults[0]).what
        with refused(FaultKind.SHARE_WRITE):
            share.reject(folder / "filler", "no")
        assert (folder / "shot" / "report.toml").read_text() == before
        assert not [path for path in folder.rglob("*") if files.is_temporary(path.name)]
        (folder / "filler").unlink()
        share.write_report("shot", report(1.0))


@needs_root
def test_frames_leave_a_hundredth_of_a_small_share_free(folder: Path) -> None:
    with mounted(folder, "size=8m"):
        share = Share(folder)
        free = shutil.disk_usage(folder).free
        assert share.spare_space() == free - 8 * 2**20 // 100
        (folder / "filler").write_bytes(b"x" * (free - 4096))
        assert share.spare_space() == 0


def test_a_file_system_that_does_not_say_how_large_it_is_has_room(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsaid = shutil.disk_usage(share.path)._replace(total=0, used=0, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: unsaid)  # no such one can be had here
    assert share.spare_space() is None


@needs_root
def test_a_read_only_share_says_so(folder: Path) -> None:
    with mounted(folder, "size=64k"):
        share = Share(folder)
        path = drop(share, "shot.zip")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        with refused(FaultKind.SHARE_WRITE) as faults:
            share.take(path, ())
        assert "read-only" in explain(faults[0]).what
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        assert share.take(path, ()).parent.name == "shot"


@needs_root
def test_an_unmounted_share_is_missing_though_its_empty_folder_is_there(folder: Path) -> None:
    with mounted(folder, "size=64k"):
        share = Share(folder)
        job(share)
    for attempt in (share.check, lambda: share.frame_target("shot", "1.png")):
        with refused(FaultKind.SHARE_MISSING):
            attempt()
    assert tree(folder) == {}
