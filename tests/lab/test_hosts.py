"""The lab is what it says: hosts can be cut off, slowed, switched off, filled, and are back."""

from __future__ import annotations

import errno
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.hosts import until
from tests.lab.lab import Lab
from tests.lab.namespaces import needs_lab, user
from tests.support.sshd import needs_sshd

pytestmark = [needs_lab, needs_sshd]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as made:
        made.start()
        yield made


def says(lab: Lab, number: int, script: str = "echo hello", seconds: int = 30) -> str:
    """Have a host run something over SSH, from the workstation; nothing if it can't be reached."""
    station, host = lab.workstation, lab.hosts[number]
    options = ["-F", "none", "-i", str(station.key)]
    options += ["-o", f"ConnectTimeout={seconds}", "-o", "BatchMode=yes"]
    known = ["-o", f"UserKnownHostsFile={station.places.known_hosts}"]
    words = ["ssh", *options, *known, f"{user()}@{host.cable.address}", script]
    enter = lab.network.enter(lab.network.workstation)
    try:
        done = subprocess.run(
            [*enter, *words], capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip()


def is_silent(lab: Lab, number: int) -> bool:
    """Whether a host does not answer, as long as one waits that is known to be out of reach."""
    return says(lab, number, seconds=2) == ""


def test_each_host_has_processes_and_a_network_of_its_own(lab: Lab) -> None:
    assert says(lab, 0) == says(lab, 1) == "hello"
    assert says(lab, 0, "cat /proc/1/comm") == "sh"
    seen = says(lab, 1, "ls /proc | grep -c '^[0-9]'")
    assert int(seen) < 20


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_host_can_be_heard_or_spoken_to_only(lab: Lab, way: str) -> None:
    cable = lab.hosts[0].cable
    cable.drop(way)
    assert is_silent(lab, 0)
    assert says(lab, 1) == "hello"
    cable.pass_again(way)
    assert says(lab, 0) == "hello"


def test_a_cut_cable_is_told_to_nobody(lab: Lab) -> None:
    lab.hosts[0].cable.unplug()
    assert is_silent(lab, 0)
    lab.hosts[0].cable.plug()
    until(lambda: says(lab, 0) == "hello")


def test_a_slowed_host_takes_its_time(lab: Lab) -> None:
    lab.hosts[0].cable.slow("100kbit")
    assert len(says(lab, 0, "head -c 200000 /dev/zero | tr '\\0' x", seconds=2)) == 0
    lab.hosts[0].cable.fast()
    assert len(says(lab, 0, "head -c 200000 /dev/zero | tr '\\0' x", seconds=10)) == 200000


def test_a_crash_ends_all_processes_and_keeps_all_files(lab: Lab) -> None:
    host = lab.hosts[0]
    says(lab, 0, f"echo kept >{host.disk.folder}/file; sleep 500 >/dev/null 2>&1 </dev/null &")
    assert host.processes("sleep")
    host.crash()
    assert host.processes() == []
    assert is_silent(lab, 0)
    host.boot()
    assert says(lab, 0, f"cat {host.disk.folder}/file") == "kept"


def test_sshd_is_killed_with_its_connections_and_comes_back(lab: Lab) -> None:
    host = lab.hosts[0]
    host.stop_sshd()
    assert is_silent(lab, 0)
    host.start_sshd()
    assert says(lab, 0) == "hello"
    assert host.signal("sshd", signal.SIGCONT) >= 1


def test_disks_fill_lock_and_go_away(lab: Lab) -> None:
    share = lab.workstation.share
    (share.folder / "file").write_text("kept")
    share.fill()
    with pytest.raises(OSError) as full:
        (share.folder / "more").write_bytes(b"x" * 5000)
    assert full.value.errno == errno.ENOSPC
    share.empty()
    assert share.lock()
    with pytest.raises(OSError) as locked:
        (share.folder / "more").write_text("x")
    assert locked.value.errno == errno.EROFS
    share.unlock()
    share.disconnect()
    assert list(share.folder.iterdir()) == []
    share.connect()
    assert (share.folder / "file").read_text() == "kept"
