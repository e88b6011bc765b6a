"""What Cycles is told to render with, in a real Blender.

There is no graphics card here: where a test needs two, fake_cards.py stands in for them, and
Cycles renders on the CPU after all.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blendtui.devices.driver_trouble import gpu_error
from blendtui.devices.orders import RenderOrder
from blendtui.devices.protocol import BlenderLine, Failed, Opened, Rendered, RunFault, Started
from blendtui.devices.slot import RunSettings
from blendtui.farm.faults import FaultKind
from blendtui.wording import explain
from tests.support.runs import DriverRun
from tests.support.scenes import needs_blender, scenes

pytestmark = needs_blender

CARDS = Path(__file__).parents[1] / "support" / "fake_cards.py"


def used(run: DriverRun) -> list[str]:
    """Give what each frame was rendered with, as fake_cards.py has told."""
    lines = [line.text for line in run.all(BlenderLine)]
    return [text.partition(" ")[2] for text in lines if text.startswith("COMPUTE ")]


def settings(**compute: object) -> RunSettings:
    return RunSettings(compute=compute)


def test_a_gpu_that_blender_does_not_see_is_a_fault_and_no_frame_comes_from_the_cpu(
    tmp_path: Path,
) -> None:
    with DriverRun(tmp_path, scenes() / "cycles.blend", settings(kind="OPTIX")) as run:
        run.render(1)
        fault = run.wait(RunFault)[0].fault_on("tower")
        assert fault.kind is FaultKind.GPU_MISSING
        assert explain(fault).what == (
            "tower: it is to render with OPTIX, and its Blender sees no GPU."
        )
        assert run.leave() == "fault"
        assert run.all(Started) == []


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        ({"kind": "CUDA"}, "GPU CUDA ['Card A', 'Card B']"),
        ({"kind": "CUDA", "card": 1}, "GPU CUDA ['Card A']"),
        ({"kind": "CUDA", "card": 2}, "GPU CUDA ['Card B']"),
        ({"kind": "CPU"}, "CPU NONE []"),
    ],
)
def test_cycles_is_told_to_use_all_cards_or_the_slots_own(
    tmp_path: Path, compute: dict[str, object], expected: str
) -> None:
    blend = scenes() / "cycles.blend"
    with DriverRun(tmp_path, blend, settings(**compute), first=CARDS) as run:
        run.render(1)
        run.wait(Rendered)
        assert used(run) == [expected]
        told = run.all(Opened)[0].facts.compute
        assert told == expected.replace("GPU CUDA", "CUDA:").translate(
            str.maketrans("", "", "[]'")
        ).replace("CPU NONE ", "CPU")


def test_a_slot_beyond_the_last_card_is_told_what_there_is(tmp_path: Path) -> None:
    blend = scenes() / "cycles.blend"
    with DriverRun(tmp_path, blend, settings(kind="CUDA", card=3), first=CARDS) as run:
        fault = run.wait(RunFault)[0].fault_on("tower")
        assert explain(fault).what == (
            "tower: slot 3 is to have a CUDA card of its own, and its Blender sees Card A (CUDA), "
            "Card B (CUDA)."
        )


def test_what_the_gpu_has_no_memory_for_can_be_rendered_on_the_cpu(tmp_path: Path) -> None:
    blend = scenes() / "slow.blend"
    with DriverRun(tmp_path, blend, settings(kind="CUDA"), first=CARDS) as run:
        run.render(1)
        run.wait(Started)
        with (run.path / "log").open("ab") as log:
            log.write(b"\nSystem is out of GPU and shared host memory\nCUDA error: Launch failed\n")
        failed = run.wait(Failed)[0]
        assert failed.kind is FaultKind.GPU_MEMORY
        assert failed.detail == "System is out of GPU and shared host memory"
        run.order(RenderOrder(1, 2, on_cpu=True), RenderOrder(2, 1))
        run.wait(Rendered, 2)
        assert [one.split()[0] for one in used(run)] == ["GPU", "CPU", "GPU"]


def test_a_scene_that_wants_a_gpu_where_none_is_set_up_is_said(tmp_path: Path) -> None:
    script = tmp_path / "want_gpu.py"
    script.write_text(
        "import bpy\nfrom bpy.app.handlers import persistent\n@persistent\ndef wish(*_):\n"
        "    bpy.context.scene.cycles.device = 'GPU'\nbpy.app.handlers.load_post.append(wish)\n"
    )
    with DriverRun(tmp_path, scenes() / "cycles.blend", first=script) as run:
        facts = run.wait(Opened)[0].facts
        assert (facts.compute, facts.lacks_gpu) == ("CPU", True)


def test_other_engines_need_no_card_of_cycles(tmp_path: Path) -> None:
    wanted = RunSettings(compute={"kind": "OPTIX"}, overrides={"engine": "WORKBENCH"})
    with DriverRun(tmp_path, scenes() / "cycles.blend", wanted) as run:
        run.render(1)
        run.wait(Rendered)


def test_a_frame_that_was_ordered_for_the_cpu_never_fails_for_a_gpus_memory(tmp_path: Path) -> None:
    """Workbench draws with a GPU whatever is set: it would be told to do without one for ever."""
    script = tmp_path / "full.py"
    script.write_text(
        "import bpy\nfrom bpy.app.handlers import persistent\n@persistent\ndef complain(*_):\n"
        "    print('System is out of GPU memory', flush=True)\n"
        "bpy.app.handlers.render_pre.append(complain)\n"
    )
    wanted = RunSettings(overrides={"engine": "WORKBENCH"})
    with DriverRun(tmp_path, scenes() / "cycles.blend", wanted, first=script) as run:
        run.order(RenderOrder(1, 1), RenderOrder(1, 2, on_cpu=True))
        assert [line.kind for line in run.wait(Failed, 2)] == [
            FaultKind.GPU_MEMORY,
            FaultKind.RENDER_ERROR,
        ]


def test_the_devices_own_preferences_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    monkeypatch.setenv("BLENDER_USER_CONFIG", str(config))
    blend = scenes() / "cycles.blend"
    with DriverRun(tmp_path, blend, settings(kind="CUDA"), first=CARDS) as run:
        run.wait(Opened)
        run.order_raw(b'{"do":"quit"}\n')
        assert run.leave() == "quit"
    assert list(config.iterdir()) == []
    shutil.rmtree(config)


@pytest.mark.parametrize(
    ("line", "on_gpu", "on_cpu"),
    [
        ("System is out of GPU memory", "gpu-memory", "render-error"),
        ("System is out of GPU and shared host memory", "gpu-memory", "render-error"),
        (
            "CUDA error: Out of memory in cuMemAlloc(&device_pointer, size)",
            "gpu-memory",
            "gpu-error",
        ),
        ("Out of memory in CUDA queue enqueue (integrator_shade)", "gpu-memory", "render-error"),
        ("OPTIX_ERROR_DEVICE_OUT_OF_MEMORY in optixAccelBuild", "gpu-memory", "render-error"),
        ("hipErrorOutOfMemory in HIP queue", "gpu-memory", "render-error"),
        ("CUDA error: Illegal address in CUDA queue", "gpu-error", "gpu-error"),
        ("Fra:1 Mem:14.15M (Peak 16.79M) | Sample 1/8", "", ""),
        ("Saved: '/out of the memory lane/f_0001.png'", "", ""),
    ],
)
def test_too_little_memory_is_told_from_other_troubles(
    tmp_path: Path, line: str, on_gpu: str, on_cpu: str
) -> None:
    log = tmp_path / "log"
    log.write_text(f"before: out of memory\n{line}\nCUDA: all is well\n")
    offset = len("before: out of memory\n")
    expected = line if on_gpu else ""
    assert gpu_error(log, offset, True) == (on_gpu, expected)
    assert gpu_error(log, offset, False) == (on_cpu, expected)
