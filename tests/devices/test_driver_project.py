"""The project on a device: checked blobs, and the tree that is linked together from them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from blendtui.devices import driver_project
from blendtui.devices.driver_project import RunFailure, make_ready
from tests.support.runs import lay_job

FILES = {"a.blend": b"blend", "tex/wood.png": b"wood", "tex/same.png": b"wood", "sp ace/é": b""}


def project(work_dir: Path) -> dict[str, bytes]:
    """Give the files that are in the job's tree now."""
    root = work_dir / "jobs" / "job" / "project"
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def refused(work_dir: Path, share_file: str | None = None) -> RunFailure:
    with pytest.raises(RunFailure) as caught:
        make_ready(work_dir / "jobs" / "job", share_file)
    return caught.value


def test_uploaded_files_are_checked_and_linked(tmp_path: Path) -> None:
    hashes = lay_job(tmp_path, "job", FILES, "a.blend")
    blend = make_ready(tmp_path / "jobs" / "job", None)
    assert blend == tmp_path / "jobs/job/project/a.blend"
    assert project(tmp_path) == FILES
    assert {path.name for path in (tmp_path / "blobs").iterdir()} == set(hashes.values())
    assert blend.samefile(tmp_path / "blobs" / hashes["a.blend"])


def test_a_second_time_nothing_is_made_again(tmp_path: Path) -> None:
    lay_job(tmp_path, "job", FILES, "a.blend")
    blend = make_ready(tmp_path / "jobs" / "job", None)
    before = (blend.stat(), blend.parent.stat().st_mtime_ns)
    make_ready(tmp_path / "jobs" / "job", None)
    assert (blend.stat(), blend.parent.stat().st_mtime_ns) == before


def test_a_tree_with_other_contents_is_put_right(tmp_path: Path) -> None:
    lay_job(tmp_path, "job", FILES, "a.blend")
    make_ready(tmp_path / "jobs" / "job", None)
    for path, data in (("a.blend", b"BLEND"), ("tex/wood.png", b"")):
        place = tmp_path / "jobs/job/project" / path
        place.unlink()
        place.write_bytes(data)
    make_ready(tmp_path / "jobs" / "job", None)
    assert project(tmp_path) == FILES


def test_two_blenders_may_put_it_together_at_once(tmp_path: Path) -> None:
    files = {f"{number // 50}/{number}": str(number).encode() for number in range(400)}
    lay_job(tmp_path, "job", {**files, **FILES}, "a.blend")
    job = str(tmp_path / "jobs" / "job")
    script = f"import driver_project as d, pathlib; d.make_ready(pathlib.Path({job!r}), None)"
    here = Path(driver_project.__file__).parent
    started = [subprocess.Popen([sys.executable, "-c", script], cwd=here) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert project(tmp_path) == {**files, **FILES}


@pytest.mark.parametrize("symbolic", [False, True])
def test_without_hard_links_it_is_made_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, symbolic: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    if not symbolic:
        monkeypatch.setattr(Path, "symlink_to", refuse)
    lay_job(tmp_path, "job", FILES, "a.blend")
    blend = make_ready(tmp_path / "jobs" / "job", None)
    assert project(tmp_path) == FILES
    assert blend.is_symlink() == symbolic
    before = blend.lstat().st_ino
    make_ready(tmp_path / "jobs" / "job", None)
    assert blend.lstat().st_ino == before


def test_an_upload_with_another_hash_is_deleted_and_named(tmp_path: Path) -> None:
    hashes = lay_job(tmp_path, "job", FILES, "a.blend")
    part = tmp_path / "blobs" / (hashes["tex/wood.png"] + ".part")
    part.write_bytes(b"WOOD")
    failure = refused(tmp_path)
    assert failure.kind == "blob-damaged"
    assert failure.facts["sha256"] == hashes["tex/wood.png"]
    assert failure.facts["path"] == "tex/wood.png"
    assert not part.exists()


def test_a_blob_of_another_size_is_deleted_and_named(tmp_path: Path) -> None:
    hashes = lay_job(tmp_path, "job", FILES, "a.blend")
    make_ready(tmp_path / "jobs" / "job", None)
    blob = tmp_path / "blobs" / hashes["a.blend"]
    blob.chmod(0o600)
    blob.write_bytes(b"blen")
    assert refused(tmp_path).facts["detail"] == "4 bytes instead of 5"
    assert not blob.exists()


def test_a_missing_blob_is_named(tmp_path: Path) -> None:
    hashes = lay_job(tmp_path, "job", FILES, "a.blend")
    (tmp_path / "blobs" / (hashes["a.blend"] + ".part")).unlink()
    failure = refused(tmp_path)
    assert (failure.kind, failure.facts["detail"]) == ("blob-damaged", "missing")


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "..", ""])
def test_nothing_is_linked_outside_the_project(tmp_path: Path, path: str) -> None:
    lay_job(tmp_path, "job", {"a.blend": b"blend"}, "a.blend")
    manifest = tmp_path / "jobs/job/manifest.json"
    told = json.loads(manifest.read_text())
    told["files"].append([path, *told["files"][0][1:]])
    manifest.write_text(json.dumps(told))
    assert refused(tmp_path).facts["detail"] == "outside the project"


