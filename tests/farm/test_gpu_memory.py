"""A frame for which a GPU has not enough memory: who tries it next, and when it is given up."""

from __future__ import annotations

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from blendtui.farm import blame
from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, FrameState, JobState
from tests.support.playbook import LINK_LOST, RENDER_ERROR, Playbook

GIB = 2**30

ANY_DEVICE = st.tuples(
    st.sampled_from([None, "OPTIX", "CPU"]), st.booleans(), st.sampled_from([None, 8, 24])
)


def full(device: str) -> Fault:
    return Fault.of(FaultKind.GPU_MEMORY, device=device, detail="System is out of GPU memory")


def farm(*specs: DeviceSpec, **memory: int) -> Playbook:
    """Make a farm of devices with GPUs of so many GiB, reached, and their Blenders up."""
    play = Playbook()
    play.tell(ev.DevicesSet(specs))
    for spec in specs:
        size = memory.get(spec.name)
        play.tell(ev.DeviceSurveyed(spec.name, frozenset({"3.4.1"}), size and size * GIB))
        play.tell(ev.DeviceReached(spec.name))
    return play


def gpu(name: str, **more: bool) -> DeviceSpec:
    return DeviceSpec(name, compute="OPTIX", **more)  # type: ignore[arg-type]


def begin(play: Playbook, frames: int = 1) -> dict[str, do.OrderFrame]:
    """Add a job and have all Blenders come up; gives the first order of each device."""
    play.add(frames=range(1, frames + 1))
    return ready(play)


def ready(play: Playbook) -> dict[str, do.OrderFrame]:
    orders: dict[str, do.OrderFrame] = {}
    for run in list(play.scheduler.farm.runs.values()):
        if run.ready is None:
            play.ready(run.id)
            for order in play.orders():
                orders.setdefault(play.run(order.run).slot.device, order)
    return orders


def given(play: Playbook) -> list[tuple[str, int, bool]]:
    return [(play.run(one.run).slot.device, one.frame, one.on_cpu) for one in play.orders()]


def test_it_goes_to_a_device_with_more() -> None:
    play = farm(gpu("small"), gpu("same"), gpu("large"), small=8, same=8, large=24)
    play.fail(begin(play)["small"], full("small"))
    starts = [start.slot.device for start in play.starts()]
    assert starts == ["large"]
    assert given(play) == []
    play.ready(play.starts()[0].run)
    assert given(play) == [("large", 1, False)]


def test_of_two_cards_of_unknown_memory_the_other_one_may_be_larger() -> None:
    play = farm(gpu("one"), gpu("two"))
    play.fail(begin(play)["one"], full("one"))
    assert [start.slot.device for start in play.starts()] == ["two"]


def test_a_cpu_has_room_for_it() -> None:
    play = farm(gpu("card"), DeviceSpec("cores", compute="CPU", performance=0.1), card=8, cores=2)
    play.fail(begin(play)["card"], full("card"))
    assert [start.slot.device for start in play.starts()] == ["cores"]
    play.ready(play.starts()[0].run)
    assert given(play) == [("cores", 1, False)]


def test_where_it_may_the_same_device_renders_it_on_its_cpu() -> None:
    play = farm(gpu("card", cpu_fallback=True), card=8)
    play.fail(begin(play)["card"], full("card"))
    assert given(play) == [("card", 1, True)]


def test_a_larger_gpu_goes_before_a_cpu() -> None:
    play = farm(gpu("card", cpu_fallback=True), gpu("large"), card=8, large=24)
    order = begin(play, frames=6)["card"]
    play.fail(order, full("card"))
    assert order.frame not in [frame for device, frame, _ in given(play) if device == "card"]


def test_a_gpu_that_is_known_to_be_too_small_goes_to_its_cpu_at_once() -> None:
    play = farm(gpu("card"), gpu("less", cpu_fallback=True), card=8, less=6)
    play.fail(begin(play)["card"], full("card"))
    play.ready(play.starts()[0].run)
    assert given(play) == [("less", 1, True)]


def test_it_is_told_again_after_a_lost_link_that_it_is_for_the_cpu() -> None:
    play = farm(gpu("card", cpu_fallback=True), card=8)
    play.fail(begin(play)["card"], full("card"))
    play.tell(ev.DeviceLost("card", LINK_LOST))
    play.tell(ev.DeviceReached("card"))
    assert given(play) == [("card", 1, True)]


