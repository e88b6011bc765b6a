"""Which devices.toml counts, and what is said where it cannot even be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blendtui import config
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from tests.support.configs import said, write

GOOD = '[devices.a]\nhost = "local"\n'
SYNTAX_CURE = (
    'Correct it there or just before. A text stands in quotation marks (host = "left"), a '
    "table's name in brackets ([share]), and a path with \\ in single quotation marks."
)


@contextmanager
def anybody() -> Iterator[None]:
    """Be a user whom permissions bind, also where the tests run as root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


class TestWhichFileCounts:
    def test_the_named_one_goes_first(self, tmp_path: Path) -> None:
        here, user, named = tmp_path / "here", tmp_path / "user", tmp_path / "named.toml"
        for folder in (here, user):
            folder.mkdir()
            write(folder, GOOD)
        named.write_text(GOOD)
        assert config.find(named, here, user) == named

    def test_the_one_in_this_folder_goes_before_the_users(self, tmp_path: Path) -> None:
        here, user = tmp_path / "here", tmp_path / "user"
        here.mkdir()
        user.mkdir()
        assert config.find(None, here, user) is None
        in_user = write(user, GOOD)
        assert config.find(None, here, user) == in_user
        in_here = write(here, GOOD)
        assert config.find(None, here, user) == in_here

    def test_a_named_one_that_is_missing_is_never_replaced_by_another(self, tmp_path: Path) -> None:
        write(tmp_path, GOOD)
        missing = tmp_path / "other.toml"
        with pytest.raises(Failure) as caught:
            config.find(missing, tmp_path, tmp_path)
        assert caught.value.fault.kind is FaultKind.CONFIG_NOT_FOUND
        assert said(missing) == [
            "There is no file other.toml. Check the path; `blendtui init` writes a devices.toml "
            "to begin with."
        ]

    def test_a_dangling_link_is_told_instead_of_passed_over(self, tmp_path: Path) -> None:
        here, user = tmp_path / "here", tmp_path / "user"
        here.mkdir()
        user.mkdir()
        write(user, GOOD)
        link = here / "devices.toml"
        link.symlink_to("nowhere")
        assert config.find(None, here, user) == link
        assert said(link)[0].startswith("There is no file devices.toml.")


class TestWhatCannotBeRead:
    def test_a_folder(self, tmp_path: Path) -> None:
        path = tmp_path / "devices.toml"
        path.mkdir()
        assert said(path) == [
            "devices.toml cannot be used: it is a folder. "
            "Check the path, and that you may read the file."
        ]

    def test_a_pipe_which_could_keep_us_waiting_for_ever(self, tmp_path: Path) -> None:
        path = tmp_path / "devices.toml"
        os.mkfifo(path)
        assert "it is not a regular file" in said(path)[0]

    def test_a_file_that_we_may_not_read(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD)
        path.chmod(0)
        with anybody():
            sentences = said(path)
        assert sentences == [
            "devices.toml cannot be used: permission denied. "
            "Check the path, and that you may read the file."
        ]

    def test_a_file_of_a_size_that_nobody_writes(self, tmp_path: Path) -> None:
        path = write(tmp_path, GOOD + "#" * 2**20)
        assert "it is larger than 1 MiB" in said(path)[0]

    def test_text_in_another_encoding(self, tmp_path: Path) -> None:
        path = tmp_path / "devices.toml"
        path.write_bytes(GOOD.encode() + "# Büro".encode("latin-1"))
        assert said(path) == [
            "devices.toml, line 3: there is a byte 0xfc that UTF-8 text cannot hold. "
            "Save the file as text in UTF-8."
        ]
        path.write_text(GOOD, "utf-16")
        assert "line 1: there is a byte 0xff" in said(path)[0]

    def test_the_mark_and_line_ends_of_windows_editors_do_no_harm(self, tmp_path: Path) -> None:
        path = tmp_path / "devices.toml"
        text = "\ufeff" + GOOD.replace("\n", "\r\n")
        path.write_bytes(text.encode())
        assert config.load(path).devices[0].name == "a"
        path.write_bytes(f"{text}\r\nprot = 1\r\n".encode())
        assert said(path)[0].startswith("devices.toml, line 4: `[devices.a] prot`")

    def test_nesting_without_end(self, tmp_path: Path) -> None:
        path = write(tmp_path, f"x = {'[' * 100_000}")
        assert "values are nested too deeply" in said(path)[0]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[devices.a]\nhost = tower", 2, 8),
        ('[devices.a]\nhost = "tower', 2, 14),
        ("[devices.a\n", 1, 11),
        ("[devices.a]\nhost = \n", 2, 8),
        ("a b = 1", 1, 3),
        ("[share]\nsettle = 1 2", 2, 12),
        (f"[share]\n\nsettle = {'9' * 5000}", 3, 10),
        ("a = 1\n[a.b]\n", 2, 5),
    ],
)
def test_what_is_no_toml_is_told_with_line_and_column(
    tmp_path: Path, text: str, line: int, column: int
) -> None:
    (sentence,) = said(write(tmp_path, text))
    assert sentence.startswith(f"devices.toml, line {line}, column {column}: this is not TOML: ")
    assert sentence.endswith(SYNTAX_CURE)


def test_python_says_what_it_cannot_read(tmp_path: Path) -> None:
    path = write(tmp_path, "[devices.a]\nhost = tower\n")
    assert said(path) == [
        f"devices.toml, line 2, column 8: this is not TOML: invalid value. {SYNTAX_CURE}"
    ]
    path = write(tmp_path, f"a = {'9' * 5000}")
    assert "this is not TOML: a number is too long." in said(path)[0]
