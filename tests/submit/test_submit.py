"""`blendtui submit`: what is packed, what is said, and how it comes into the share."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.archive import unpack
from blendtui.intake.scene import read_facts
from blendtui.settings import Limits
from blendtui.share import Share
from tests.support.house import House
from tests.support.scenes import blender, needs_blender, scenes
from tests.support.simulations import simulations
from tests.support.small_disk import small_disk

pytestmark = needs_blender
SCRIPT = Path(__file__).parents[1] / "support" / "make_outside.py"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    blender("-P", str(SCRIPT), "--", str(folder), "gone")
    return folder


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    yield House(tmp_path, capsys)


OUTSIDE = ("away/blue.png", "libs/leaf.png", "libs/lib.blend", "proj/textures/red.png")


def _jobfile(drop: Path) -> dict[str, object]:
    with zipfile.ZipFile(drop) as archive:
        return tomllib.loads(archive.read("job.toml").decode())


def test_all_that_the_blend_uses_is_packed_and_what_is_missing_is_said(
    house: House, project: Path, tmp_path: Path
) -> None:
    said = house.run("submit", str(project / "proj/shots/shot.blend"))
    assert said.code == 0
    assert said.out.splitlines()[1:] == [
        "  From outside its folder (4):",
        *(f"    {project}/{name}" for name in OUTSIDE),
        "  Missing (1):",
        f"    {project}/proj/textures/gone.png",
        "Dropped as shot.",
    ]
    assert said.out.startswith("shot.blend: 5 files, ")
    drop = house.share / "shot.zip"
    assert [path.name for path in house.share.iterdir()] == ["shot.zip"]
    unpacked = unpack(drop, tmp_path / "unpacked", Limits())
    assert unpacked.project.blend == "proj/shots/shot.blend"
    assert {Path(file.path).name for file in unpacked.project.files} == {
        *("shot.blend", "lib.blend", "red.png", "blue.png", "leaf.png"),
    }
    facts = read_facts(tmp_path / "unpacked", unpacked.project)
    assert facts.missing == ("../textures/gone.png",)


def test_what_is_missing_is_said_before_anything_is_dropped(
    house: House,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put, said = Share.put, list[str]()

    def listened(share: Share, *words: Any) -> Path:
        said.append(capsys.readouterr().out)
        return put(share, *words)

    monkeypatch.setattr(Share, "put", listened)
    assert house.run("submit", str(project / "proj/shots/shot.blend")).out == "Dropped as shot.\n"
    assert "  Missing (1):" in said[0]


def test_files_that_nodes_name_themselves_are_packed_too(house: House, tmp_path: Path) -> None:
    script = SCRIPT.with_name("make_refusals.py")
    blender("-P", str(script), "--", str(tmp_path), "shader")
    for name in ("shaders/grain.osl", "lamps/spot.ies"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("of a node")
    said = house.run("submit", str(tmp_path / "shader.blend"))
    assert said.code == 0
    assert said.out.splitlines()[1:3] == ["  Missing (1):", f"    {tmp_path}/shaders/dust.osl"]
    with zipfile.ZipFile(house.share / "shader.zip") as archive:
        assert {"shaders/grain.osl", "lamps/spot.ies"} <= set(archive.namelist())


def test_caches_of_simulations_on_disk_are_packed_too(house: House) -> None:
    said = house.run("submit", str(simulations() / "disk.blend"))
    assert said.code == 0
    assert "Missing" not in said.out
    caches = {f"blendcache_disk/{path.name}" for path in simulations().glob("blendcache_disk/*")}
    assert len(caches) >= 4 * 12
    with zipfile.ZipFile(house.share / "disk.zip") as archive:
        assert caches <= set(archive.namelist())


def test_the_options_are_in_its_job_toml(house: House, project: Path) -> None:
    words = ("--frames", "1-3", "--priority", "80", "--tag", "gpu", "--tag", "fast")
    more = ("--scene", "Scene", "--blender", "3.4", "--allow-scripts", "--name", "Nacht 3")
    said = house.run("submit", str(project / "proj/shots/shot.blend"), *words, *more)
    assert said.code == 0
    assert _jobfile(house.share / "Nacht 3.zip") == {
        "blend": "proj/shots/shot.blend",
        "frames": "1-3",
        "priority": 80,
        "tags": ["gpu", "fast"],
        "scene": "Scene",
        "blender": "3.4",
        "allow_scripts": True,
    }


def test_its_frames_may_begin_below_0(house: House) -> None:
    said = house.run("submit", str(scenes() / "cycles.blend"), "--frames", "-3-3")
    assert said.code == 0
    assert _jobfile(house.share / "cycles.zip")["frames"] == "-3-3"


def test_what_is_rendered_otherwise_is_in_its_job_toml(house: House) -> None:
    words: tuple[str, ...] = (
        "--step",
        "2",
        "--percentage",
        "50",
        "--samples",
        "8",
        "--engine",
        "EEVEE",
    )
    words += ("--format", "OPEN_EXR", "--camera", "Camera", "--view-layer", "ViewLayer")
    words += ("--output", "a_##", "--threads", "2", "--time-limit", "90", "--device", "tower")
    said = house.run("submit", str(scenes() / "cycles.blend"), *words, "--frames=-4-4")
    assert said.code == 0
    assert _jobfile(house.share / "cycles.zip") == {
        "blend": "cycles.blend",
        "frames": "-4-4",
        "step": 2,
        "percentage": 50,
        "samples": 8,
        "engine": "EEVEE",
        "format": "OPEN_EXR",
        "camera": "Camera",
        "view_layers": ["ViewLayer"],
        "output": "a_##",
        "threads": 2,
        "time_limit": 90.0,
        "devices": ["tower"],
    }


def test_each_scene_is_a_drop_of_its_own_where_that_is_wanted(house: House) -> None:
    blend = str(scenes() / "second.blend")
    said = house.run("submit", blend, "--scenes", "Second", "--scenes", "Scene", "--name", "film")
    assert said.code == 0
    assert "Dropped as film-Second, film-Scene." in said.out
    found = {path.stem: _jobfile(path) for path in house.share.iterdir()}
    assert found == {
        f"film-{name}": {"blend": "second.blend", "scene": name} for name in ("Scene", "Second")
    }


def test_any_setting_of_job_toml_can_be_set_by_its_name(house: House) -> None:
    blend = str(scenes() / "cycles.blend")
    said = house.run("submit", blend, "--set", "priority=7", "--set", "frames=2-4")
    assert said.code == 0
    found = _jobfile(house.share / "cycles.zip")
    assert found == {"blend": "cycles.blend", "priority": 7, "frames": "2-4"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("--set", "priority=200"),
            "--set priority: “priority” is out of range. Expected: a whole",
        ),
        (("--set", "prority=20"), "--set prority: “prority” is not a known name. Expected: “prior"),
        (("--set", "priority"), "--set priority: there is no NAME=VALUE. Expected: a setting"),
        (("--tag", " "), "--tag: “tags” has an empty word. Expected: a list of words"),
        (("--blender", "new"), "--blender: “blender” is no version. Expected: a version"),
    ],
)
def test_a_wrong_option_is_said_before_anything_is_read(
    house: House, words: tuple[str, ...], expected: str
) -> None:
    said = house.run("submit", "no-such.blend", *words)
    assert said.code == 2
    assert expected in " ".join(said.err.split())


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("gone.blend", "gone.blend cannot be read: no such file or directory."),
        ("notes.txt", "notes.txt is neither a .blend nor a .zip."),
        ("notes.blend", "cannot be read: it is not a .blend file."),
        ("notes.zip", "notes.zip cannot be unpacked: file is not a zip file."),
        ("nocamera.blend", "Scene “Scene” has no camera."),
    ],
)
def test_what_cannot_be_rendered_is_refused_and_nothing_is_left(
    house: House, file: str, expected: str
) -> None:
    for name in ("notes.txt", "notes.blend", "notes.zip"):
        (house.root / name).write_text("nothing to render")
    shutil.copy(scenes() / "nocamera.blend", house.root)
    said = house.run("submit", str(house.root / file), "--set", "priority=2")
    assert said.code == 2
    assert expected in said.err
    assert list(house.share.iterdir()) == []


def test_strict_drops_nothing_that_lacks_a_file(house: House, project: Path) -> None:
    said = house.run("submit", str(project / "proj/shots/shot.blend"), "--strict")
    assert said.code == 2
    assert "not in the project (1): " in said.err
    assert list(house.share.iterdir()) == []


def test_a_dry_run_says_the_same_and_drops_nothing(house: House, project: Path) -> None:
    said = house.bare("submit", str(project / "proj/shots/shot.blend"), "--dry-run")
    assert said.code == 0
    assert said.out.startswith("shot.blend: 5 files, ")
    assert "gone.png" in said.out
    assert list(house.share.iterdir()) == []


def test_a_name_that_is_there_in_whatever_form_is_left_alone(house: House) -> None:
    (house.share / "CYCLES").mkdir()
    (house.share / "cycles-2.blend").write_bytes(b"somebody's")
    for expected in ("cycles-3", "cycles-4"):
        said = house.run("submit", str(scenes() / "cycles.blend"))
        assert f"Dropped as {expected}." in said.out
        assert (house.share / f"{expected}.zip").is_file()
    assert (house.share / "cycles-2.blend").read_bytes() == b"somebody's"


def test_several_files_are_dropped_one_by_one(house: House) -> None:
    files = [str(scenes() / f"{name}.blend") for name in ("cycles", "second")]
    assert house.run("submit", *files).code == 0
    assert {path.name for path in house.share.iterdir()} == {"cycles.zip", "second.zip"}


@pytest.mark.parametrize("folder", ["", "film/"])
def test_a_zip_goes_as_it_is_with_the_wishes_laid_over_its_own(house: House, folder: str) -> None:
    own = house.root / "own.zip"
    with zipfile.ZipFile(own, "w") as archive:
        archive.write(scenes() / "cycles.blend", f"{folder}cycles.blend")
        archive.writestr(f"{folder}job.toml", 'scene = "Scene"\npriority = 3\n')
    assert house.run("submit", str(own), "--priority", "90").code == 0
    found = unpack(house.share / "own.zip", house.root / "unpacked", Limits())
    assert (found.jobfile.scene, found.jobfile.priority) == ("Scene", 90)
    assert house.run("submit", str(own)).code == 0
    assert (house.share / "own-2.zip").read_bytes() == own.read_bytes()


@pytest.mark.parametrize(
    ("own", "words", "expected"),
    [
        ('scene = "Second"', ("--scenes", "all"), {"scenes": "all"}),
        ('scenes = "all"', ("--scene", "Second"), {"scene": "Second"}),
    ],
)
def test_one_scene_or_several_can_be_asked_for_whatever_the_zip_says(
    house: House, own: str, words: tuple[str, ...], expected: dict[str, str]
) -> None:
    zipped = house.root / "own.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(scenes() / "second.blend", "second.blend")
        archive.writestr("job.toml", own)
    assert house.run("submit", str(zipped), *words).code == 0
    assert _jobfile(house.share / "own.zip") == expected


def test_where_not_all_scenes_have_room_on_the_share_none_is_dropped(
    house: House, tmp_path: Path
) -> None:
    words = ("submit", str(scenes() / "second.blend"), "--scenes", "all")
    assert house.run(*words).code == 0
    (size, _) = [path.stat().st_size for path in house.share.iterdir()]
    with small_disk(tmp_path / "disk") as disk:
        # Room for the whole and one scene's, and for half of the other's.
        (disk / "others").write_bytes(bytes(shutil.disk_usage(disk).free - size * 5 // 2))
        said = house.run(*words, "--share", str(disk))
        assert said.code == 2
        assert "no space left" in said.err
        assert [path.name for path in disk.iterdir()] == ["others"]


def test_nor_where_one_of_them_cannot_appear(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a share that is lost in this very moment."""
    put = Share.put

    def lost(share: Share, source: Path, stem: str, *more: Any) -> Path:
        if stem.endswith("Second"):
            assert (house.share / "second-Scene.zip").exists()
            raise Failure.of(FaultKind.SHARE_MISSING, path=share.path)
        return put(share, source, stem, *more)

    monkeypatch.setattr(Share, "put", lost)
    said = house.run("submit", str(scenes() / "second.blend"), "--scenes", "all")
    assert said.code == 2
    assert list(house.share.iterdir()) == []


