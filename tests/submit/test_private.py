"""A .blend of somebody else's gets none of the sender's private files, and what it gets is said."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.share import Share
from blendtui.submit import Plan, drop
from blendtui.submit.private import is_private
from blendtui.submit.sending import planned
from tests.support.house import House
from tests.support.scenes import blender, needs_blender

SCRIPT = Path(__file__).parents[1] / "support" / "make_naming.py"


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    yield House(tmp_path, capsys)


@pytest.fixture(scope="module")
def curious(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .blend that names what is no business of a .blend's."""
    root = tmp_path_factory.mktemp("curious")
    for name in ("proj/own.png", "away/near.png", ".ssh/id", ".secret", "proj/.env/key"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("private" if "." in name[:6] else "a picture")
    blend = root / "proj" / "shot.blend"
    named = ["//own.png", "//../away/near.png", *(path.format(root=root) for path in PRIVATE)]
    blender("-P", str(SCRIPT), "--", str(blend), *named)
    (root / "proj" / "link.png").symlink_to(root / ".ssh" / "id")
    os.mkfifo(root / "proj" / "pipe.png")
    return blend


PRIVATE = (
    *("{root}/.ssh/id", "{root}/.secret", "{root}/proj/.env/key", "/etc/passwd", "/dev/zero"),
    *("/proc/self/environ", "{root}/proj/link.png", "{root}/proj/pipe.png"),
)


@needs_blender
def test_private_files_pipes_and_devices_are_not_packed_and_said_by_name(
    house: House, curious: Path
) -> None:
    said = house.run("submit", str(curious))
    assert said.code == 0
    with zipfile.ZipFile(house.share / "shot.zip") as archive:
        assert sorted(archive.namelist()) == [
            *("away/near.png", "job.toml", "proj/own.png", "proj/shot.blend"),
        ]
    lines = [line.strip() for line in said.out.splitlines()]
    root = curious.parent.parent
    private = {path.format(root=root) for path in PRIVATE}
    assert {line for line in lines if line in private} == private
    assert f"Not packed, as private ({len(private)}):" in lines
    assert "anyway, put a copy of it beside the .blend, or pack it into the .blend." in lines
    assert not [line for line in lines if line.startswith("Missing")]


@needs_blender
def test_what_lies_outside_is_said_before_it_is_in_the_share(house: House, curious: Path) -> None:
    seen: list[tuple[tuple[str, ...], list[str]]] = []

    def look(plan: Plan) -> None:
        seen.append((plan.outside, [path.name[0] for path in house.share.iterdir()]))

    drop(curious, Share(house.share), {}, told=look)
    near = curious.parent.parent / "away" / "near.png"
    assert seen == [((str(near),), ["."])]


@needs_blender
def test_strict_drops_nothing_that_is_kept_back(house: House, curious: Path) -> None:
    assert house.run("submit", str(curious), "--strict").code == 2
    assert list(house.share.iterdir()) == []


@pytest.mark.parametrize(
    ("blend", "path", "expected"),
    [
        ("{home}/film/shot.blend", "{home}/film/tex/a.png", False),
        ("{home}/film/shot.blend", "{home}/other/a.png", False),
        ("{home}/film/shot.blend", "/srv/library/a.png", False),
        ("{home}/film/shot.blend", "/run/media/stick/a.png", False),
        ("{home}/film/shot.blend", "/run/user/1000/token", True),
        ("{home}/film/shot.blend", "{home}/.config/x/a.png", True),
        ("{home}/film/shot.blend", "{home}/.netrc", True),
        ("{home}/shot.blend", "{home}/.ssh/id", True),
        ("{home}/shot.blend", "{home}/x/../.ssh/id", True),
        ("/shot.blend", "/etc/shadow", True),
        ("{home}/.work/film/shot.blend", "{home}/.work/textures/a.png", False),
        ("{home}/.work/film/shot.blend", "{home}/.ssh/id", True),
        ("{home}/film/shot.blend", "{home}/.local/share/fonts/a.ttf", False),
        ("{home}/film/shot.blend", "{home}/.local/share/keyrings/a", True),
    ],
)
def test_what_is_private_is_hidden_or_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blend: str, path: str, expected: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    places = (Path(text.format(home=tmp_path)) for text in (path, blend))
    assert is_private(*places) is expected


def test_files_that_differ_by_their_number_are_one_line() -> None:
    paths = ("/a/sea.0001.exr", "/a/sea.0002.exr", "/a/sea.0003.exr", "/b/sea.0001.exr", "/b/note")
    lines = planned(Path("x.blend"), Plan(6, 10, (), (), outside=paths)).splitlines()
    assert lines[1:] == [
        "  From outside its folder (5):",
        "    /a/sea.0001.exr and 2 more like it",
        "    /b/sea.0001.exr",
        "    /b/note",
    ]
