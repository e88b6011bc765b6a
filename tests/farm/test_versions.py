"""Which Blender a job is rendered with: one for all its frames, whatever devices come and go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.farm import decisions as do
from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, JobState
from blendtui.farm.scheduler import Scheduler
from blendtui.farm.versions import minor_of, rank
from blendtui.wording import explain
from tests.support.playbook import LINK_LOST, Playbook


def farm(**devices: str) -> Playbook:
    """Make a farm of reached devices with the Blenders that are named, with spaces between."""
    play = Playbook()
    play.tell(ev.DevicesSet(tuple(DeviceSpec(name) for name in devices)))
    for name, versions in devices.items():
        play.tell(ev.DeviceSurveyed(name, frozenset(versions.split())))
        play.tell(ev.DeviceReached(name))
    return play


def started(play: Playbook) -> list[str]:
    return sorted({run.slot.device for run in play.scheduler.farm.runs.values()})


def warned(play: Playbook) -> list[str]:
    return [explain(fault).what for fault in play.job().warnings]


class TestChoosing:
    @pytest.mark.parametrize(
        ("written", "chosen", "devices"),
        [
            ("4.2", "4.2", ["both", "new"]),
            ("3.4", "3.4", ["both", "old"]),
            ("4.1", "4.2", ["both", "new"]),
            ("4.3", "5.0", ["newest"]),
            ("2.93", "3.4", ["both", "old"]),
        ],
    )
    def test_it_is_the_one_that_wrote_the_file_or_the_nearest_newer(
        self, written: str, chosen: str, devices: list[str]
    ) -> None:
        play = farm(old="3.4.1", new="4.2.3", both="3.4.1 4.2.1", newest="5.0.1")
        play.add(written_by=written)
        assert (play.job().blender, started(play)) == (chosen, devices)

    def test_another_version_and_devices_left_out_are_warned_of(self) -> None:
        play = farm(old="3.4.1", new="4.2.3")
        play.add(written_by="4.1")
        assert warned(play) == [
            "The file was saved with Blender 4.1; all its frames are rendered with 4.2.",
            "All frames are rendered with Blender 4.2, so these devices are left out: old (3.4.1).",
        ]

    def test_the_files_own_version_on_all_devices_is_nothing_to_warn_of(self) -> None:
        play = farm(one="4.2.3", two="4.2.1 5.0.0")
        play.add(written_by="4.2")
        assert warned(play) == []

    def test_an_older_one_is_never_taken_and_the_reason_is_said(self) -> None:
        play = farm(old="3.4.1", older="2.93.0")
        play.add(written_by="5.0")
        assert started(play) == []
        play.tell(ev.Tick())
        assert play.job().is_stuck
        reasons = [note.fault.fact("reason") for note in play.notes if note.fault]
        assert reasons == [
            "the file was saved with Blender 5.0, and needs that or a newer one, "
            "and the devices have 2.93, 3.4"
        ]

    @pytest.mark.parametrize("kind", [FaultKind.BLENDER_VERSION, FaultKind.NO_CAMERA])
    def test_a_version_that_only_a_device_had_which_is_kept_from_the_job_is_given_up(
        self, kind: FaultKind
    ) -> None:
        play = farm(liar="4.2.0", honest="4.5.1")
        play.add(written_by="4.2")
        assert (play.job().blender, started(play)) == ("4.2", ["liar"])
        play.tell(ev.RunFailed(play.starts()[0].run, Fault.of(kind, device="liar")))
        assert (play.job().state, play.job().blender) == (JobState.ACTIVE, "4.5")
        assert [start.run for start in play.starts()] == ["honest.1.2"]

    def test_so_it_is_after_three_starts_that_failed(self) -> None:
        play = farm(liar="4.2.0", honest="4.5.1")
        play.add(written_by="4.2")
        run = play.starts()[0].run
        for _ in range(3):
            play.tell(ev.RunFailed(run, Fault.of(FaultKind.BLEND_NOT_OPENED, device="liar")))
            play.tell(ev.Tick(), after=60.0)
            run = play.starts()[0].run if play.starts() else ""
        assert (play.job().state, play.job().blender) == (JobState.ACTIVE, "4.5")

    def test_a_version_that_frames_came_from_stays(self) -> None:
        play = farm(first="4.2.0", second="4.5.1")
        play.add(written_by="4.2")
        run = play.starts()[0].run
        play.tell(ev.RunReady(run, "4.2.0"))
        play.finish(play.orders()[0])
        play.tell(ev.RunEnded(run, Fault.of(FaultKind.ENGINE_MISSING, device="first")))
        assert (play.job().state, play.job().blender) == (JobState.FAILED, "4.2")

    def test_a_job_that_waits_goes_on_when_a_device_gets_such_a_blender(self) -> None:
        play = farm(old="3.4.1")
        play.add(written_by="5.0")
        play.tell(ev.Tick())
        play.tell(ev.DeviceSurveyed("old", frozenset({"3.4.1", "5.0.1"})))
        assert (play.job().blender, started(play)) == ("5.0", ["old"])

    @pytest.mark.parametrize(
        ("wanted", "chosen", "devices"),
        [("5", "5.0", ["newest"]), ("3.4", "3.4", ["old"]), ("4.2.3", "4.2", ["new"])],
    )
    def test_what_job_toml_wants_goes_before_the_file(
        self, wanted: str, chosen: str, devices: list[str]
    ) -> None:
        play = farm(old="3.4.1", new="4.2.3", other="4.2.1", newest="5.0.1")
        play.add(written_by="4.2", blender=wanted)
        assert (play.job().blender, started(play)) == (chosen, devices)

    def test_a_file_of_unknown_version_still_comes_from_one(self) -> None:
        play = farm(old="3.4.1", one="4.2.3", two="4.2.1")
        play.add()
        assert (play.job().blender, started(play)) == ("4.2", ["one", "two"])

    def test_the_files_own_version_may_still_come_with_a_device_that_was_not_tried_yet(
        self,
    ) -> None:
        play = Playbook()
        play.tell(ev.DevicesSet((DeviceSpec("first"), DeviceSpec("second"), DeviceSpec("off"))))
        play.tell(ev.DeviceSurveyed("first", frozenset({"5.0.1"})))
        play.tell(ev.DeviceReached("first"))
        play.add(written_by="4.2")
        assert started(play) == []
        play.tell(ev.DeviceLost("off", LINK_LOST))
        assert started(play) == []
        play.tell(ev.DeviceSurveyed("second", frozenset({"4.2.0"})))
        play.tell(ev.DeviceReached("second"))
        assert (play.job().blender, started(play)) == ("4.2", ["second"])

    def test_devices_out_of_reach_are_not_waited_for(self) -> None:
        play = Playbook()
        play.tell(ev.DevicesSet((DeviceSpec("first"), DeviceSpec("off"))))
        play.tell(ev.DeviceSurveyed("first", frozenset({"5.0.1"})))
        play.tell(ev.DeviceReached("first"))
        play.add(written_by="4.2")
        play.tell(ev.DeviceLost("off", LINK_LOST))
        assert (play.job().blender, started(play)) == ("5.0", ["first"])


class TestKeeping:
    def test_a_better_one_that_comes_later_changes_nothing(self) -> None:
        play = farm(one="5.0.1")
        play.add(written_by="4.2")
        play.tell(ev.DevicesSet((DeviceSpec("one"), DeviceSpec("two"))))
        play.tell(ev.DeviceSurveyed("two", frozenset({"4.2.3"})))
        play.tell(ev.DeviceReached("two"))
        assert (play.job().blender, started(play)) == ("5.0", ["one"])

    def test_it_is_kept_over_a_restart(self) -> None:
        play = farm(one="5.0.1")
        play.add(written_by="4.2")
        old = play.scheduler.farm
        play.scheduler = Scheduler()
        frames = old.frames["shot"].values()
        play.scheduler.restore([(old.jobs["shot"], frames)], [], [], [], last_run=9)
        play.tell(ev.DevicesSet((DeviceSpec("two"),)))
        play.tell(ev.DeviceSurveyed("two", frozenset({"4.2.3"})))
        play.tell(ev.DeviceReached("two"))
        assert (play.job().blender, started(play)) == ("5.0", [])

    def test_a_retry_chooses_anew_only_as_long_as_no_frame_is_there(self) -> None:
        play = farm(one="5.0.1")
        play.add(written_by="4.2")
        run = play.starts()[0].run
        play.tell(ev.RunFailed(run, Fault.of(FaultKind.ENGINE_MISSING, engine="X")))
        assert play.job().state is JobState.FAILED
        play.tell(ev.DeviceSurveyed("one", frozenset({"4.2.3"})))
        play.tell(ev.JobRetried("shot"))
        assert play.job().blender == "4.2"


class TestDevicesOfWhichNothingIsKnown:
    def test_the_first_blender_that_is_up_decides(self) -> None:
        play = farm(one="", two="")
        play.add(written_by="4.2")
        first, second = (start.run for start in play.starts())
        play.tell(ev.RunReady(first, "5.0.1"))
        assert play.job().blender == "5.0"
        assert play.orders()
        play.tell(ev.RunReady(second, "4.2.3"))
        assert do.StopRun(second) in play.decisions
        assert play.orders() == []
        fault = play.scheduler.farm.devices["two"].set_aside["shot"]
        assert explain(fault).what == (
            "two: the Blender that came up is 4.2.3, and the job is rendered with 5.0."
        )

    def test_what_a_blender_calls_itself_is_the_version_that_was_found(self) -> None:
        play = farm(one="4.2.23")
        play.add(written_by="4.2")
        play.tell(ev.RunReady(play.starts()[0].run, "4.2.23 LTS"))
        assert play.orders()
        assert play.scheduler.farm.devices["one"].blenders == {"4.2.23"}

    def test_a_device_may_call_its_blender_anything(self) -> None:
        for told in ("", " ", "\t \n", "LTS", "..", "4", "é.4"):
            play = farm(one="")
            play.add(written_by="4.2")
            play.tell(ev.RunReady(play.starts()[0].run, told))
            assert play.orders() == [] or told.strip() == ""

    def test_an_older_one_is_refused_and_nothing_is_decided_by_it(self) -> None:
        play = farm(one="", two="")
        play.add(written_by="4.2")
        first, second = (start.run for start in play.starts())
        play.tell(ev.RunReady(first, "3.4.1"))
        assert (play.job().blender, play.orders()) == ("", [])
        play.tell(ev.RunReady(second, "4.2.3"))
        assert play.job().blender == "4.2"

    def test_what_was_set_aside_for_its_version_is_tried_again_with_another_one(self) -> None:
        play = farm(one="")
        play.add(written_by="4.2")
        run = play.starts()[0].run
        play.tell(ev.RunReady(run, "3.4.1"))
        play.tell(ev.RunEnded(run))
        play.tell(ev.DeviceSurveyed("one", frozenset({"4.2.0"})))
        assert [start.slot.device for start in play.starts()] == ["one"]


_VERSIONS = st.sampled_from(["2.93.1", "3.4.1", "3.6.2", "4.2.0", "4.2.9", "5.0.1", ""])


@given(
    devices=st.lists(st.sets(_VERSIONS, max_size=3), min_size=1, max_size=5),
    written=st.sampled_from(["", "2.93", "3.5", "4.2", "5.1"]),
    order=st.permutations(range(5)),
)
def test_all_frames_come_from_one_version_which_is_never_older(
    devices: list[set[str]], written: str, order: list[int]
) -> None:
    """Whatever devices have, known or not, in whichever order their Blenders come up."""
    play = farm(**{f"d{n}": " ".join(found - {""}) for n, found in enumerate(devices)})
    play.add(written_by=written, frames=range(30))
    runs = list(play.scheduler.farm.runs.values())
    used = set()
    for at in order:
        if at < len(runs):
            run = runs[at]
            device = play.scheduler.farm.devices[run.slot.device]
            wanted = play.job().blender
            known = sorted(one for one in device.blenders if minor_of(one) == wanted)
            version = known[0] if known else ["3.4.1", "4.2.0", "5.2.0"][at % 3]
            play.tell(ev.RunReady(run.id, version))
            if any(order.run == run.id for order in play.orders()):
                used.add(minor_of(version))
    assert used <= {play.job().blender}
    assert not written or all(rank(one) >= rank(written) for one in used)