def test_with_nobody_left_the_frame_has_failed_at_once() -> None:
    play = farm(gpu("one"), gpu("two"), one=8, two=8)
    orders = begin(play, frames=2)
    play.fail(orders["one"], full("one"))
    frame = play.frame(orders["one"].frame)
    assert frame.state is FrameState.FAILED
    assert [one.fault.kind for one in frame.failures] == [FaultKind.GPU_MEMORY]


def test_it_is_no_failed_try_while_somebody_is_left() -> None:
    play = farm(*(gpu(f"d{n}") for n in range(6)), **{f"d{n}": 8 + n for n in range(6)})
    play.add(frames=[1])
    tried = []
    for _ in range(5):
        ((device, order),) = ready(play).items()
        tried.append(device)
        play.fail(order, full(device))
    assert tried == ["d0", "d1", "d2", "d3", "d4"]
    assert [start.slot.device for start in play.starts()] == ["d5"]
    play.ready(play.starts()[0].run)
    play.finish(play.orders()[0])
    assert play.job().state is JobState.DONE


def test_the_job_does_not_wait_for_a_larger_one_that_does_not_come_back() -> None:
    play = farm(gpu("small"), gpu("large"), small=8, large=24)
    play.tell(ev.DeviceLost("large", LINK_LOST))
    play.fail(begin(play)["small"], full("small"))
    assert play.frame(1).state is FrameState.WAITING
    play.tell(ev.Tick(), after=61)
    assert play.frame(1).state is FrameState.FAILED
    assert play.job().state is JobState.FAILED


def test_frames_that_fit_go_on_beside_it() -> None:
    play = farm(gpu("card", cpu_fallback=True), card=8)
    order = begin(play, frames=3)["card"]
    play.fail(order, full("card"))
    assert all(not one.on_cpu for one in play.orders() if one.frame != order.frame)


def test_other_failures_count_as_ever() -> None:
    play = farm(gpu("card", cpu_fallback=True), card=8)
    play.fail(begin(play)["card"], full("card"))
    for _ in range(3):
        play.fail(play.orders()[0], RENDER_ERROR)
    assert play.frame(1).state is FrameState.FAILED


@pytest.mark.parametrize("engine", ["BLENDER_EEVEE", "BLENDER_WORKBENCH"])
def test_no_cpu_helps_an_engine_that_draws_with_a_gpu(engine: str) -> None:
    play = farm(gpu("card", cpu_fallback=True), DeviceSpec("cores", compute="CPU"), card=8, cores=8)
    play.add(frames=[1], engine=engine)
    ((device, order),) = ready(play).items()
    play.fail(order, full(device))
    assert (given(play), play.starts()) == ([], [])
    assert play.frame(1).state is FrameState.FAILED
    assert play.job().state is JobState.FAILED


def test_such_a_frame_still_goes_to_a_larger_gpu() -> None:
    small, large = gpu("small", cpu_fallback=True), gpu("large", cpu_fallback=True)
    play = farm(small, large, small=8, large=24)
    play.add(frames=[1], engine="BLENDER_EEVEE")
    play.fail(ready(play)["small"], full("small"))
    play.ready(play.starts()[0].run)
    assert given(play) == [("large", 1, False)]


@given_any(
    engine=st.sampled_from(["", "CYCLES", "BLENDER_EEVEE"]),
    devices=st.lists(ANY_DEVICE, min_size=1, max_size=4),
)
def test_a_frame_for_which_nobody_has_room_comes_to_an_end(
    engine: str, devices: list[tuple[str | None, bool, int | None]]
) -> None:
    """Whatever devices say that a GPU's memory was too little for, even one that used its CPU."""
    specs = [
        DeviceSpec(f"d{at}", compute=compute, cpu_fallback=fallback)
        for at, (compute, fallback, _) in enumerate(devices)
    ]
    play = farm(*specs, **{f"d{at}": size for at, (_, _, size) in enumerate(devices) if size})
    play.add(frames=[1], engine=engine)
    tries = 0
    while play.job().state is JobState.ACTIVE:
        for start in play.starts():
            play.ready(start.run)
        if orders := play.orders():
            play.fail(orders[0], full(play.run(orders[0].run).slot.device))
            tries += 1
        else:
            play.tell(ev.Tick(), after=61)
        assert tries <= len(devices) + blame.FRAME_TRIES
    assert play.job().state is JobState.FAILED
