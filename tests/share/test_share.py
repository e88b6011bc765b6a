"""The share: drops are taken once, refused with a reason, frames appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.share import MARK, Report, Share, files
from blendtui.wording import explain

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT or sys.platform != "linux", reason="mounts need root")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    made.mkdir()
    return made


@pytest.fixture
def share(folder: Path) -> Share:
    return Share(folder)


def drop(share: Share, name: str, content: str = "zip") -> Path:
    path = share.path / name
    path.write_text(content)
    return path


def tree(folder: Path) -> dict[str, str | None]:
    """All below a folder: what is in files, None for folders."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def job(share: Share, name: str = "shot") -> str:
    return share.take(drop(share, f"{name}.zip"), ()).parent.name


def report(ended: float | None) -> Report:
    return Report("shot", "active", "", 0.0, ended, (1,), (), (), (), (), {})


@contextmanager
def refused(*kinds: FaultKind) -> Iterator[list[Fault]]:
    faults: list[Fault] = []
    with pytest.raises(Failure) as caught:
        yield faults
    faults.append(caught.value.fault)
    assert caught.value.fault.kind in kinds


# taking


def test_a_drop_moves_into_a_folder_of_its_name(share: Share) -> None:
    taken = share.take(drop(share, "shot.ZIP"), ())
    assert taken == share.path / "shot" / "shot.zip"
    assert taken.read_text() == "zip"
    assert not (share.path / "shot.ZIP").exists()
    assert share.taken("shot") == taken


def test_a_bare_blend_keeps_its_suffix(share: Share) -> None:
    assert share.take(drop(share, "shot.blend"), ()).name == "shot.blend"


def test_a_second_drop_of_the_same_name_gets_a_number(share: Share) -> None:
    first, second, third = (share.take(drop(share, "shot.zip", str(n)), ()) for n in range(3))
    assert [path.parent.name for path in (first, second, third)] == ["shot", "shot-2", "shot-3"]
    assert [path.read_text() for path in (first, second, third)] == ["0", "1", "2"]
    assert share.taken("shot-3") == third


@pytest.mark.parametrize(
    ("there", "name"), [("Shot", "shot"), ("e\u0301t", "ét"), ("STRASSE", "straße")]
)
def test_a_name_that_differs_by_case_or_unicode_form_only_is_taken(
    share: Share, there: str, name: str
) -> None:
    (share.path / there).mkdir()
    (share.path / there / "mine.txt").write_text("mine")
    assert share.take(drop(share, f"{name}.zip"), ()).parent.name == f"{name}-2"


def test_a_name_that_the_farm_knows_is_taken_though_its_folder_is_gone(share: Share) -> None:
    assert share.take(drop(share, "shot.zip"), {"SHOT", "shot-2"}).parent.name == "shot-3"


def test_a_file_of_that_name_is_not_in_the_way(share: Share) -> None:
    (share.path / "shot").write_text("mine")
    assert share.take(drop(share, "shot.zip"), ()).parent.name == "shot-2"
    assert (share.path / "shot").read_text() == "mine"


def test_an_empty_folder_of_that_name_is_used(share: Share) -> None:
    (share.path / "shot").mkdir()
    assert share.take(drop(share, "shot.zip"), ()).parent.name == "shot"


def test_a_link_of_that_name_is_left_alone(share: Share, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (share.path / "shot").symlink_to(tmp_path / "elsewhere")
    assert share.take(drop(share, "shot.zip"), ()).parent.name == "shot-2"
    assert tree(tmp_path / "elsewhere") == {}


def test_a_drop_that_is_gone_leaves_no_folder(share: Share) -> None:
    with refused(FaultKind.SHARE_WRITE):
        share.take(share.path / "gone.zip", ())
    assert tree(share.path) == {}


def test_a_link_is_no_drop(share: Share, tmp_path: Path) -> None:
    (tmp_path / "secret.zip").write_text("secret")
    (share.path / "shot.zip").symlink_to(tmp_path / "secret.zip")
    with refused(FaultKind.SHARE_WRITE):
        share.take(share.path / "shot.zip", ())
    assert not (share.path / "shot").exists()


# killed between any two steps


def _kill_at(step: int, folder: Path, action: str) -> subprocess.CompletedProcess[str]:
    """Do something in a process that kills itself right before its step-th change of files."""
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(step), str(folder), action],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


