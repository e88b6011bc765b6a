"""A name in a zip means one file inside the project on every computer, or is refused."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake.names import Tree, check_portable, folded, is_junk, place
from blendtui.wording import explain


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.blend", "a.blend"),
        ("textures/wood.png", "textures/wood.png"),
        ("textures\\wood.png", "textures/wood.png"),
        ("./a/./b.png", "a/b.png"),
        ("a//b.png", "a/b.png"),
        ("folder/", "folder"),
        ("folder\\", "folder"),
        ("a..b/...c", "a..b/...c"),
    ],
)
def test_a_name_gives_the_path_inside_the_project(name: str, path: str) -> None:
    assert place(name) == path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../x.png", "points outside the project's folder"),
        ("a/../../x.png", "points outside the project's folder"),
        ("a/../x.png", "points outside the project's folder"),
        ("..", "points outside the project's folder"),
        ("..\\x.png", "points outside the project's folder"),
        ("a\\..\\..\\x.png", "points outside the project's folder"),
        ("./../x.png", "points outside the project's folder"),
        ("/etc/passwd", "points to the root of the disk"),
        ("\\x.png", "points to the root of the disk"),
        ("C:\\x.png", "points to a drive of its own"),
        ("c:x.png", "points to a drive of its own"),
        ("//server/share/x.png", "points to another computer"),
        ("\\\\server\\share\\x.png", "points to another computer"),
        ("\\\\?\\C:\\x.png", "points to another computer"),
        ("", "has no name"),
        (".", "has no name"),
        ("./", "has no name"),
    ],
)
def test_a_name_that_points_elsewhere_is_refused(name: str, problem: str) -> None:
    with pytest.raises(Failure) as caught:
        place(name)
    words = explain(caught.value.fault)
    assert words.what == f"“{name}” in the zip {problem}."
    assert words.cure == "Zip the project folder again without such paths and drop it again."


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("CON", "has the name of a device of Windows"),
        ("tex/nul.png", "has the name of a device of Windows"),
        ("com1/a.png", "has the name of a device of Windows"),
        ("Lpt9.tar.gz", "has the name of a device of Windows"),
        ("AUX .png", "has the name of a device of Windows"),
        ("COM².png", "has the name of a device of Windows"),
        ("conin$", "has the name of a device of Windows"),
        ("a:b.png", "has a character that Windows cannot store (:)"),
        ("a?.png", "has a character that Windows cannot store (?)"),
        ('<"|*>.png', 'has a character that Windows cannot store (" * < > |)'),
        ("wood.", "ends with a dot or a space"),
        ("wood /a.png", "ends with a dot or a space"),
        ("...", "ends with a dot or a space"),
        ("a\nb.png", "has a control character in its name"),
        ("a\x00.png", "has a control character in its name"),
        ("a\x7f.png", "has a control character in its name"),
        ("a\x1b[2J.png", "has a control character in its name"),
        ("a\ud800.png", "has a control character in its name"),
        ("a\u2028.png", "has a control character in its name"),
    ],
)
def test_a_name_that_some_computer_cannot_store_is_refused(path: str, problem: str) -> None:
    with pytest.raises(Failure) as caught:
        check_portable(path)
    words = explain(caught.value.fault)
    assert caught.value.fault.kind is FaultKind.ARCHIVE_NAME
    assert problem in words.what
    assert words.cure.startswith("Rename it, also in the .blend if it is used there")
    assert words.what.isprintable()


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("a" * 256, "has a name longer than 255 bytes"),
        ("ä" * 128, "has a name longer than 255 bytes"),
        ("/".join(["folder"] * 150), "is longer than 900 bytes"),
    ],
)
def test_a_path_that_is_too_long_is_refused(path: str, problem: str) -> None:
    with pytest.raises(Failure) as caught:
        check_portable(path)
    assert caught.value.fault.kind is FaultKind.ARCHIVE_PATH
    assert problem in explain(caught.value.fault).what or "…" in explain(caught.value.fault).what


@pytest.mark.parametrize(
    "path",
    [
        "a.blend",
        "Überweg/木.png",
        "a" * 255,
        ".hidden",
        "console.png",
        "com10",
        "a b/c.d.e",
        "🎬.exr",
    ],
)
def test_a_usual_name_is_taken(path: str) -> None:
    check_portable(path)


@pytest.mark.parametrize(
    ("path", "junk"),
    [
        ("__MACOSX/a.blend", True),
        ("shot/__MACOSX/._a.png", True),
        ("tex/.DS_Store", True),
        ("Thumbs.db", True),
        ("tex/._wood.png", True),
        ("Icon\r", True),
        ("a.blend", False),
        (".hidden", False),
        ("MACOSX/a", False),
        ("._a/b.png", False),
    ],
)
def test_what_systems_leave_behind_is_known(path: str, junk: bool) -> None:
    assert is_junk(path) is junk


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        (["tex/a.png", "tex/A.png"], "differ only in upper and lower case"),
        (["Tex/a.png", "tex/b.png"], "differ only in upper and lower case"),
        (["caf\u00e9.png", "cafe\u0301.png"], "in how accents are stored"),
        (["STRASSE.png", "straße.png"], "differ only in upper and lower case"),
        (["a.png", "a.png"], "are two files of the same name"),
        (["a", "a/b.png"], "are a file and a folder of the same name"),
        (["a/b.png", "a"], "are a file and a folder of the same name"),
        (["A/b.png", "a"], "are a file and a folder of the same name"),
    ],
)
def test_names_that_would_be_one_file_are_refused(paths: list[str], problem: str) -> None:
    tree = Tree("shot.zip", 100)
    tree.add_file(paths[0])
    with pytest.raises(Failure) as caught:
        tree.add_file(paths[1])
    words = explain(caught.value.fault)
    assert problem in words.what
    assert words.cure.startswith("Rename or remove one of them")


def test_a_folder_may_be_named_again_but_not_as_a_file() -> None:
    tree = Tree("shot.zip", 100)
    tree.add_folder("a/b")
    tree.add_folder("a/b")
    tree.add_file("a/b/c.png")
    tree.add_folder("a")
    with pytest.raises(Failure, match="archive-clash"):
        tree.add_folder("a/b/c.png")


def test_more_files_than_allowed_are_refused() -> None:
    tree = Tree("shot.zip", 2)
    tree.add_file("a")
    tree.add_file("b")
    with pytest.raises(Failure) as caught:
        tree.add_file("c")
    assert explain(caught.value.fault).what == "shot.zip holds more than 2 files."


def test_endless_folders_are_refused() -> None:
    tree = Tree("shot.zip", 2)
    with pytest.raises(Failure) as caught:
        tree.add_folder("/".join(map(str, range(1100))))
    assert explain(caught.value.fault).what == "shot.zip holds more than 1002 folders."


_NAMES = st.text(max_size=30) | st.text(alphabet="./\\:aA~ C", max_size=12)


@given(_NAMES)
def test_no_name_leads_outside_on_any_system(name: str) -> None:
    try:
        path = place(name)
        check_portable(path)
    except Failure:
        return
    for kind in (PurePosixPath, PureWindowsPath):
        joined = kind("/base") / path
        assert joined.parts[: len(kind("/base").parts)] == kind("/base").parts
        assert ".." not in joined.parts
        assert not kind(path).is_absolute()
    assert place(path) == path
    assert not PureWindowsPath(path).is_reserved()


@given(st.text(max_size=20))
def test_a_path_is_folded_alike_in_every_spelling(path: str) -> None:
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, path)) == folded(path)
    assert folded(folded(path)) == folded(path)
