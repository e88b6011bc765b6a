"""A drop becomes a folder of its own with the project's files, the .blend and what job.toml says.

What is refused is in test_hostile_zips.py.
"""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import ProjectFile
from blendtui.intake.archive import Unpacked, unpack
from blendtui.intake.jobfile import JobFile
from blendtui.settings import Limits
from blendtui.wording import explain
from tests.support.zips import Entry, listing, write_zip, zip_bytes


def _unpack(tmp_path: Path, *entries: Entry | str, limits: Limits | None = None) -> Unpacked:
    drop = write_zip(tmp_path / "shot.zip", *entries)
    return unpack(drop, tmp_path / "project", limits or Limits())


def _paths(unpacked: Unpacked) -> list[str]:
    return [file.path for file in unpacked.project.files]


def test_files_come_out_as_they_went_in_with_size_and_hash(tmp_path: Path) -> None:
    picture = bytes(range(256)) * 5000
    drop = tmp_path / "shot.zip"
    with zipfile.ZipFile(drop, "w") as made:
        made.writestr("a.blend", b"BLENDER", zipfile.ZIP_DEFLATED)
        made.writestr("tex/wood.png", picture, zipfile.ZIP_STORED)
        made.writestr("empty.txt", b"", zipfile.ZIP_DEFLATED)
    unpacked = unpack(drop, tmp_path / "project", Limits())
    assert unpacked.project.blend == "a.blend"
    assert unpacked.jobfile == JobFile()
    assert unpacked.project.files == tuple(
        ProjectFile(path, hashlib.sha256(data).hexdigest(), len(data))
        for path, data in [("a.blend", b"BLENDER"), ("tex/wood.png", picture), ("empty.txt", b"")]
    )
    assert listing(tmp_path / "project") == {
        "a.blend": b"BLENDER",
        "tex": None,
        "tex/wood.png": picture,
        "empty.txt": b"",
    }


def test_a_bare_blend_is_copied(tmp_path: Path) -> None:
    drop = tmp_path / "shot.blend"
    drop.write_bytes(b"BLENDER" * 100_000)
    unpacked = unpack(drop, tmp_path / "a" / "project", Limits())
    digest = hashlib.sha256(drop.read_bytes()).hexdigest()
    assert unpacked.project.files == (ProjectFile("shot.blend", digest, 700_000),)
    assert unpacked.project.blend == "shot.blend"
    assert (tmp_path / "a" / "project" / "shot.blend").read_bytes() == drop.read_bytes()


def test_job_toml_is_read_and_is_no_file_of_the_project(tmp_path: Path) -> None:
    unpacked = _unpack(tmp_path, "a.blend", Entry("job.toml", b'frames = "1-9"'))
    assert unpacked.jobfile == JobFile(frames="1-9")
    assert _paths(unpacked) == ["a.blend"]
    assert not (tmp_path / "project" / "job.toml").exists()


def test_job_toml_in_the_one_folder_that_holds_everything_counts(tmp_path: Path) -> None:
    text = b'blend = "shots/b.blend"\nscene = "A"'
    jobfile = Entry("shot/Job.toml", text)
    unpacked = _unpack(tmp_path, "shot/a.blend", "shot/shots/b.blend", jobfile)
    assert unpacked.project.blend == "shot/shots/b.blend"
    assert _paths(unpacked) == ["shot/a.blend", "shot/shots/b.blend"]


def test_job_toml_further_down_is_a_file_like_others(tmp_path: Path) -> None:
    unpacked = _unpack(tmp_path, "a.blend", Entry("tool/job.toml", b"other = 1"))
    assert unpacked.jobfile == JobFile()
    assert _paths(unpacked) == ["a.blend", "tool/job.toml"]


@pytest.mark.parametrize(
    ("paths", "blend"),
    [
        (["a.blend"], "a.blend"),
        (["deep/in/a.BLEND", "b.png"], "deep/in/a.BLEND"),
        (["a.blend", "lib/b.blend", "lib/c.blend"], "a.blend"),
        (["shot/a.blend", "shot/lib/b.blend"], "shot/a.blend"),
        (["a.blend", "a.blend1", "a.blend2"], "a.blend"),
        (["a.blend", "__MACOSX/._a.blend", "._a.blend"], "a.blend"),
        (["a.blend", "lib/.blend"], "a.blend"),
    ],
)
def test_the_only_blend_or_the_only_one_at_the_top_is_chosen(
    tmp_path: Path, paths: list[str], blend: str
) -> None:
    assert _unpack(tmp_path, *paths).project.blend == blend