_PROGRAM = """
import os, signal, sys
from pathlib import Path
from blendtui.share import Share, Report
step, folder, action = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
share = Share(folder)
count = 0
armed = False
def watch(event, arguments):
    global count
    is_open = event == "open" and isinstance(arguments[2], int)
    writes = is_open and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if armed and (writes or event in ("os.mkdir", "os.rename", "os.rmdir", "os.remove")):
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
sys.addaudithook(watch)
armed = True
if action == "take":
    share.take(folder / "shot.zip", ())
elif action == "reject":
    share.reject(folder / "shot.zip", "too big")
elif action == "report":
    share.write_report("shot", Report("shot", "done", "", 0.0, 1.0, (1,), (), (), (), (), {}))
armed = False
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_drop_is_neither_lost_nor_doubled_wherever_the_engine_is_killed(tmp_path: Path) -> None:
    for step in range(20):
        folder = tmp_path / str(step)
        folder.mkdir()
        (folder / "shot.zip").write_text("zip")
        ended = _kill_at(step, folder, "take")
        share = Share(folder)
        begun = share.unfinished(())
        if begun:
            assert begun == ["shot"]
        else:
            assert (folder / "shot.zip").read_text() == "zip"
            assert share.take(folder / "shot.zip", ()).parent.name == "shot"
        assert tree(folder).keys() == {"shot", "shot/shot.zip", f"shot/{MARK}"}
        assert (folder / "shot" / "shot.zip").read_text() == "zip"
        if ended.returncode == 0:
            assert step >= 3
            return
        assert ended.returncode == -9, ended.stderr
    raise AssertionError("it never came to its end")


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_refusal_is_finished_wherever_the_engine_is_killed(tmp_path: Path) -> None:
    for step in range(20):
        folder = tmp_path / str(step)
        folder.mkdir()
        (folder / "shot.zip").write_text("zip")
        ended = _kill_at(step, folder, "reject")
        share = Share(folder)
        assert share.unfinished(()) == []
        if (folder / "shot.zip").exists():
            share.reject(folder / "shot.zip", "too big")
        assert tree(folder) == {
            "rejected": None,
            "rejected/shot.zip": "zip",
            "rejected/shot.reason.txt": "too big\n",
        }
        if ended.returncode == 0:
            return
        assert ended.returncode == -9, ended.stderr
    raise AssertionError("it never came to its end")


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_report_is_whole_wherever_the_engine_is_killed(tmp_path: Path) -> None:
    for step in range(20):
        folder = tmp_path / str(step)
        folder.mkdir()
        share = Share(folder)
        job(share)
        share.write_report("shot", report(None))
        before = (folder / "shot" / "report.toml").read_text()
        ended = _kill_at(step, folder, "report")
        now = (folder / "shot" / "report.toml").read_text()
        assert now == before or 'state = "done"' in now
        share.sweep("shot")
        share.write_report("shot", report(1.0))
        assert tree(folder).keys() == {"shot", "shot/shot.zip", "shot/report.toml"}
        if ended.returncode == 0:
            return
        assert ended.returncode == -9, ended.stderr
    raise AssertionError("it never came to its end")


# what was begun


def test_a_job_is_unfinished_until_its_last_report(share: Share) -> None:
    job(share)
    assert share.unfinished(()) == ["shot"]
    assert share.unfinished({"shot"}) == []
    share.write_report("shot", report(None))
    assert share.unfinished(()) == ["shot"]
    share.write_report("shot", report(5.0))
    assert share.unfinished(()) == []
    assert tree(share.path).keys() == {"shot", "shot/shot.zip", "shot/report.toml"}


def test_a_job_that_is_taken_up_again_is_unfinished_again(share: Share) -> None:
    job(share)
    share.write_report("shot", report(5.0))
    share.write_report("shot", report(None))
    assert share.unfinished(()) == ["shot"]


def test_a_users_own_folder_with_a_zip_is_nobodys_job(share: Share) -> None:
    (share.path / "assets").mkdir()
    (share.path / "assets" / "assets.zip").write_text("mine")
    share.reject(drop(share, "bad.zip"), "no")
    assert share.unfinished(()) == []


def test_a_job_whose_folder_was_emptied_by_hand_is_left_to_who_knows_it(share: Share) -> None:
    job(share)
    (share.path / "shot" / "shot.zip").unlink()
    assert share.unfinished({"shot"}) == []
    assert (share.path / "shot").is_dir()


def test_another_zip_in_a_jobs_folder_is_not_taken_for_its_drop(share: Share) -> None:
    job(share)
    (share.path / "shot" / "a.zip").write_text("mine")
    (share.path / "shot" / "frames.blend").write_text("mine")
    assert share.taken("shot") == share.path / "shot" / "shot.zip"
    assert share.taken("nothing") is None


# refusing


def test_a_refused_drop_lies_beside_its_reason(share: Share) -> None:
    place = share.reject(drop(share, "shot.zip"), "It holds no .blend file.")
    assert place == share.path / "rejected" / "shot.zip"
    assert (share.path / "rejected" / "shot.reason.txt").read_text() == "It holds no .blend file.\n"


def test_each_refused_drop_has_a_reason_of_its_own(share: Share) -> None:
    for number, name in enumerate(("a.zip", "a.zip", "a.blend", "A.zip")):
        share.reject(drop(share, name), f"reason {number}")
    found = tree(share.path / "rejected")
    assert {name: found[name] for name in found if name.endswith("txt")} == {
        "a.reason.txt": "reason 0\n",
        "a-2.reason.txt": "reason 1\n",
        "a-3.reason.txt": "reason 2\n",
        "A-4.reason.txt": "reason 3\n",
    }
    drops = [name for name in found if not name.endswith("txt")]
    assert all(f"{Path(name).stem}.reason.txt" in found for name in drops)
    assert len(drops) == 4


def test_a_drop_that_vanished_leaves_no_reason(share: Share) -> None:
    with refused(FaultKind.SHARE_WRITE):
        share.reject(share.path / "gone.zip", "no")
    assert tree(share.path) == {"rejected": None}


def test_a_drop_that_was_moved_already_is_refused_with_its_folder(share: Share) -> None:
    taken = share.take(drop(share, "shot.zip"), ())
    share.reject(taken, "no")
    assert not (share.path / "shot").exists()
    assert share.unfinished(()) == []


def test_a_reason_may_be_any_text(share: Share) -> None:
    share.reject(drop(share, "shot.zip"), "\udcff “ä”")
    assert (share.path / "rejected" / "shot.reason.txt").read_text("utf-8") == "\\udcff “ä”\n"


def test_a_link_in_place_of_rejected_is_not_followed(share: Share, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (share.path / "rejected").symlink_to(tmp_path / "elsewhere")
    with refused(FaultKind.SHARE_WRITE):
        share.reject(drop(share, "shot.zip"), "no")
    assert (share.path / "shot.zip").exists()
    assert tree(tmp_path / "elsewhere") == {}


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


# a share that is gone, another one, full or read-only


def test_a_share_that_is_gone_is_missing(share: Share) -> None:
    job(share)
    shutil.rmtree(share.path)
    for attempt in (
        share.check,
        share.free_space,
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


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"tmpfs cannot be mounted here: {done.stderr.decode()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@needs_root
def test_a_full_share_says_so_and_keeps_what_it_has(folder: Path) -> None:
    with mounted(folder, "size=64k"):
        share = Share(folder)
        job(share)
        share.write_report("shot", report(None))
        before = (folder / "shot" / "report.toml").read_text()
        left = share.free_space()
        assert 0 < left <= 64 * 1024
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
