"""The kinds of faults: how each begins, and how it is over."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from blendtui.locks import FILE
from tests.lab import damage
from tests.lab.hosts import Host, until
from tests.lab.lab import Lab

FOR_GOOD = 1e9
"""A fault that lasts until the job is done without what it struck."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned fault: seconds from the start, how long it lasts, whom it strikes, a choice."""

    kind: str
    at: float
    lasts: float
    host: int = 0
    choice: int = 0

    def __str__(self) -> str:
        where = f" host{self.host}" if KINDS[self.kind].target == "host" else ""
        lasts = "for good" if self.lasts == FOR_GOOD else f"{self.lasts:g} s"
        return f"{self.at:5.1f} s  {self.kind}{where} (#{self.choice}, {lasts})"


@dataclass(frozen=True, slots=True)
class Kind:
    """`begin` says whether the fault really happened; `target` can have one fault at a time.

    `quick` are the times that it may last, in seconds, where all must be over soon; `lasts` all.
    It can be ended only when no fault of another kind lasts for the targets in `after`.
    """

    target: str
    lasts: tuple[float, ...]
    quick: tuple[float, ...]
    begin: Callable[[Lab, Fault], bool]
    end: Callable[[Lab, Fault], None]
    after: frozenset[str] = frozenset()

    def waits_for(self, own: Fault, other: Fault) -> bool:
        """Whether its own fault can't be ended as long as the other one lasts."""
        target = KINDS[other.kind].target
        is_apart = target == "host" and other.host != own.host
        return target in self.after and other.kind != own.kind and not is_apart


class InTheWayError(Exception):
    """A fault could not be ended just now: a user would try again later."""


def _host(lab: Lab, fault: Fault) -> Host:
    return lab.hosts[fault.host]


def _nothing(lab: Lab, fault: Fault) -> None:
    """It is over by itself."""


# the workstation


def _kill_watcher(lab: Lab, fault: Fault) -> bool:
    was = lab.workstation.is_watching
    lab.workstation.kill()
    return was


def _start_watcher(lab: Lab, fault: Fault) -> None:
    if not lab.workstation.is_watching:
        lab.workstation.watch()


def _move_clock(lab: Lab, fault: Fault) -> bool:
    """Set the time of day, for a watcher that runs and, every other time, for one that starts."""
    clock = lab.workstation.clock
    clock.move((-3600, 3600, -86_400, 400 * 86_400)[fault.choice % 4])
    if fault.choice >= 4:
        lab.workstation.kill()
        lab.workstation.watch()
    return clock.is_here


def _set_clock_right(lab: Lab, fault: Fault) -> None:
    lab.workstation.clock.move(0)


def _second_watcher(lab: Lab, fault: Fault) -> bool:
    """Start another one beside the first, or both at once, on the same or another state folder."""
    station = lab.workstation
    if not station.is_watching:
        return False
    # On another state folder it knows of the first one only by the share, which must be there.
    elsewhere = fault.choice % 2 and (lab.share / FILE).exists()
    state = lab.root / "other-state" if elsewhere else None
    if fault.choice >= 4:
        station.kill()
    second = station.start("--watch", state=state)
    if fault.choice >= 4:
        station.watch()
    _let_one_go(lab, second)
    return True


def _let_one_go(lab: Lab, second: subprocess.Popen[bytes]) -> None:
    """Wait until one of two watchers has left by itself; the second is not to stay either."""
    station = lab.workstation
    try:
        until(lambda: second.poll() is not None or not station.is_watching, 180)
    except AssertionError:
        lab.complaints.append("two watchers run for one share")
    expected = [2]
    if second.poll() is None:
        second.terminate()
        expected = [0, 2, -signal.SIGTERM]  # the last before it could listen
    if second.wait(120) not in expected:
        lab.complaints.append(f"a second watcher gave {second.returncode}")


def _fill_store(lab: Lab, fault: Fault) -> bool:
    lab.workstation.state.fill()
    return True


def _empty_store(lab: Lab, fault: Fault) -> None:
    lab.workstation.state.empty()


def _rewrite_config(lab: Lab, fault: Fault) -> bool:
    station = lab.workstation
    match fault.choice % 4:
        case 0:
            station.write_text("[devices.host0\nnot TOML")
        case 1:
            station.write_config(lab.hosts, {"settle": 0.2}, slots=2)
        case 2:
            station.write_config(lab.hosts[1:], {"settle": 0.2})
        case _:
            station.write_config(lab.hosts, {"settle": 0.5, "policy": "fair"}, performance=3.0)
    return True


def _write_config_back(lab: Lab, fault: Fault) -> None:
    lab.configure()


# the share


def _fill_share(lab: Lab, fault: Fault) -> bool:
    lab.workstation.share.fill()
    return True


def _empty_share(lab: Lab, fault: Fault) -> None:
    lab.workstation.share.empty()


def _lock_share(lab: Lab, fault: Fault) -> bool:
    return lab.workstation.share.lock()


def _unlock_share(lab: Lab, fault: Fault) -> None:
    lab.workstation.share.unlock()


def _disconnect_share(lab: Lab, fault: Fault) -> bool:
    lab.workstation.share.disconnect()
    return True


def _connect_share(lab: Lab, fault: Fault) -> None:
    if not lab.workstation.places.mounted.exists():
        # To a watcher that never saw it mounted the empty folder is a share like any other.
        (lab.share / FILE).unlink(missing_ok=True)
    strange = [path.name for path in lab.share.iterdir()]
    if strange:
        lab.complaints.append(f"written where the share was mounted: {strange}")
    lab.workstation.share.connect()


