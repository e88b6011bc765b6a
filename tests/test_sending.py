"""A project that is sent to the share: whole or not at all, and the user's file as it was."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.archive import Unpacked, unpack
from blendtui.intake.whole import is_whole
from blendtui.sending import Stopped, send
from blendtui.settings import Limits
from tests.support.zips import Entry, zip_bytes

CHOICES: dict[str, object] = {"blend": "a.blend", "frames": "1-3", "priority": 80, "tags": ["gpu"]}


def _told(_done: int, _total: int) -> None:
    pass


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


def _unpacked(drop: Path) -> Unpacked:
    assert is_whole(drop)
    return unpack(drop, drop.parent / "unpacked", Limits())


def _files(found: Unpacked) -> set[str]:
    return {file.path for file in found.project.files}


def test_a_project_without_choices_is_copied_byte_by_byte(tmp_path: Path, share: Path) -> None:
    source = tmp_path / "shot.ZIP"
    source.write_bytes(zip_bytes("a.blend") * 3)
    assert send(source, share, {}, _told) == share / "shot.zip"
    assert (share / "shot.zip").read_bytes() == source.read_bytes()
    assert [path.name for path in share.iterdir()] == ["shot.zip"]


def test_what_is_in_the_share_is_not_written_over(tmp_path: Path, share: Path) -> None:
    source = tmp_path / "shot.blend"
    source.write_bytes(b"BLENDER")
    (share / "shot.blend").write_bytes(b"another")
    assert send(source, share, {}, _told).name == "shot-2.blend"
    assert (share / "shot.blend").read_bytes() == b"another"


def test_a_blend_with_choices_becomes_a_zip_that_says_them(tmp_path: Path, share: Path) -> None:
    source = tmp_path / "ä shot.blend"
    source.write_bytes(b"BLENDER" * 1000)
    choices = {**CHOICES, "blend": source.name}
    found = _unpacked(send(source, share, choices, _told))
    assert _files(found) == {"ä shot.blend"}
    assert (found.jobfile.frames, found.jobfile.priority) == ("1-3", 80)
    assert source.read_bytes() == b"BLENDER" * 1000


@pytest.mark.parametrize("front", [b"", b"#!/bin/sh\n" * 50], ids=["plain", "behind a program"])
@pytest.mark.parametrize(
    "entries",
    [
        ["a.blend", "tex/wood.png"],
        [Entry("a.blend"), Entry("job.toml", b'priority = 1\nscene = "Night"')],
        [Entry("./JOB.toml", b"blend = 'a.blend'"), Entry("a.blend", zip64=True), "b.blend"],
        [Entry("tex/hölz.png".encode(), flags=0), Entry("a.blend", b"y" * 5000), "tex\\b.png"],
    ],
    ids=["none", "has one", "odd names", "names without a flag"],
)
def test_a_zip_with_choices_says_these_and_holds_the_same_files(
    tmp_path: Path, share: Path, entries: list[Entry | str], front: bytes
) -> None:
    source = tmp_path / "shot.zip"
    source.write_bytes(zip_bytes(*entries, front=front, comment=b"made by hand"))
    before = source.read_bytes()
    was = unpack(source, tmp_path / "was", Limits())
    found = _unpacked(send(source, share, CHOICES, _told))
    assert found.project.files == was.project.files
    assert found.project.blend == "a.blend"
    assert (found.jobfile.frames, found.jobfile.priority) == ("1-3", 80)
    assert found.jobfile.tags == ("gpu",)
    assert source.read_bytes() == before


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.text("abcé/ .", min_size=1, max_size=9), st.binary(max_size=200)))
def test_other_programs_read_the_zip_too(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        share = Path(folder) / "share"
        share.mkdir()
        source = Path(folder) / "x.zip"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(f"p/{name}", data)
        with zipfile.ZipFile(send(source, share, CHOICES, _told)) as sent:
            assert sent.testzip() is None
            assert {name: sent.read(f"p/{name}") for name in files} == files
            assert b"1-3" in sent.read("job.toml")


@pytest.mark.parametrize("choices", [{}, CHOICES], ids=["copied", "with choices"])
@pytest.mark.parametrize("name", ["big.zip", "big.blend"])
def test_who_stops_it_finds_nothing_in_the_share(
    tmp_path: Path, share: Path, name: str, choices: dict[str, object]
) -> None:
    source = tmp_path / name
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.blend", b"x" * 5_000_000)
    source.write_bytes(packed.getvalue())
    seen = []

    def told(done: int, total: int) -> None:
        seen.append([path.name.startswith(".blendtui-") for path in share.iterdir()])
        if done > total / 2:
            raise Stopped

    with pytest.raises(Stopped):
        send(source, share, choices, told)
    assert seen[0] == [True]
    assert list(share.iterdir()) == []


def test_a_damaged_zip_is_told_and_leaves_nothing(tmp_path: Path, share: Path) -> None:
    source = tmp_path / "shot.zip"
    source.write_bytes(zip_bytes("a.blend")[:-5])
    with pytest.raises(Failure) as failure:
        send(source, share, CHOICES, _told)
    assert failure.value.fault.kind is FaultKind.PROJECT_UNREADABLE
    assert list(share.iterdir()) == []


def test_a_share_that_is_gone_is_told(tmp_path: Path) -> None:
    source = tmp_path / "shot.zip"
    source.write_bytes(zip_bytes("a.blend"))
    with pytest.raises(Failure) as failure:
        send(source, tmp_path / "gone", {}, _told)
    assert failure.value.fault.kind is FaultKind.SHARE_WRITE


def test_a_file_that_is_gone_is_told(tmp_path: Path, share: Path) -> None:
    with pytest.raises(Failure) as failure:
        send(tmp_path / "gone.zip", share, {}, _told)
    assert failure.value.fault.kind is FaultKind.PROJECT_UNREADABLE
