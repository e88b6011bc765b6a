"""Frames appear whole or not at all, and only where they belong."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.share import MARK, Share, files
from blendtui.wording import explain
from tests.support.shares import job, refused, report, tree

# frames

pathlike = st.lists(
    st.sampled_from(["..", ".", "", "a", "/", "\\", "C:", "~", "\0", "shot_1.png", "con", "\n"]),
    max_size=6,
).map("/".join)


@given(st.one_of(st.text(st.characters(), max_size=60), pathlike))
@example("../x")
@example("a/../../x")
@example("/x")
@example("a\0")
@example("x" * 300)
def test_a_frame_never_leaves_its_jobs_frames(relative: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        share = Share(Path(name).resolve())
        job(share)
        frames = share.path / "shot" / "frames"
        try:
            target = share.frame_target("shot", relative)
        except Failure as failure:
            assert failure.fault.kind is FaultKind.OUTPUT_REFUSED
            assert failure.fault.fact("detail")
        else:
            assert os.path.normpath(target) == str(target)
            assert target.resolve().is_relative_to(frames)
            target.write_text("it can be written")
        assert [path.name for path in share.path.iterdir()] == ["shot"]
        assert {path.name for path in (share.path / "shot").iterdir()} <= {
            "frames",
            "shot.zip",
            MARK,
        }


@pytest.mark.parametrize("where", ["frames", "frames/left", "frames/left/1.png"])
def test_a_link_in_a_frames_way_is_refused(share: Share, tmp_path: Path, where: str) -> None:
    job(share)
    (tmp_path / "elsewhere").mkdir()
    link = share.path / "shot" / where
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(tmp_path / "elsewhere")
    with refused(FaultKind.OUTPUT_REFUSED):
        share.frame_target("shot", "left/1.png")
    assert tree(tmp_path / "elsewhere") == {}


def test_nothing_is_written_or_removed_through_a_link_in_the_jobs_place(
    share: Share, tmp_path: Path
) -> None:
    job(share)
    (share.path / "shot").rename(tmp_path / "elsewhere")
    for name in (".parts/1.exr", ".run.out/1.png", "film.mp4", "film.part", MARK):
        (tmp_path / "elsewhere" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "elsewhere" / name).write_text("not ours")
    (share.path / "shot").symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path / "elsewhere")
    for write in (
        lambda: share.frame_target("shot", "1.png"),
        lambda: share.part_target("shot", 1),
        lambda: share.product("shot", "film.mp4"),
        lambda: share.place_product("shot", share.path / "film.part", "film.mp4"),
        lambda: share.remove_product("shot", "film.mp4"),
        lambda: share.write_report("shot", report(None)),
        lambda: share.write_report("shot", report(1.0)),
        lambda: share.keep_log("shot", "frame-1-try-1.log", "it was black"),
    ):
        with refused(FaultKind.SHARE_WRITE) as faults:
            write()
        assert "shot on the share cannot be written: it is a link" in explain(faults[0]).what
    share.remove_parts("shot")
    share.remove_outbox("shot", "run")
    share.sweep("shot")
    assert tree(tmp_path / "elsewhere") == before


def test_nothing_is_found_through_a_link_in_the_jobs_place(share: Share, tmp_path: Path) -> None:
    job(share)
    share.frame_target("shot", "1.png").write_text("a frame")
    share.part_target("shot", 1).write_text("a part")
    (share.path / "shot").rename(tmp_path / "elsewhere")
    (share.path / "shot").symlink_to(tmp_path / "elsewhere")
    assert share.frame_file("shot", "1.png") is None
    assert share.part_file("shot", 1) is None
    assert share.taken("shot") is None


def test_a_file_or_a_folder_in_a_frames_way_is_refused(share: Share) -> None:
    job(share)
    share.frame_target("shot", "left").write_text("a frame")
    with refused(FaultKind.OUTPUT_REFUSED):
        share.frame_target("shot", "left/1.png")
    share.frame_target("shot", "right/1.png")
    with refused(FaultKind.OUTPUT_REFUSED):
        share.frame_target("shot", "right")


def test_frames_that_differ_by_case_only_both_have_a_place(share: Share) -> None:
    job(share)
    for name in ("a.png", "A.png"):
        share.frame_target("shot", name).write_text(name)


def test_two_copies_of_a_frame_are_on_their_way_in_two_places(share: Share) -> None:
    job(share)
    target = share.frame_target("shot", "x" * 251 + ".png")
    ways = {share.beside(target, key) for key in ("left.1.1/7/1", "right.1.2/7/2")}
    assert len(ways) == 2
    assert share.beside(target, "a") != share.beside(target.with_name("other.png"), "a")
    assert share.beside(target, "a") == share.beside(target, "a")
    for way in ways:
        way.write_text("it can be written, however long the target's name is")


def test_a_frame_is_placed_in_one_step_over_an_older_one(share: Share) -> None:
    job(share)
    target = share.frame_target("shot", "1.png")
    target.write_text("old")
    with target.open() as reader:
        way = share.beside(target, "a")
        way.write_text("new")
        share.place(way, target)
        assert reader.read() == "old"
    assert target.read_text() == "new"
    assert not way.exists()


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX's")
def test_a_frame_that_we_may_only_read_is_placed(share: Share) -> None:
    job(share)
    target = share.frame_target("shot", "1.png")
    way = share.beside(target, "a")
    way.write_text("new")
    way.chmod(0o444)
    share.place(way, target)
    assert target.read_text() == "new"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_without_fsync_for_folders_is_good_enough(
    share: Share, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    job(share)
    target = share.frame_target("shot", "1.png")
    way = share.beside(target, "a")
    way.write_text("new")

    def unsupported(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", unsupported)  # no such file system can be had here
    share.place(way, target)
    assert target.read_text() == "new"


def test_a_disk_that_fails_at_fsync_is_told_and_nothing_appears(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    job(share)
    target = share.frame_target("shot", "1.png")
    way = share.beside(target, "a")
    way.write_text("new")

    def broken(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    with refused(FaultKind.SHARE_WRITE):
        share.place(way, target)
    assert not target.exists()


# devices that write here themselves


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Outbox:
    """A run's own folder with one frame in it, and the frame's place."""

    def __init__(self, share: Share) -> None:
        self.share = share
        self.target = share.frame_target(job(share), "a/1.png")
        self.folder = share.outbox("shot", "left.1.1")
        self.source = self.folder / "1-1" / "a" / "1.png"
        self.source.parent.mkdir(parents=True)
        self.source.write_text("pixels")

    def adopt(self) -> None:
        self.share.adopt(self.source, self.target, 6, sha("pixels"))


def test_a_frame_that_a_device_wrote_here_is_checked_and_placed(share: Share) -> None:
    box = Outbox(share)
    box.adopt()
    assert box.target.read_text() == "pixels"
    assert not box.source.exists()


def test_to_adopt_a_frame_twice_does_no_harm(share: Share) -> None:
    box = Outbox(share)
    box.adopt()
    box.adopt()
    assert box.target.read_text() == "pixels"


def test_a_frame_that_is_not_what_was_said_is_refused(share: Share) -> None:
    box = Outbox(share)
    box.source.write_text("pixelz")
    with refused(FaultKind.OUTPUT_CHANGED):
        box.adopt()
    box.source.unlink()
    with refused(FaultKind.OUTPUT_MISSING):
        box.adopt()
    assert not box.target.exists()


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_no_link_is_followed_to_a_devices_frame(share: Share, tmp_path: Path, depth: int) -> None:
    box = Outbox(share)
    place = [box.source, *box.source.parents][depth]
    away = tmp_path / "away"
    place.rename(away)
    place.symlink_to(away)
    with refused(FaultKind.OUTPUT_MISSING):
        box.adopt()


@pytest.mark.skipif(os.name == "nt", reason="pipes in folders are POSIX's")
def test_a_pipe_in_a_frames_place_keeps_nobody_waiting(share: Share) -> None:
    box = Outbox(share)
    box.source.unlink()
    os.mkfifo(box.source)
    with refused(FaultKind.OUTPUT_MISSING):
        box.adopt()


def test_what_a_killed_engine_left_is_swept(share: Share, tmp_path: Path) -> None:
    box = Outbox(share)
    share.beside(box.target, "a").write_text("half")
    files.temporary(share.path / "shot").write_text("half")
    share.outbox("shot", "left.1.2").mkdir()
    (share.outbox("shot", "left.1.2") / "1.png").write_text("dead")
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / ".blendtui-x.part").write_text("mine")
    share.outbox("shot", "left.1.3").symlink_to(tmp_path / "away")
    (share.path / "shot" / "frames" / "away").symlink_to(tmp_path / "away")
    (share.path / "shot" / "frames" / ".mine.part").write_text("mine")
    share.sweep("shot", {"left.1.1"})
    left = {path.name for path in (share.path / "shot").rglob("*") if path.name.startswith(".")}
    assert left == {MARK, ".left.1.1.out", ".mine.part"}
    assert box.source.exists()
    assert tree(tmp_path / "away") == {".blendtui-x.part": "mine"}
    share.remove_outbox("shot", "left.1.1")
    assert not box.folder.exists()
    share.remove_outbox("shot", "left.1.1")
    share.sweep("nothing")


def test_a_failed_trys_log_is_kept(share: Share) -> None:
    job(share)
    share.keep_log("shot", "frame-1-try-1.log", "ä\udcff\n")
    kept = (share.path / "shot" / "logs" / "frame-1-try-1.log").read_text("utf-8")
    assert kept == "ä\\udcff\n"
