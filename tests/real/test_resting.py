"""Devices have hours, sleep when there is nothing to do, and are woken when there is."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from blendtui.engine.power import WAKE_AGAIN, magic_packet
from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]

MAC = "00:1a:2b:3c:4d:5e"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(60)
        yield made


def _state(farm: Farm) -> dict[str, Any]:
    shown = json.loads(farm.run("status", "--json").stdout)["devices"]
    return {device["name"]: device for device in shown}


def _renderers(farm: Farm, job: str) -> set[str]:
    return farm.until(lambda views: {one.device for one in views.attempts(job)})


def _not_now() -> str:
    """Give a day of the week that is neither today, nor yesterday, nor tomorrow."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return days[(time.localtime().tm_wday + 3) % 7]


def test_a_device_renders_in_its_hours_only() -> None:
    with Farm(own={0: {"hours": _not_now()}}) as farm:
        farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-4"})
        farm.watch()
        farm.done("shot", 4)
        assert _renderers(farm, "shot") == {"host1"}
        assert _state(farm)["host0"]["resting"] is True
        assert "host0   outside its hours" in farm.run("status").stdout
        farm.own = {0: {"hours": "mon-sun"}, 1: {"hours": _not_now()}}
        farm.write_config()
        farm.until(lambda views: {one.name: one.spec.resting for one in views.devices()}
                   == {"host0": False, "host1": True})  # fmt: skip
        farm.drop("again.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
        farm.done("again", 2)
        assert _renderers(farm, "again") == {"host0"}


def test_an_idle_device_goes_to_sleep_and_is_woken_for_work(listener: socket.socket) -> None:
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    with Farm(devices=1) as farm:
        pids = farm.root / "sshd.pid"
        pids.write_text(str(farm.servers[0].pid))
        # What it does to SSH is what a suspended computer does: all connections are gone.
        sleep = (
            f"echo asleep > {farm.root}/asleep; pkill -KILL -P $(cat {pids}); kill $(cat {pids})"
        )
        farm.write_config(idle_command=sleep, idle_after=1, mac=MAC, wake_address=address)
        farm.watch()
        farm.until(lambda _: (farm.root / "asleep").exists())
        farm.until(lambda views: not views.devices()[0].contact)
        assert "went to sleep" in _state(farm)["host0"]["problem"]
        farm.until(lambda _: "goes to sleep" in farm.printed())
        farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-3"})
        packet, _ = listener.recvfrom(1000)
        assert packet == magic_packet(MAC)
        farm.config.write_text(
            farm.config.read_text().replace("idle_after = 1", "idle_after = 600")
        )
        farm.servers[0].restart()
        farm.done("shot", 3)
        farm.until(lambda _: "host0: is woken, for there is work." in farm.printed())


def test_a_device_that_is_not_needed_is_not_woken(listener: socket.socket) -> None:
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    own = {1: {"mac": MAC, "wake_address": address, "performance": 5.0}}
    with Farm(own=own) as farm:
        farm.servers[1].kill()
        farm.watch()
        farm.until(lambda views: [one.name for one in views.devices() if one.contact] == ["host0"])
        listener.settimeout(2 * WAKE_AGAIN / 10)
        with pytest.raises(TimeoutError):
            listener.recvfrom(1000)


def test_a_command_that_fails_is_said_with_its_words() -> None:
    with Farm(devices=1, idle_command="echo no rights >&2; exit 5", idle_after=1) as farm:
        farm.watch()
        farm.until(
            lambda _: "its idle_command failed: it ended with 5: no rights" in farm.printed()
        )
        assert _state(farm)["host0"]["connected"]
