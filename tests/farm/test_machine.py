"""Whatever happens in whatever order: a machine makes it happen and holds the promises."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.events import Event
from blendtui.farm.model import (
    DeviceMode,
    DeviceSpec,
    FrameState,
    JobSpec,
    JobState,
    Policy,
    RunState,
    Sharing,
)
from blendtui.farm.scheduler import Scheduler
from tests.support.world import World

TAGS = st.sampled_from([frozenset[str](), frozenset({"gpu"})])
DEVICES = st.lists(
    st.builds(
        lambda slots, performance, tags, limit: (slots, performance, tags, limit),
        st.integers(1, 3),
        st.sampled_from([0.1, 1.0, 4.0]),
        TAGS,
        st.sampled_from([None, 3]),
    ),
    min_size=1,
    max_size=4,
)
FRAMES = st.frozensets(st.integers(1, 60), min_size=1, max_size=30)
POLICIES = st.builds(
    Policy,
    share=st.sampled_from(Sharing),
    overdue=st.just(4.0),
)


class Recorder(World):
    """A world that writes down all that the scheduler was told and what it answered."""

    def __init__(self, chance: Random, spoiled: frozenset[int]) -> None:
        super().__init__(chance, spoiled)
        self.story: list[tuple[Event, float, tuple[do.Decision, ...]]] = []

    def tell(self, event: Event) -> None:
        known = len(self.pending)
        super().tell(event)
        decided = tuple(self.pending[known:])
        self.story.append((event, self.now, decided))
        for decision in decided:
            if isinstance(decision, do.OrderFrame | do.StartRun):
                self._hold_allowed(event, decision)

    def _hold_allowed(self, event: Event, decision: do.OrderFrame | do.StartRun) -> None:
        farm = self.scheduler.farm
        run = farm.runs[decision.run]
        device = farm.devices[run.slot.device]
        if not isinstance(event, ev.DeviceReached | ev.Tick):
            assert device.may_render(farm.jobs[run.job]), decision


class Farming(RuleBasedStateMachine):
    """Jobs and devices come, go, fail and are steered, with time passing in leaps."""

    @initialize(seed=st.integers(0, 2**16), devices=DEVICES, policy=POLICIES)
    def begin(
        self,
        seed: int,
        devices: list[tuple[int, float, frozenset[str], int | None]],
        policy: Policy,
    ) -> None:
        chance = Random(seed)
        self.world = Recorder(chance, frozenset(chance.sample(range(1, 40), chance.choice([0, 2]))))
        self.specs = tuple(
            DeviceSpec(f"d{number}", slots, performance, tags | {"any"}, restart_after=limit)
            for number, (slots, performance, tags, limit) in enumerate(devices)
        )
        self.jobs = 0
        self.world.tell(ev.PolicySet(policy))
        self.world.tell(ev.DevicesSet(self.specs))
        for spec in self.specs:
            self.world.reach(spec.name)
        self.add_job(12, 50, frozenset())

    @precondition(lambda self: self.jobs < 4)
    @rule(frames=st.integers(1, 40), priority=st.sampled_from([50, 50, 60]), tags=TAGS)
    def add_job(self, frames: int, priority: int, tags: frozenset[str]) -> None:
        self.jobs += 1
        numbers = tuple(range(1, frames + 1))
        spec = JobSpec(f"job{self.jobs}", "a.blend", numbers, priority=priority, tags=tags)
        self.world.tell(ev.JobAdded(spec))

    @rule(turns=st.integers(1, 12), seconds=st.sampled_from([0.0, 0.5, 3.0]))
    def go_on(self, turns: int, seconds: float) -> None:
        world = self.world
        for _ in range(turns):
            world.now += seconds
            world.perform()
            for run in list(world.blenders):
                if world.chance.random() < 0.5:
                    world.work(run)
                if run in world.blenders and world.chance.random() < 0.7:
                    world.read(run)

    @rule(seconds=st.sampled_from([0.0, 1.0, 70.0, 4000.0, -30.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.world.now += seconds
        self.world.tell(ev.Tick())

    @rule(pick=st.integers(0, 3))
    def lose_a_device(self, pick: int) -> None:
        self.world.lose(self.specs[pick % len(self.specs)].name)

    @rule(pick=st.integers(0, 3))
    def reach_a_device(self, pick: int) -> None:
        self.world.reach(self.specs[pick % len(self.specs)].name)

    @rule(pick=st.integers(0, 11))
    def kill_a_blender(self, pick: int) -> None:
        runs = list(self.world.blenders)
        if runs:
            self.world.kill(runs[pick % len(runs)])

    @rule(
        pick=st.integers(1, 4),
        wish=st.sampled_from([ev.JobPaused, ev.JobResumed, ev.JobRetried, ev.JobCancelled]),
    )
    def steer_a_job(self, pick: int, wish: type[ev.JobPaused]) -> None:
        self.world.tell(wish(f"job{pick}"))

    @rule(pick=st.integers(1, 4), priority=st.integers(0, 100))
    def prioritize_a_job(self, pick: int, priority: int) -> None:
        self.world.tell(ev.JobPrioritized(f"job{pick}", priority))

    @rule(pick=st.integers(1, 4), frames=FRAMES)
    def set_a_jobs_frames(self, pick: int, frames: frozenset[int]) -> None:
        self.world.tell(ev.JobFramesSet(f"job{pick}", tuple(sorted(frames))))

    @rule(pick=st.integers(1, 4), frames=FRAMES)
    def want_frames_again(self, pick: int, frames: frozenset[int]) -> None:
        job, farm = f"job{pick}", self.world.scheduler.farm
        for number in frames & farm.frames.get(job, {}).keys():
            if farm.frames[job][number].state is FrameState.DONE:
                del self.world.share[(job, number)]
        self.world.tell(ev.FramesAgain(job, tuple(sorted(frames))))

    @rule(pick=st.integers(0, 3))
    def restart_a_devices_blenders(self, pick: int) -> None:
        self.world.tell(ev.DeviceRestart(self.specs[pick % len(self.specs)].name))

    @rule(pick=st.integers(0, 3), mode=st.sampled_from(DeviceMode))
    def switch_a_device(self, pick: int, mode: DeviceMode) -> None:
        self.world.tell(ev.DeviceModeSet(self.specs[pick % len(self.specs)].name, mode))

    @rule(pick=st.integers(0, 3), resting=st.booleans())
    def begin_or_end_a_devices_hours(self, pick: int, resting: bool) -> None:
        self.world.tell(ev.DeviceHours(self.specs[pick % len(self.specs)].name, resting))

    @invariant()
    def no_frame_is_done_twice(self) -> None:
        if hasattr(self, "world"):
            assert all(count == 1 for count in self.world.share.values())

    @invariant()
    def no_job_waits_with_nothing_under_way_while_a_slot_is_free(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.tell(ev.Tick())
        farm = self.world.scheduler.farm
        free = {
            device.name
            for device in farm.devices.values()
            for slot in device.slots()
            if device.contact and self._could_work(device.name, slot)
        }
        for job in farm.jobs.values():
            if job.state is not JobState.ACTIVE or not farm.waiting(job):
                continue
            able = [name for name in free if farm.devices[name].may_render(job)]
            able = [
                name
                for name in able
                if farm.devices[name].not_before.get(job.name, 0) <= self.world.now
            ]
            busy = any(
                run.is_current and (run.in_hand or run.rendering or run.state is not RunState.READY)
                for run in farm.runs_of(job.name)
            )
            coming = any(
                run.state is RunState.STOPPING and farm.devices[run.slot.device].may_render(job)
                for run in farm.current.values()
            )
            assert busy or coming or not able, job

    def _could_work(self, name: str, slot: object) -> bool:
        farm = self.world.scheduler.farm
        run = farm.current.get(slot)  # type: ignore[call-overload]
        return run is None or (
            run.state is RunState.READY and not run.in_hand and not run.rendering
        )

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        for spec in self.specs:
            world.tell(ev.DeviceModeSet(spec.name, DeviceMode.ON))
            world.tell(ev.DeviceHours(spec.name, False))
            world.reach(spec.name)
        for name, job in list(world.scheduler.farm.jobs.items()):
            world.tell(ev.JobResumed(name))
            if not any(job.spec.tags <= spec.tags for spec in self.specs):
                world.tell(ev.JobCancelled(name))
        world.settle()
        self._hold_the_end()
        self._hold_the_same_story()

    def _hold_the_end(self) -> None:
        world = self.world
        for name, job in world.scheduler.farm.jobs.items():
            for frame in world.scheduler.farm.frames[name].values():
                copies = world.share.get((name, frame.number), 0)
                assert copies == (1 if frame.state is FrameState.DONE else 0), frame
                assert frame.state is not FrameState.GIVEN, frame
                assert frame.state is not FrameState.FAILED or frame.number in world.spoiled, frame
                given_up = job.fault is not None or job.state is JobState.CANCELLED
                assert frame.state is not FrameState.WAITING or given_up, frame

    def _hold_the_same_story(self) -> None:
        again = Scheduler()
        for event, now, decided in self.world.story:
            assert again.handle(event, now).decisions == decided, event


TestFarming = Farming.TestCase
TestFarming.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    # A failure is told at once: its shrinking takes minutes, more than a test may take.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
