"""A version of Blender that could not be tried has not passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.versions.__main__ import main, tried
from tests.versions.blenders import Version


def test_one_that_could_not_be_fetched_is_said_and_fails() -> None:
    reason = "skipped, it needs Python 3.13 with venv, which is not here"
    assert tried(Version("5.2", None, reason), []) == (False, reason)


def test_one_that_is_asked_for_by_name_has_to_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "9.8.txt").write_text("skipped, it could not be installed\n")
    assert main([str(tmp_path), "9.8", "9.9"]) == 1
    last = capsys.readouterr().out.splitlines()[-2:]
    assert last == [
        "  Blender 9.8: skipped, it could not be installed",
        "  Blender 9.9: there is none",
    ]
