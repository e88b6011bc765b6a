"""An engine that was killed while it took a drop: the next one goes on from the share itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtui.locks import FILE
from blendtui.share import MARK
from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(devices=1) as made:
        yield made


def moved(farm: Farm, *files: Path) -> None:
    """Leave the share as an engine does that is killed right after it moved a drop."""
    farm.drop("shot.zip", *files, job={"frames": "1-2"})
    folder = farm.share / "shot"
    folder.mkdir()
    (folder / MARK).write_text("")
    (farm.share / "shot.zip").rename(folder / "shot.zip")


def once(farm: Farm, code: int = 0) -> None:
    farm.watch("--once")
    assert farm.end() == code, farm.printed()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_drop_that_was_moved_and_told_to_nobody_is_rendered(farm: Farm) -> None:
    moved(farm, scenes() / "cycles.blend")
    once(farm)
    assert len(farm.frames("shot")) == 2
    assert names(farm.share) == {"shot"}
    kept = {"shot.zip", "frames", "report.toml", "contact-sheet.jpg"}
    assert names(farm.share / "shot") == kept


def test_a_moved_drop_that_turns_out_bad_is_refused_with_its_reason(farm: Farm) -> None:
    (farm.root / "notes.txt").write_text("nothing to render")
    moved(farm, farm.root / "notes.txt")
    for _ in range(2):  # and what is refused stays as it is
        once(farm)
        assert names(farm.share) == {"rejected"}
        assert names(farm.share / "rejected") == {"shot.zip", "shot.reason.txt"}


def test_an_empty_folder_that_a_killed_engine_made_costs_no_name(farm: Farm) -> None:
    (farm.share / "shot").mkdir()
    (farm.share / "shot" / MARK).write_text("")
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
    once(farm)
    assert names(farm.share) == {"shot"}


def test_a_job_that_no_store_knows_any_more_is_begun_anew(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-40"})
    farm.watch()
    farm.done("shot", 2)
    farm.stop()
    shutil.rmtree(farm.places.own)
    once(farm)
    assert len(farm.frames("shot")) == 40
    assert names(farm.share) == {"shot"}
    assert FILE not in names(farm.share)


def test_a_users_own_folder_with_a_zip_is_left_alone(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
    (farm.share / "assets").mkdir()
    (farm.share / "shot.zip").rename(farm.share / "assets" / "assets.zip")
    once(farm)
    assert names(farm.share / "assets") == {"assets.zip"}
