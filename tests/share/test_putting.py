"""A file that is whole becomes a drop in one step, and takes nobody's place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blendtui.share import Share, files


def _hidden(share: Share, text: str = "zip") -> Path:
    path = files.temporary(share.path)
    path.write_text(text)
    return path


def test_it_appears_under_its_name_and_the_hidden_one_is_gone(share: Share) -> None:
    put = share.put(_hidden(share), "shot", ".zip", ())
    assert put == share.path / "shot.zip"
    assert put.read_text() == "zip"
    assert list(share.path.iterdir()) == [put]


@pytest.mark.parametrize(
    "there", ["shot.zip", "SHOT.blend", "Shot", "shot.ZIP"], ids=lambda name: name
)
def test_a_name_that_would_not_be_the_jobs_is_passed_over(share: Share, there: str) -> None:
    (share.path / there).write_text("other")
    assert share.put(_hidden(share), "shot", ".zip", ()).name == "shot-2.zip"
    assert (share.path / there).read_text() == "other"


def test_so_is_the_name_of_a_job_that_was(share: Share) -> None:
    assert share.put(_hidden(share), "shot", ".zip", ("shot", "Shot-2")).name == "shot-3.zip"


def test_a_name_that_not_every_system_can_store_becomes_one_that_all_can(share: Share) -> None:
    assert share.put(_hidden(share), 'a:b?"', ".zip", ()).name == "a_b__.zip"


def test_without_hard_links_it_is_renamed(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "not on this file system")

    monkeypatch.setattr(os, "link", refuse)
    put = share.put(_hidden(share), "shot", ".zip", ())
    assert list(share.path.iterdir()) == [put]
