"""Files that nodes name themselves: shaders in OSL and light profiles."""

from __future__ import annotations

from pathlib import Path

from blendtui.farm.project import Project, ProjectFile
from blendtui.intake.scene import read_facts
from tests.support.scenes import blender, needs_blender

pytestmark = needs_blender

SCRIPT = Path(__file__).parents[1] / "support" / "make_refusals.py"


def test_they_are_told_and_missing_where_the_project_has_none(tmp_path: Path) -> None:
    blender("-P", str(SCRIPT), "--", str(tmp_path), "shader")

    def missing(*files: str) -> tuple[str, ...]:
        held = tuple(ProjectFile(file, "0" * 64, 1) for file in ("shader.blend", *files))
        facts = read_facts(tmp_path, Project("shader.blend", held))
        assert facts.external == ("lamps/spot.ies", "shaders/dust.osl", "shaders/grain.osl")
        return facts.missing

    assert missing() == ("lamps/spot.ies", "shaders/dust.osl", "shaders/grain.osl")
    assert missing("shaders/dust.osl", "lamps/spot.ies") == ("shaders/grain.osl",)