def test_a_link_in_the_tree_does_not_lead_outside(tmp_path: Path) -> None:
    lay_job(tmp_path, "job", {"tex/wood.png": b"wood"}, "tex/wood.png")
    (tmp_path / "jobs/job/project").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "jobs/job/project/tex").symlink_to(tmp_path / "elsewhere")
    assert refused(tmp_path).facts["detail"] == "outside the project"
    assert not list((tmp_path / "elsewhere").iterdir())


def with_zip(tmp_path: Path, change: Callable[[str], str] = str) -> Path:
    drop = tmp_path / "drop.zip"
    with zipfile.ZipFile(drop, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in FILES.items():
            archive.writestr(change(path), data)
    return drop


def without_blobs(tmp_path: Path) -> None:
    lay_job(tmp_path, "job", FILES, "a.blend")
    for path in (tmp_path / "blobs").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "change", [str, lambda path: path.replace("/", "\\"), lambda path: f"t/{path}"]
)
def test_where_the_share_is_seen_missing_blobs_come_from_its_zip(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    without_blobs(tmp_path)
    make_ready(tmp_path / "jobs" / "job", str(with_zip(tmp_path, change)))
    assert project(tmp_path) == FILES
    assert len(list((tmp_path / "blobs").iterdir())) == 3


def test_a_bare_blend_on_the_share_is_copied(tmp_path: Path) -> None:
    lay_job(tmp_path, "job", {"a.blend": b"blend"}, "a.blend")
    for path in (tmp_path / "blobs").iterdir():
        path.unlink()
    (tmp_path / "drop.blend").write_bytes(b"blend")
    make_ready(tmp_path / "jobs" / "job", str(tmp_path / "drop.blend"))
    assert project(tmp_path) == {"a.blend": b"blend"}


@pytest.mark.parametrize(
    ("data", "kind"),
    [(None, "share-mount-missing"), (b"PK no zip", "blob-damaged")],
)
def test_a_drop_that_cannot_be_read_is_said(tmp_path: Path, data: bytes | None, kind: str) -> None:
    without_blobs(tmp_path)
    if data is not None:
        (tmp_path / "drop.zip").write_bytes(data)
    assert refused(tmp_path, str(tmp_path / "drop.zip")).kind == kind
    assert not list((tmp_path / "blobs").iterdir())


def test_a_zip_without_the_content_is_said(tmp_path: Path) -> None:
    without_blobs(tmp_path)
    drop = tmp_path / "drop.zip"
    with zipfile.ZipFile(drop, "w") as archive:
        archive.writestr("a.blend", b"BLEND")
    failure = refused(tmp_path, str(drop))
    assert (failure.kind, failure.facts["detail"]) == ("blob-damaged", "not in the archive")
    assert not list((tmp_path / "blobs").iterdir())


def test_the_operating_systems_own_words_are_passed_on(tmp_path: Path) -> None:
    lay_job(tmp_path, "job", FILES, "a.blend")
    (tmp_path / "jobs/job/project").write_text("in the way")
    assert refused(tmp_path).kind == "work-dir-unwritable"
    full = driver_project.disk_failure(OSError(28, "No space left on device"), tmp_path)
    assert full.kind == "device-disk-full"
