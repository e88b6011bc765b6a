"""`blendtui inspect`: what a project would be, told without dropping it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from blendtui import cli
from tests.support.zips import zip_bytes

SAMPLE = Path(__file__).parents[1] / "examples" / "bouncing.zip"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(signal, "signal", lambda number, handler: before)
    return tmp_path / "state"


def _left(state: Path) -> list[Path]:
    return list((state / "inspecting").iterdir())


def test_a_project_is_told_to_people(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(SAMPLE), "--state", str(state)]) == 0
    said = capsys.readouterr().out
    assert "bouncing.zip: 2 files" in said
    assert "bouncing (active): 24 frames (1-24), 320 x 180, CYCLES, PNG" in said
    assert _left(state) == []


def test_a_project_is_told_to_programs(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(SAMPLE), "--json", "--state", str(state)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["blend"], found["refused"], found["problem"]) == ("bouncing.blend", False, None)
    assert found["scenes"][0]["count"] == 24
    assert found["job"]["priority"] == 50
    assert found["missing"] == []


def test_a_drop_that_would_be_refused_says_why(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.zip"
    path.write_bytes(zip_bytes("readme.txt"))
    assert cli.main(["inspect", str(path), "--json", "--state", str(state)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["refused"] is True
    assert found["problem"]["kind"] == "blend-none"
    assert _left(state) == []


def _several(tmp_path: Path) -> str:
    path = tmp_path / "several.zip"
    with zipfile.ZipFile(SAMPLE) as sample:
        data = sample.read("bouncing.blend")
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a", "b", "c"):
            archive.writestr(f"{name}.blend", data)
    return str(path)


def test_where_there_are_several_blends_all_are_named(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["inspect", _several(tmp_path), "--state", str(state)]
    assert cli.main([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["problem"]["kind"] == "blend-several"
    assert found["blends"] == ["a.blend", "b.blend", "c.blend"]
    assert cli.main(words) == 1
    assert "holds several .blend files: a.blend, b.blend, c.blend." in capsys.readouterr().out


def test_one_of_several_blends_is_looked_at(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["inspect", _several(tmp_path), "--state", str(state)]
    assert cli.main([*words, "--blend", "b.blend"]) == 0
    said = capsys.readouterr().out
    assert "renders  b.blend\n  not      a.blend, c.blend\n" in said
    assert "bouncing (active): 24 frames" in said
    assert cli.main([*words, "--blend", "d.blend"]) == 1
    said = capsys.readouterr().out
    assert "several.zip holds no “d.blend”. The .blend files there: a.blend, b.blend" in said
    assert _left(state) == []


def test_scenes_that_job_toml_names_are_looked_at_and_none_but_they(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scenes.zip"
    for names, refused in (('["bouncing"]', False), ('["bouncing", "Noon"]', True)):
        with zipfile.ZipFile(SAMPLE) as sample, zipfile.ZipFile(path, "w") as archive:
            archive.writestr("bouncing.blend", sample.read("bouncing.blend"))
            archive.writestr("job.toml", f"scenes = {names}")
        assert cli.main(["inspect", str(path), "--json", "--state", str(state)]) == refused
        found = json.loads(capsys.readouterr().out)
        assert found["refused"] is refused
        assert (found["problem"] is not None) is refused
    assert "no scene “Noon”" in found["problem"]["what"]


def test_more_scenes_than_a_drop_can_have_are_refused_beforehand(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scenes.zip"
    with zipfile.ZipFile(SAMPLE) as sample, zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bouncing.blend", sample.read("bouncing.blend"))
        archive.writestr("job.toml", f"scenes = {[f'S{number}' for number in range(501)]}")
    assert cli.main(["inspect", str(path), "--json", "--state", str(state)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["refused"]
    assert "501 scenes" in found["problem"]["what"]


def test_a_file_that_is_gone_says_so(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["inspect", str(tmp_path / "gone.blend"), "--state", str(state)]) == 1
    assert "gone.blend" in capsys.readouterr().out


def test_who_ends_it_finds_nothing_left_behind(tmp_path: Path) -> None:
    path, state = tmp_path / "large.zip", tmp_path / "state"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(150):
            archive.writestr(f"{number}.bin", b"\0" * 1_000_000)
        archive.writestr("a.blend", b"BLENDER")
    words = [sys.executable, "-m", "blendtui", "inspect", str(path), "--state", str(state)]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[1])
    deadline = time.monotonic() + 20
    while not list(state.glob("inspecting/*/project/*")):
        assert time.monotonic() < deadline
        assert child.poll() is None
    child.terminate()
    assert child.wait(20) == 130
    assert _left(state) == []