# hosts


def _unplug(lab: Lab, fault: Fault) -> bool:
    _host(lab, fault).cable.unplug()
    return True


def _plug(lab: Lab, fault: Fault) -> None:
    _host(lab, fault).cable.plug()


def _way(fault: Fault) -> str:
    return ("in", "out")[fault.choice % 2]


def _drop_packets(lab: Lab, fault: Fault) -> bool:
    _host(lab, fault).cable.drop(_way(fault))
    return True


def _pass_packets(lab: Lab, fault: Fault) -> None:
    _host(lab, fault).cable.pass_again(_way(fault))


def _slow(lab: Lab, fault: Fault) -> bool:
    _host(lab, fault).cable.slow(("200kbit", "2mbit")[fault.choice % 2])
    return True


def _fast(lab: Lab, fault: Fault) -> None:
    _host(lab, fault).cable.fast()


def _stop_sshd(lab: Lab, fault: Fault) -> bool:
    _host(lab, fault).stop_sshd()
    return True


def _start_sshd(lab: Lab, fault: Fault) -> None:
    _host(lab, fault).start_sshd()


def _change_key(lab: Lab, fault: Fault) -> bool:
    host = _host(lab, fault)
    host.new_host_key()
    host.stop_sshd()
    host.start_sshd()
    return True


def _trust_key(lab: Lab, fault: Fault) -> None:
    """Trust the new key with the command that users have for it."""
    name = _host(lab, fault).name
    done = lab.workstation.run("devices", "trust", name, "--yes")
    if done.returncode != 0:
        raise InTheWayError(f"{name} could not be trusted: {done.stderr}")


def _kill_blender(lab: Lab, fault: Fault) -> bool:
    return _host(lab, fault).signal("blender", signal.SIGKILL) > 0


def _stop_blender(lab: Lab, fault: Fault) -> bool:
    return _host(lab, fault).signal("blender", signal.SIGSTOP) > 0


def _continue_blender(lab: Lab, fault: Fault) -> None:
    if fault.lasts != FOR_GOOD:
        _host(lab, fault).signal("blender", signal.SIGCONT)


def _crash(lab: Lab, fault: Fault) -> bool:
    """Reset it, or have the current fail: then nobody on the network hears of it."""
    host = _host(lab, fault)
    if fault.choice % 2:
        host.cable.unplug()
    host.crash()
    return True


def _boot(lab: Lab, fault: Fault) -> None:
    host = _host(lab, fault)
    host.boot()
    host.cable.plug()


def _fill_device(lab: Lab, fault: Fault) -> bool:
    _host(lab, fault).disk.fill()
    return True


def _empty_device(lab: Lab, fault: Fault) -> None:
    _host(lab, fault).disk.empty()


LONG = (2.0, 10.0, 30.0)
SHORT = (1.0, 3.0)

KINDS: dict[str, Kind] = {
    "watcher-killed": Kind("watcher", (0.1, 1.0, 5.0), (0.1, 1.0), _kill_watcher, _start_watcher),
    "clock-moved": Kind("watcher", (3.0, 15.0), SHORT, _move_clock, _set_clock_right),
    "two-watchers": Kind("watcher", (0.1,), (0.1,), _second_watcher, _nothing),
    "store-full": Kind("state", (3.0, 10.0), SHORT, _fill_store, _empty_store),
    "devices-toml": Kind("config", (1.0, 5.0, 15.0), SHORT, _rewrite_config, _write_config_back),
    "share-full": Kind("share", (2.0, 10.0), SHORT, _fill_share, _empty_share),
    "share-read-only": Kind("share", (2.0, 10.0), SHORT, _lock_share, _unlock_share),
    "share-unmounted": Kind("share", (2.0, 10.0), SHORT, _disconnect_share, _connect_share),
    "cut-off": Kind("host", (2.0, 30.0, FOR_GOOD), (2.0,), _unplug, _plug),
    "one-way": Kind("host", LONG, (2.0,), _drop_packets, _pass_packets),
    "slowed": Kind("host", (10.0,), (5.0,), _slow, _fast),
    "sshd-restarted": Kind("host", (0.1, 3.0), (0.1, 1.0), _stop_sshd, _start_sshd),
    "host-key-changed": Kind(
        "host",
        (1.0, 5.0),
        (0.5,),
        _change_key,
        _trust_key,
        after=frozenset({"host", "state", "config"}),
    ),
    "blender-killed": Kind("host", (0.1,), (0.1,), _kill_blender, _nothing),
    "blender-stopped": Kind(
        "host", (3.0, 12.0, FOR_GOOD), (3.0,), _stop_blender, _continue_blender
    ),
    "rebooted": Kind("host", (1.0, 8.0), (0.5, 2.0), _crash, _boot),
    "device-disk-full": Kind("host", (2.0, 10.0), SHORT, _fill_device, _empty_device),
    "work-dir-deleted": Kind("host", (0.1,), (0.1,), damage.delete_work_dir, _nothing),
    "output-altered": Kind("host", (0.1,), (0.1,), damage.alter_output, _nothing),
    "log-cut": Kind("host", (0.1,), (0.1,), damage.cut_log, _nothing),
    "order-half-written": Kind("host", (0.1,), (0.1,), damage.halve_order, _nothing),
}
