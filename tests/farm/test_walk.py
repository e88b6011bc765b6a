"""Random walks through a pretended world: whatever happens, no frame is lost or doubled."""

from __future__ import annotations

from random import Random

import pytest

from blendtui.farm import events as ev
from blendtui.farm.model import DeviceSpec, FrameState, JobSpec
from tests.support.world import World

FIRST, SECOND = tuple(range(1, 21)), tuple(range(30, 50))


def walked(seed: int) -> World:
    """A farm with two jobs, after some hundred random happenings and a quiet time."""
    chance = Random(seed)
    spoiled = frozenset(chance.sample(FIRST, chance.choice([0, 0, 1, 3])))
    world = World(chance, spoiled)
    walk(world, chance, JobSpec("first", "a.blend", FIRST))
    return world


def walk(world: World, chance: Random, first: JobSpec) -> None:
    """Let some hundred things happen to a job of frames FIRST, named "first", and another one."""
    world.tell(ev.DevicesSet(_devices(chance)))
    for device in list(world.scheduler.farm.devices):
        world.reach(device)
    world.tell(ev.JobAdded(first))
    world.tell(ev.JobAdded(JobSpec("second", "b.blend", SECOND, priority=chance.choice([50, 60]))))
    for _ in range(chance.randrange(300)):
        world.now += chance.choice([0, 1, 1, 30])
        _happen(world, chance)
    world.tell(ev.JobResumed("first"))
    for device in list(world.scheduler.farm.devices):
        world.reach(device)
    world.settle()


def _devices(chance: Random) -> tuple[DeviceSpec, ...]:
    return tuple(
        DeviceSpec(f"d{number}", slots=chance.choice([1, 2]), performance=chance.choice([1, 3]))
        for number in range(chance.choice([1, 2, 4]))
    )


def _happen(world: World, chance: Random) -> None:
    device = chance.choice(list(world.scheduler.farm.devices))
    runs = list(world.blenders)
    kind = chance.random()
    if kind < 0.4:
        world.perform()
    elif kind < 0.8 and runs:
        (world.work if kind < 0.6 else world.read)(chance.choice(runs))
    elif kind < 0.83:
        world.lose(device)
    elif kind < 0.88:
        world.reach(device)
    elif kind < 0.9 and runs:
        world.kill(chance.choice(runs))
    elif kind < 0.91:
        world.tell(ev.JobPaused("first"))
    elif kind < 0.93:
        world.tell(ev.JobResumed("first"))
    elif kind < 0.94:
        world.tell(ev.JobPrioritized("first", chance.randrange(100)))
    else:
        world.tell(ev.Tick())


@pytest.mark.parametrize("seed", range(150))
def test_every_frame_ends_on_the_share_once_or_failed_for_its_own_reason(seed: int) -> None:
    world = walked(seed)
    for job in world.scheduler.farm.jobs.values():
        for frame in world.scheduler.farm.frames[job.name].values():
            copies = world.share.get((job.name, frame.number), 0)
            assert copies == (1 if frame.state is FrameState.DONE else 0), frame
            assert frame.state is not FrameState.FAILED or frame.number in world.spoiled, frame
            assert frame.state is not FrameState.WAITING or job.fault is not None, job


def test_the_same_happenings_give_the_same_decisions() -> None:
    first, second = walked(7), walked(7)
    assert first.share == second.share
    assert first.now == second.now
