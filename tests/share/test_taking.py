"""Drops are taken once, or refused with a reason, wherever the engine is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from blendtui.farm.faults import FaultKind
from blendtui.share import MARK, Share
from tests.support.shares import drop, job, refused, report, tree

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


@pytest.mark.skipif(os.name == "nt", reason="POSIX's permissions")
def test_a_folder_that_only_others_may_look_into_ends_no_start() -> None:
    nobody = 65534
    with tempfile.TemporaryDirectory() as place:
        share = Share(Path(place))
        Path(place).chmod(0o777)
        job(share)
        (Path(place) / "private").mkdir(mode=0o000 if os.geteuid() else 0o700)
        before = os.geteuid()
        if before == 0:  # root may look everywhere
            os.seteuid(nobody)
        try:
            assert share.unfinished(()) == ["shot"]
        finally:
            os.seteuid(before)
            (Path(place) / "private").chmod(0o700)


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
