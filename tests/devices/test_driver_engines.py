"""Engines and kept data, in a real Blender: nothing is rendered with another engine unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui.devices.protocol import Failed, Opened, Rendered, RunFault
from blendtui.devices.slot import RunSettings
from blendtui.farm.faults import FaultKind
from blendtui.wording import explain
from tests.support.runs import DriverRun
from tests.support.scenes import blender, needs_blender, scenes

pytestmark = needs_blender


def test_an_engine_that_blender_does_not_have_is_a_fault_that_names_those_it_has(
    tmp_path: Path,
) -> None:
    settings = RunSettings(engine="LUXCORE")
    with DriverRun(tmp_path, scenes() / "cycles.blend", settings) as run:
        fault = run.wait(RunFault)[0].fault_on("tower")
        assert fault.kind is FaultKind.ENGINE_MISSING
        words = explain(fault).what
        assert "no render engine LUXCORE. It has: BLENDER_EEVEE" in words
        assert words.endswith("CYCLES.")


def test_a_blenders_own_engines_may_have_had_other_names(tmp_path: Path) -> None:
    settings = RunSettings(engine="BLENDER_EEVEE_NEXT")
    with DriverRun(tmp_path, scenes() / "cycles.blend", settings) as run:
        run.wait(Opened)


_CHANGES = {
    "nothing": "",
    "simplify": "scene.render.use_simplify = True\n"
    "scene.render.simplify_subdivision_render = 0\n"
    "scene.render.keyframe_insert('simplify_subdivision_render', frame=1)\n",
    "another setting": "scene.cycles.seed = 1\nscene.cycles.keyframe_insert('seed', frame=1)\n",
}
_KEPT = {"nothing": True, "simplify": False, "another setting": True}


@pytest.mark.parametrize("change", _CHANGES)
def test_data_is_kept_between_frames_unless_that_would_change_them(
    tmp_path: Path, change: str
) -> None:
    blend = tmp_path / "changed.blend"
    script = tmp_path / "change.py"
    script.write_text(
        f"import bpy\nscene = bpy.context.scene\n{_CHANGES[change]}"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(blend)!r})\n"
    )
    blender(str(scenes() / "cycles.blend"), "-P", str(script))
    told = "blendtui keeps"
    ask = tmp_path / "ask.py"
    ask.write_text(
        "import bpy\nfrom bpy.app.handlers import persistent\n@persistent\ndef tell(scene, *_):\n"
        f"    print('{told}', scene.render.use_persistent_data, flush=True)\n"
        "bpy.app.handlers.render_complete.append(tell)\n"
    )
    with DriverRun(tmp_path, blend, first=ask) as run:
        run.render(1, 2)
        run.wait(Rendered, 2)
        assert run.all(Failed) == []
        assert (run.path / "log").read_text().count(f"{told} {_KEPT[change]}") == 2
