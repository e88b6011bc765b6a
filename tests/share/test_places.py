"""Where our own files lie: apart for each share, and for the user alone."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from blendtui import process
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.places import Places
from blendtui.process import log_to_file
from blendtui.wording import explain

posix = pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX's")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def places(tmp_path: Path, share: str = "share") -> Places:
    (tmp_path / share).mkdir(parents=True, exist_ok=True)
    return Places(tmp_path / "state", tmp_path / share)


@posix
def test_every_folder_of_ours_is_for_the_user_alone(tmp_path: Path) -> None:
    made = places(tmp_path)
    made.project("shot").mkdir(mode=0o700)
    assert made.incoming.is_dir()
    log_to_file(made.state)
    folders = [made.state, *(path for path in made.state.rglob("*") if path.is_dir())]
    assert len(folders) == 7
    assert {mode(folder) for folder in folders} == {0o700}


@posix
def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    made = places(tmp_path)
    assert mode(made.own.parent) == 0o700
    assert mode(made.state) == 0o755


def test_two_shares_of_one_name_have_two_stores(tmp_path: Path) -> None:
    one, other = (places(tmp_path, f"{name}/share").store for name in "ab")
    assert one != other
    assert one.parent.name.startswith("share-")


def test_a_share_that_is_moved_is_another_one(tmp_path: Path) -> None:
    before = places(tmp_path).store
    (tmp_path / "share").rename(tmp_path / "moved")
    assert Places(tmp_path / "state", tmp_path / "moved").store != before


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_share_through_a_link_is_the_same_one(tmp_path: Path) -> None:
    before = places(tmp_path).store
    (tmp_path / "link").symlink_to(tmp_path / "share")
    through = Places(tmp_path / "state", tmp_path / "link")
    assert through.store.parent.name[-8:] == before.parent.name[-8:]
    kept = through.store
    (tmp_path / "link").unlink()
    assert through.store == kept


@pytest.mark.parametrize(
    "name", ["a b", "$(x)'\"", "ä\n", "...", "-", "カット", "x" * 200, "\udcff", "\x1b[31m"]
)
def test_a_share_may_have_any_name(tmp_path: Path, name: str) -> None:
    own = places(tmp_path, name).own
    assert own.is_dir()
    assert own.parent == tmp_path / "state" / "shares"
    assert own.name.isascii()
    assert own.name.isprintable()
    assert not own.name.startswith(("-", "."))


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_share_that_is_a_link_in_a_circle_still_has_a_place(tmp_path: Path) -> None:
    (tmp_path / "share").symlink_to(tmp_path / "share")
    assert Places(tmp_path / "state", tmp_path / "share").own.is_dir()


def test_a_state_folder_that_cannot_be_made_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    for attempt in (
        lambda: Places(tmp_path / "state", tmp_path),
        lambda: Places(tmp_path / "state" / "below", tmp_path),
        lambda: log_to_file(tmp_path / "state"),
    ):
        with pytest.raises(Failure) as caught:
            attempt()
        assert caught.value.fault.kind is FaultKind.STATE_UNWRITABLE
        assert str(tmp_path / "state") in explain(caught.value.fault).what


def test_the_identity_stays(tmp_path: Path) -> None:
    made = places(tmp_path)
    first = made.identity
    assert len(first) == 16
    assert places(tmp_path).identity == first
    (made.own / "identity").write_text("")
    assert len(made.identity) == 16


@posix
def test_the_log_is_for_the_user_alone_and_keeps_to_its_lines(tmp_path: Path) -> None:
    path = log_to_file(tmp_path / "state")
    assert log_to_file(tmp_path / "state") == path
    logging.getLogger("x").warning("a drop: %s", "\x1b[31m\nforged\udcff")
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    (line,) = path.read_text().splitlines()
    assert "\\x1b[31m\\nforged\\udcff" in line
    other = log_to_file(tmp_path / "other")
    logging.getLogger("x").warning("second")
    assert "second" in other.read_text()
    assert "second" not in path.read_text()


def test_the_log_is_kept_small_however_much_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_SIZE", 2000)
    path = log_to_file(tmp_path / "state")
    for number in range(500):
        logging.getLogger("x").warning("told for the %dth time", number)
    kept = list(path.parent.iterdir())
    assert len(kept) == 4
    assert all(one.stat().st_size <= 2000 for one in kept)
    assert "told for the 499th time" in path.read_text()


@posix
def test_a_log_that_cannot_be_written_is_done_without_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Places.log_of(tmp_path / "state")
    path.mkdir(parents=True)
    log_to_file(tmp_path / "state")
    logging.getLogger("x").warning("nobody will read this")
    assert capsys.readouterr() == ("", "")