@pytest.mark.parametrize(
    "wanted", ["lib/b.blend", "lib\\\\b.blend", "./lib/b.blend", "shot/lib/b.blend"]
)
def test_job_toml_names_the_blend_from_its_own_folder_or_the_root(
    tmp_path: Path, wanted: str
) -> None:
    jobfile = Entry("shot/job.toml", f'blend = "{wanted}"'.encode())
    unpacked = _unpack(tmp_path, "shot/a.blend", "shot/lib/b.blend", jobfile)
    assert unpacked.project.blend == "shot/lib/b.blend"


def test_what_macos_and_windows_leave_behind_is_passed_over(tmp_path: Path) -> None:
    junk = ["__MACOSX/shot/._a.blend", "shot/.DS_Store", "shot/Thumbs.db", "shot/._x", "Icon\r"]
    unpacked = _unpack(tmp_path, "shot/a.blend", *junk)
    assert _paths(unpacked) == ["shot/a.blend"]
    assert list(listing(tmp_path / "project")) == ["shot", "shot/a.blend"]


def test_backslashes_of_windows_programs_separate_folders(tmp_path: Path) -> None:
    folder = Entry("shot\\tex\\", b"")
    unpacked = _unpack(tmp_path, folder, "shot\\a.blend", "shot\\tex\\wood.png")
    assert _paths(unpacked) == ["shot/a.blend", "shot/tex/wood.png"]
    assert (tmp_path / "project" / "shot" / "tex" / "wood.png").is_file()


def test_names_are_read_in_the_encodings_that_programs_use(tmp_path: Path) -> None:
    """UTF-8 with its flag, without it (macOS), beside an old name (Info-ZIP), and cp437 (DOS)."""
    old = "Gr\u00fcn.png".encode("cp850")
    extra = b"\x01" + struct.pack("<I", zlib.crc32(old)) + "木.png".encode()
    beside = struct.pack("<HH", 0x7075, len(extra)) + extra
    unpacked = _unpack(
        tmp_path,
        "Überweg.blend",
        Entry("Straße.png".encode(), flags=0),
        Entry(old, extra=beside),
        Entry("Bär.png".encode("cp437")),
    )
    assert _paths(unpacked) == ["Überweg.blend", "Straße.png", "木.png", "Bär.png"]


def test_an_old_name_beside_a_changed_one_is_not_believed(tmp_path: Path) -> None:
    extra = b"\x01" + struct.pack("<I", 7) + b"../evil.png"
    beside = struct.pack("<HH", 0x7075, len(extra)) + extra
    assert _paths(_unpack(tmp_path, "a.blend", Entry("b.png", extra=beside))) == [
        "a.blend",
        "b.png",
    ]


def test_zip64_and_something_in_front_and_a_comment_are_no_obstacle(tmp_path: Path) -> None:
    drop = tmp_path / "shot.zip"
    blend = Entry("a.blend", b"B" * 1000, zip64=True)
    drop.write_bytes(zip_bytes(blend, "b.png", front=b"#!/bin/sh\n" * 9, comment=b"hello"))
    unpacked = unpack(drop, tmp_path / "project", Limits())
    assert [file.size for file in unpacked.project.files] == [1000, 1]


def test_a_zip_inside_is_a_file_like_others(tmp_path: Path) -> None:
    inner = zip_bytes("../evil.png")
    unpacked = _unpack(tmp_path, "a.blend", Entry("more.zip", inner))
    assert _paths(unpacked) == ["a.blend", "more.zip"]


def test_what_the_zip_program_of_this_computer_writes_is_read(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "shot" / "tex").mkdir(parents=True)
    (source / "shot" / "a.blend").write_bytes(b"BLENDER")
    (source / "shot" / "tex" / "Grün 木.png").write_bytes(b"png" * 1000)
    drop = tmp_path / "shot.zip"
    try:
        subprocess.run(["zip", "-qr", str(drop), "shot"], cwd=source, check=True)
    except FileNotFoundError:
        pytest.skip("there is no zip program here")
    assert sorted(_paths(unpack(drop, tmp_path / "project", Limits()))) == [
        "shot/a.blend",
        "shot/tex/Grün 木.png",
    ]


def test_a_small_file_may_pack_as_well_as_it_likes(tmp_path: Path) -> None:
    black = Entry("black.tif", bytes(8 * 2**20))
    unpacked = _unpack(tmp_path, "a.blend", black, limits=Limits(ratio=2))
    assert _paths(unpacked) == ["a.blend", "black.tif"]


