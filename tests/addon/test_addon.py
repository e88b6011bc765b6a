"""Blender's add-on, installed and used in a real Blender, whichever it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from blendtui import __version__
from blendtui.intake.archive import unpack
from blendtui.intake.scene import read_facts
from blendtui.settings import Limits
from scripts.build_addon import SOURCE, build
from tests.support.farm import Farm, render_alone, same_pixels
from tests.support.scenes import BLENDER, needs_blender
from tests.support.sshd import needs_sshd

SUPPORT = Path(__file__).parents[1] / "support"
SETTINGS = {"first": 1, "last": 6, "priority": 70}

pytestmark = needs_blender


@dataclass
class Artist:
    """Somebody with a Blender, a project all over the disk, and a share."""

    blender: Path
    root: Path
    share: Path
    said: dict[str, Any] = field(default_factory=dict)
    printed: str = ""

    @property
    def shot(self) -> Path:
        return self.root / "proj" / "shots" / "shot.blend"

    def run(self, script: str, *words: str) -> str:
        start = [str(self.blender), "-b", "--factory-startup", "--python-exit-code", "3"]
        own = {
            f"BLENDER_USER_{name}": str(self.root / "user" / name.lower())
            for name in ("CONFIG", "SCRIPTS", "EXTENSIONS", "DATAFILES")
        }
        for folder in own.values():
            Path(folder).mkdir(parents=True, exist_ok=True)
        (self.root / "user" / "scripts" / "addons").mkdir(exist_ok=True)
        done = subprocess.run(
            [*start, "-P", str(SUPPORT / script), "--", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=100,
            env=os.environ | own,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def send(self, blend: Path | None, share: str | None = None, **settings: Any) -> None:
        share = str(self.share) if share is None else share
        zipped = build(self.root / "dist")
        words = [str(zipped), str(blend or ""), share, json.dumps(SETTINGS | settings)]
        self.printed = self.run("send_with_addon.py", *words)
        found = re.search(r"^SAID (.*)$", self.printed, re.MULTILINE)
        assert found, self.printed
        self.said = json.loads(found[1])

    def dropped(self) -> Path:
        (drop,) = self.share.iterdir()
        return drop


@pytest.fixture
def artist(tmp_path: Path) -> Artist:
    assert BLENDER is not None
    (tmp_path / "share").mkdir()
    return Artist(Path(BLENDER), tmp_path, tmp_path / "share")


def test_it_packs_all_that_the_file_uses_and_leaves_the_file_alone(artist: Artist) -> None:
    artist.run("make_outside.py", str(artist.root), "gone")
    before = sorted(artist.shot.parent.iterdir())
    artist.send(artist.shot)
    assert artist.said == {"result": ["FINISHED"], "unchanged": True, "gone": True}
    assert f"missing: {artist.root}/proj/textures/gone.png" in artist.printed
    assert sorted(artist.shot.parent.iterdir()) == before
    found = unpack(artist.dropped(), artist.root / "unpacked", Limits())
    assert artist.dropped().name == "shot.zip"
    assert {file.path for file in found.project.files} == {
        *("proj/shots/shot.blend", "proj/textures/red.png", "away/blue.png"),
        *("libs/lib.blend", "libs/leaf.png"),
    }
    assert (found.jobfile.frames, found.jobfile.priority) == ("1-6x1", 70)
    assert found.jobfile.scene == "Scene"
    facts = read_facts(artist.root / "unpacked", found.project)
    assert facts.missing == ("../textures/gone.png",)


def test_private_files_pipes_and_devices_are_not_sent_and_said_by_name(artist: Artist) -> None:
    for name in ("proj/own.png", "away/near.png", ".ssh/id"):
        (artist.root / name).parent.mkdir(exist_ok=True)
        (artist.root / name).write_text("a file")
    blend, key = artist.root / "proj" / "shot.blend", artist.root / ".ssh" / "id"
    named = ["//own.png", "//../away/near.png", "//link.png", "//pipe.png"]
    artist.run("make_naming.py", str(blend), *named, str(key), "/etc/passwd", "/dev/zero")
    (blend.parent / "link.png").symlink_to(key)
    os.mkfifo(blend.parent / "pipe.png")
    artist.send(blend)
    assert artist.said["result"] == ["FINISHED"]
    with zipfile.ZipFile(artist.dropped()) as archive:
        assert sorted(archive.namelist()) == [
            *("away/near.png", "job.toml", "proj/own.png", "proj/shot.blend"),
        ]
    for path in (key, "/etc/passwd", blend.with_name("link.png")):
        assert f"not sent, since it is hidden or the system's: {path}\n" in artist.printed
    assert f"outside the file's folder: {artist.root}/away/near.png" in artist.printed
    assert "put a copy beside the .blend" in artist.printed
    (missing,) = re.findall("missing: (.*)", artist.printed)
    assert sorted(missing.split(", ")) == ["/dev/zero", str(blend.with_name("pipe.png"))]


def test_a_file_that_was_never_saved_can_be_sent_too(artist: Artist) -> None:
    artist.send(None, name='of: "today"')
    assert artist.said["result"] == ["FINISHED"]
    found = unpack(artist.dropped(), artist.root / "unpacked", Limits())
    assert artist.dropped().name == "of_ _today_.zip"
    assert found.project.blend == "untitled.blend"


def test_a_second_one_of_the_same_name_gets_a_number(artist: Artist) -> None:
    (artist.share / "Shot.blend").write_text("somebody's")
    artist.send(None, name="shot")
    assert {path.name for path in artist.share.iterdir()} == {"Shot.blend", "shot-2.zip"}


@pytest.mark.parametrize(
    ("share", "settings", "expected"),
    [
        ("", {}, "Set the share folder first"),
        ("no-such-folder", {}, "no-such-folder is not there"),
        (None, {"first": 7}, "The last frame comes before the first one"),
    ],
    ids=["no share", "gone share", "backwards"],
)
def test_what_is_wrong_is_said_and_nothing_is_left(
    artist: Artist, share: str | None, settings: dict[str, int], expected: str
) -> None:
    artist.send(None, share, **settings)
    assert expected in artist.said["error"]
    assert list(artist.share.iterdir()) == []


@needs_sshd
def test_what_it_sends_comes_back_as_frames(tmp_path: Path) -> None:
    assert BLENDER is not None
    with Farm(blender=BLENDER) as farm:
        artist = Artist(Path(BLENDER), tmp_path, farm.share)
        artist.run("make_outside.py", str(tmp_path))
        artist.send(artist.shot)
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
        frames = farm.frames("shot")
        alone = render_alone(artist.shot, tmp_path / "alone")
        assert list(frames) == list(alone)
        assert all(same_pixels(alone[name], frames[name]) for name in alone)


@needs_sshd
def test_strips_sequences_clips_and_linked_scenes_come_along_too(tmp_path: Path) -> None:
    """The artist's disk is gone before rendering, since the devices are on the same machine."""
    assert BLENDER is not None
    with Farm(blender=BLENDER) as farm:
        artist = Artist(Path(BLENDER), tmp_path, farm.share)
        artist.run("make_strips.py", str(tmp_path / "all"))
        shot = tmp_path / "all" / "disk" / "proj" / "shots" / "shot.blend"
        alone = render_alone(shot, tmp_path / "alone")
        artist.send(shot, last=12)
        assert "without files that are missing" not in artist.printed
        shutil.rmtree(tmp_path / "all")
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
        frames = farm.frames("shot")
        assert list(frames) == list(alone)
        assert [name for name in alone if not same_pixels(alone[name], frames[name])] == []


def test_both_of_its_descriptions_say_the_same_version() -> None:
    manifest = tomllib.loads((SOURCE / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["version"] == __version__
    told = __version__.replace(".", ", ")
    assert f'"version": ({told})' in (SOURCE / "__init__.py").read_text("utf-8")


def test_the_zip_holds_its_files_in_one_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path)) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"blendtui_send"}
    assert {"blendtui_send/__init__.py", "blendtui_send/blender_manifest.toml"} <= set(names)
