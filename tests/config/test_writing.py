"""A devices.toml that is written: whole, with its rights, and never over another's change."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from blendtui import config
from blendtui.config import writing
from blendtui.config.writing import Overtaken
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind

TEXT = '# ours\n[devices.left]\nhost = "local"  # here\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "devices.toml"
    path.write_text(TEXT, newline="")
    return path


def _names(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir())


def test_what_was_written_stands_there_and_nothing_beside_it(path: Path) -> None:
    kept = writing.write(writing.read(path), "[devices.right]\r\nhost = 'local'\r\n")
    assert path.read_bytes() == b"[devices.right]\r\nhost = 'local'\r\n"
    assert writing.read(path) == kept
    assert _names(path) == ["devices.toml"]


def test_the_rights_stay(path: Path) -> None:
    path.chmod(0o640)
    writing.write(writing.read(path), TEXT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.with_name("link.toml")
    link.symlink_to(path)
    writing.write(writing.read(link), "# new\n")
    assert link.is_symlink()
    assert path.read_text() == "# new\n"


def test_a_file_that_is_not_there_yet_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "config" / "devices.toml"
    kept = writing.read(path)
    assert kept.data is None
    writing.write(kept, kept.text + TEXT)
    settings, faults = config.check(path)
    assert settings is not None, faults
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


SECRET = '[notify]\nurls = ["mailto://render:secret@example.org"]\n'


def test_a_file_that_gets_its_first_password_is_for_its_owner_alone(path: Path) -> None:
    path.chmod(0o664)
    kept = writing.write(writing.read(path), TEXT + '[notify]\nurls = ["dbus://", "$MAIL"]\n')
    assert stat.S_IMODE(path.stat().st_mode) == 0o664
    kept = writing.write(kept, TEXT + SECRET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)  # whoever does that has a reason
    writing.write(kept, TEXT + SECRET + "# more\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_with_a_password_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    writing.write(writing.read(path), TEXT + SECRET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "rights", "expected"),
    [
        (SECRET, 0o600, False),
        (SECRET, 0o640, True),
        (SECRET, 0o604, True),
        ('[notify]\nurls = ["slack://host/T2/T3"]\n', 0o644, True),
        ('[notify]\nurls = ["dbus://", "$MAIL"]\n', 0o644, False),
        ("", 0o644, False),
    ],
)
def test_a_file_with_passwords_that_others_can_read_is_warned_about(
    path: Path, text: str, rights: int, expected: bool
) -> None:
    path.write_text(TEXT + text)
    path.chmod(rights)
    fault = config.exposed(config.load(path))
    assert (fault is not None) is expected
    assert "secret" not in str(fault)


def test_a_change_made_meanwhile_by_hand_is_not_written_over(path: Path) -> None:
    kept = writing.read(path)
    path.write_text("# by hand\n")
    with pytest.raises(Overtaken) as overtaken:
        writing.write(kept, TEXT + "# mine\n")
    assert overtaken.value.theirs.text == "# by hand\n"
    assert path.read_text() == "# by hand\n"
    writing.write(overtaken.value.theirs, TEXT)
    assert path.read_text() == TEXT


def test_a_file_made_meanwhile_by_hand_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    kept = writing.read(path)
    path.write_text(TEXT)
    with pytest.raises(Overtaken):
        writing.write(kept, "# mine\n")


def test_a_file_removed_meanwhile_is_told_too(path: Path) -> None:
    kept = writing.read(path)
    path.unlink()
    with pytest.raises(Overtaken) as overtaken:
        writing.write(kept, TEXT)
    assert overtaken.value.theirs.data is None


def test_a_folder_that_takes_no_file_is_told(path: Path) -> None:
    kept = writing.read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(Failure) as failure:
        writing.write(kept, TEXT)
    assert failure.value.fault.kind is FaultKind.CONFIG_UNREADABLE
    assert _names(path) == ["devices.toml"]


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    with pytest.raises(Failure) as failure:
        writing.write(writing.Kept(tmp_path / "config" / "new" / "devices.toml", None, ""), TEXT)
    assert failure.value.fault.kind in (FaultKind.CONFIG_UNWRITABLE, FaultKind.CONFIG_UNREADABLE)