def test_a_zip_without_a_job_toml_gets_one(house: House) -> None:
    own = house.root / "own.zip"
    with zipfile.ZipFile(own, "w") as archive:
        archive.write(scenes() / "cycles.blend", "film/cycles.blend")
    assert house.run("submit", str(own), "--frames", "2").code == 0
    found = unpack(house.share / "own.zip", house.root / "unpacked", Limits())
    assert found.jobfile.frames == "2"
    assert found.project.blend == "film/cycles.blend"


def test_the_share_alone_is_enough_without_a_devices_toml(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(house.root)
    house.config.unlink()
    places = ("--share", str(house.share), "--state", str(house.state))
    assert house.bare("submit", str(scenes() / "cycles.blend"), *places).code == 0
    assert (house.share / "cycles.zip").is_file()
    gone = house.bare("submit", str(scenes() / "cycles.blend"), *places[2:], "--share", "no")
    assert gone.code == 2
    assert "The share" in gone.err


def test_until_it_is_whole_it_has_a_hidden_name_and_ctrl_c_takes_it_away(house: House) -> None:
    """A texture without content, but of a terabyte, keeps the packing up."""
    folder = house.root / "slow"
    (folder / "textures").mkdir(parents=True)
    shutil.copy(scenes() / "missing.blend", folder / "slow.blend")
    with (folder / "textures" / "gone.png").open("wb") as file:
        file.truncate(1 << 40)
    words = [sys.executable, "-m", "blendtui", "submit", str(folder / "slow.blend")]
    places = ["--share", str(house.share), "--state", str(house.state)]
    process = subprocess.Popen([*words, *places], stderr=subprocess.PIPE)
    while not (found := list(house.share.iterdir())):
        assert process.poll() is None
    assert [path.name[0] for path in found] == ["."]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert list(house.share.iterdir()) == []


def test_a_linked_pipe_does_not_keep_the_packing_up(house: House, project: Path) -> None:
    copy = house.root / "copy"
    shutil.copytree(project, copy)
    (copy / "libs" / "lib.blend").unlink()
    os.mkfifo(copy / "libs" / "lib.blend")
    said = house.run("submit", str(copy / "proj/shots/shot.blend"))
    assert said.code == 0
    assert f"    {copy}/libs/lib.blend" in said.out.splitlines()
