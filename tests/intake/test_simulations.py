"""Simulations that are not baked are seen in the .blend itself, and so are strange nodes."""

from __future__ import annotations

import pytest

from blendtui.farm.project import BlendFacts, Project, ProjectFile
from blendtui.intake.scene import read_facts
from tests.support.scenes import needs_blender
from tests.support.simulations import simulations

pytestmark = needs_blender


def facts(*names: str) -> BlendFacts:
    """Read the first of some files, the others being in the project too."""
    files = tuple(ProjectFile(f"{name}.blend", "0" * 64, 1) for name in names)
    return read_facts(simulations(), Project(f"{names[0]}.blend", files))


def unbaked(*names: str) -> tuple[str, ...]:
    scene = facts(*names).scene()
    assert scene is not None
    return scene.unbaked


def test_each_kind_is_named_with_what_it_moves() -> None:
    assert set(unbaked("moving")) == {
        "rigid bodies",
        "cloth of “Flag”",
        "soft body of “Jelly”",
        "particles of “Source”",
        "hair dynamics of “Head”",
    }
    assert unbaked("paint") == ("dynamic paint of “Pond”",)
    assert unbaked("fluid") == ("fluid of “Tank”",)


def test_what_is_baked_is_nothing_to_tell() -> None:
    assert unbaked("baked") == ()


def test_what_is_switched_off_for_rendering_is_nothing_to_tell() -> None:
    assert unbaked("still") == ()


def test_it_is_seen_in_an_instanced_collection() -> None:
    assert unbaked("shown") == ("cloth of “Flag”",)


def test_it_is_seen_in_a_linked_file() -> None:
    assert unbaked("linked", "shown") == ("cloth of “Flag”",)


def test_a_linked_file_that_is_not_there_is_only_missing() -> None:
    assert unbaked("linked") == ()
    assert facts("linked").missing == ("shown.blend",)


@pytest.mark.parametrize("name", ["paint", "fluid", "moving"])
def test_a_cache_that_is_still_to_be_filled_is_no_missing_file(name: str) -> None:
    assert facts(name).missing == ()


def test_a_cache_on_disk_that_did_not_come_along_is_missing() -> None:
    alone = facts("disk")
    assert unbaked("disk") == ()
    assert alone.missing == tuple(
        f"blendcache_disk/{name.encode().hex().upper()}_*.bphys"
        for name in ("Flag", "Jelly", "Pond", "Source")
    )


def test_a_cache_on_disk_that_came_along_is_nothing_to_tell() -> None:
    caches = sorted((simulations() / "blendcache_disk").iterdir())
    names = ["disk.blend", *(f"blendcache_disk/{path.name}" for path in caches)]
    files = tuple(ProjectFile(name, "0" * 64, 1) for name in names)
    assert read_facts(simulations(), Project("disk.blend", files)).missing == ()


def test_kinds_of_nodes_that_are_not_blender_s_own_are_named() -> None:
    assert facts("foreign").strange == ("OctaneGlass",)
    assert facts("moving").strange == ()
