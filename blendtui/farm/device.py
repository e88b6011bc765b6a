"""A device and what the farm thinks of it. Only the rules change it."""

from __future__ import annotations

from dataclasses import dataclass, field

from blendtui.farm.faults import Fault
from blendtui.farm.model import DeviceMode, DeviceSpec, Job, SlotId
from blendtui.farm.start_times import StartTimes
from blendtui.farm.versions import may_render

LOST_AFTER = 60.0
"""Seconds without contact after which a device's frames are given to others."""


@dataclass(slots=True, eq=False)
class Device:
    """A device and what the farm thinks of it.

    `lost_since` is when contact ended, None while there is contact or never was. `troubles`
    counts failed starts in a row for a job, `failing` has the frames that failed in a row;
    `set_aside` has the jobs that it is kept from and why, `hindered` those that it tries again and
    again, and what somebody has to see to. `blenders` are the versions that it is
    known to have; empty where nobody knows, and any job may try. `gpu_memory` is that of its
    smallest card in bytes, None where it isn't known; it is not kept in the store.
    """

    spec: DeviceSpec
    contact: bool = False
    lost_since: float | None = None
    fault: Fault | None = None
    troubles: dict[str, int] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)
    set_aside: dict[str, Fault] = field(default_factory=dict)
    hindered: dict[str, Fault] = field(default_factory=dict)
    mode: DeviceMode = DeviceMode.ON
    failing: dict[str, tuple[int, ...]] = field(default_factory=dict)
    start_times: StartTimes = field(default_factory=StartTimes)
    projects: dict[str, None] = field(default_factory=dict)
    blenders: frozenset[str] = frozenset()
    gpu_memory: int | None = None

    def __repr__(self) -> str:
        return f"<Device {self.name} contact={self.contact} set_aside={list(self.set_aside)}>"

    @property
    def name(self) -> str:
        """The name in devices.toml."""
        return self.spec.name

    def is_at_hand(self, now: float) -> bool:
        """Whether it is reached, was a moment ago, or is only about to be tried."""
        if self.contact or (self.lost_since is None and self.fault is None):
            return True
        return self.lost_since is not None and now - self.lost_since < LOST_AFTER

    def slots(self) -> list[SlotId]:
        """All its slots, in order."""
        return [SlotId(self.name, number + 1) for number in range(self.spec.slots)]

    def may_render(self, job: Job) -> bool:
        """Whether the device is allowed to take part in the job now."""
        return not self.spec.resting and self.fits(job)

    def fits(self, job: Job) -> bool:
        """Whether the device is allowed to take part in the job at all, at its hours."""
        return (
            self.spec.enabled
            and self.mode is DeviceMode.ON
            and self.is_wanted(job)
            and self.has_blender(job)
            and job.name not in self.set_aside
        )

    def is_wanted(self, job: Job) -> bool:
        """Whether the job's tags and names of devices mean this one."""
        named = not job.spec.devices or self.name in job.spec.devices
        return named and job.spec.tags <= self.spec.tags

    def forget(self, job: str) -> None:
        """Keep in mind nothing about a job that is over."""
        self.forgive(job)
        self.projects.pop(job, None)

    def forgive(self, job: str) -> None:
        """Forget what has failed of a job."""
        for record in (
            self.set_aside,
            self.hindered,
            self.troubles,
            self.not_before,
            self.failing,
        ):
            record.pop(job, None)

    def has_project(self, job: str) -> bool:
        """Whether a Blender of the device has had the job's project open."""
        return job in self.projects

    def has_blender(self, job: Job) -> bool:
        """Whether it has a Blender for the job; one of which nothing is known may have it."""
        return not self.blenders or any(may_render(job, one) for one in self.blenders)
