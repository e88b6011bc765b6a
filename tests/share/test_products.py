"""What is made of a job's frames, and what comes beside them, in the job's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.share import DISPLAY, SHEET, SOUND, Share
from blendtui.share.files import is_temporary


@pytest.fixture
def share(tmp_path: Path) -> Share:
    (tmp_path / "shot").mkdir()
    return Share(tmp_path)


def test_a_product_appears_whole_beside_the_frames(share: Share) -> None:
    for data in (b"first", b"second"):
        source = share.product("shot", "film.mp4")
        assert is_temporary(source.name)
        source.write_bytes(data)
        share.place_product("shot", source, "film.mp4")
        assert (share.path / "shot" / "film.mp4").read_bytes() == data
        assert not source.exists()
    share.remove_product("shot", "film.mp4")
    share.remove_product("shot", "film.mp4")
    assert list((share.path / "shot").iterdir()) == []


def test_what_was_on_its_way_when_an_engine_was_killed_is_swept(share: Share) -> None:
    share.product("shot", SHEET).write_bytes(b"half")
    share.sweep("shot")
    assert list((share.path / "shot").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../film.mp4", "a/film.mp4", "", "nul.mp4", ".hidden", "a\nb.mp4"]
)
def test_no_name_leads_out_of_the_job_s_folder(share: Share, name: str) -> None:
    with pytest.raises(Failure) as raised:
        share.product("shot", name)
    assert raised.value.fault.kind is FaultKind.OUTPUT_REFUSED


def test_no_link_is_written_through(share: Share, tmp_path: Path) -> None:
    (share.path / "shot" / "film.mp4").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failure) as raised:
        share.product("shot", "film.mp4")
    assert raised.value.fault.kind is FaultKind.OUTPUT_REFUSED


def test_sound_and_display_go_beside_the_frames_and_all_else_among_them(share: Share) -> None:
    for path, place in (
        (f"{SOUND}/1.flac", "sound/1.flac"),
        (f"{DISPLAY}/1.jpg", "display/1.jpg"),
        ("1.png", "frames/1.png"),
        ("@other/1.png", "frames/@other/1.png"),
        ("a/@sound/1.png", "frames/a/@sound/1.png"),
        (SOUND, f"frames/{SOUND}"),
    ):
        target = share.frame_target("shot", path)
        assert target == share.path / "shot" / place
        if target.parent.name != "frames" or path != SOUND:
            target.write_bytes(b"x")
            assert share.frame_file("shot", path) == target