def test_a_folder_that_exists_is_neither_used_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "mine").write_bytes(b"mine")
    with pytest.raises(Failure) as caught:
        _unpack(tmp_path, "a.blend")
    words = explain(caught.value.fault)
    assert words.what == (
        "shot.zip cannot be unpacked on this computer: file exists, writing “project”."
    )
    assert listing(tmp_path / "project") == {"mine": b"mine"}


def test_a_write_that_fails_half_way_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """The system's limit on a file's size stands for a disk that fills up."""
    resource = pytest.importorskip("resource")
    drop = write_zip(tmp_path / "shot.zip", "a.blend", Entry("b.exr", bytes(4 * 2**20)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        with pytest.raises(Failure) as caught:
            unpack(drop, tmp_path / "project", Limits())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.fault.kind is FaultKind.ARCHIVE_WRITE
    words = explain(caught.value.fault)
    assert words.what == (
        "shot.zip cannot be unpacked on this computer: file too large, writing “b.exr”."
    )
    assert words.cure.startswith("Make room for it")
    assert list(listing(tmp_path)) == ["shot.zip"]


def with_holes(path: Path, data: bytes) -> Path:
    """Write a file without its pages of zeros."""
    with path.open("wb") as file:
        for place in range(0, len(data), 4096):
            page = data[place : place + 4096]
            if page.strip(b"\0"):
                file.seek(place)
                file.write(page)
        file.truncate(len(data))
    return path


@pytest.mark.parametrize("name", ["shot.blend", "shot.zip"])
def test_a_file_that_was_hardly_written_is_refused_before_it_takes_room(
    tmp_path: Path, name: str
) -> None:
    black = Entry("black.exr", bytes(64 * 2**20), method=zipfile.ZIP_STORED)
    data = zip_bytes("a.blend", black) if name == "shot.zip" else b"BLENDER-v304" + black.data
    with pytest.raises(Failure) as caught:
        unpack(with_holes(tmp_path / name, data), tmp_path / "project", Limits(ratio=500))
    told = explain(caught.value.fault).what
    assert told.startswith(f"{name} cannot be unpacked: only ")
    assert told.endswith(" of its 64.0 MiB were written.")
    (tmp_path / name).write_bytes(data)
    assert unpack(tmp_path / name, tmp_path / "project", Limits(ratio=500))


@pytest.mark.parametrize("name", ["a.blend", f"{'x' * 200}/{'y' * 200}/{'z' * 200}.blend"])
def test_a_name_that_the_disk_cannot_have_is_refused(tmp_path: Path, name: str) -> None:
    drop = write_zip(tmp_path / "shot.zip", name)
    deep = tmp_path.joinpath(*["d" * 200] * 17)
    deep = deep / ("e" * (4085 - len(str(deep))))
    if name == "a.blend":
        drop = tmp_path / f"{'n' * 40}.blend"
        drop.write_bytes(b"BLENDER")
    with pytest.raises(Failure) as caught:
        unpack(drop, deep, Limits())
    told = explain(caught.value.fault).what
    assert told.endswith("a name that cannot be stored on this computer (file name too long).")
    expected = FaultKind.DROP_NAME if name == "a.blend" else FaultKind.ARCHIVE_NAME
    assert caught.value.fault.kind is expected


def test_a_name_that_the_locale_cannot_write_is_told(tmp_path: Path) -> None:
    write_zip(tmp_path / "shot.zip", "a.blend", "木.png")
    script = (
        "from pathlib import Path\n"
        "from blendtui.errors import Failure\n"
        "from blendtui.intake.archive import unpack\n"
        "from blendtui.settings import Limits\n"
        "try:\n"
        "    unpack(Path('shot.zip'), Path('project'), Limits())\n"
        "except Failure as failure:\n"
        "    print(failure.fault.kind, failure.fault.fact('reason'))\n"
    )
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    paths = {"PYTHONPATH": os.pathsep.join(str(Path(path).absolute()) for path in sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**plain, **paths},
        capture_output=True,
        check=True,
    )
    if os.name == "posix" and sys.platform != "darwin":
        assert done.stdout.startswith(b"archive-write the locale's encoding, ascii, has no such")
        assert list(listing(tmp_path)) == ["shot.zip"]


def test_many_files_and_a_large_one_take_little_memory(tmp_path: Path) -> None:
    large = Entry("large.exr", bytes(64 * 2**20))
    drop = write_zip(tmp_path / "shot.zip", "a.blend", large)
    tracemalloc.start()
    unpack(drop, tmp_path / "project", Limits(ratio=2000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20
