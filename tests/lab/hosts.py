"""A host of the lab: its own network, processes and disk, and a real sshd."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.lab.disks import Disk
from tests.lab.network import Cable
from tests.support.sshd import SSHD, make_key

DISK = "256m"
_INIT = "while :; do sleep 1000 & wait $!; done"


class Host:
    """A machine that can be switched off and on: its files stay, its processes do not."""

    def __init__(self, root: Path, name: str, cable: Cable, public_key: Path) -> None:
        self.root, self.name, self.cable = root, name, cable
        root.mkdir()
        self.disk = Disk(root / "back", root / "disk", DISK)
        self.work_dir = self.disk.folder / "work"
        self.host_key = make_key(root / "host_key")
        shutil.copy(public_key, root / "authorized_keys")
        (root / "sshd_config").write_text(self._settings())
        self._machine: subprocess.Popen[bytes] | None = None
        self._pids = ""
        self._sshd: subprocess.Popen[bytes] | None = None

    # power

    def boot(self) -> None:
        """Start its first process, and sshd."""
        words = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", _INIT]
        self._machine = _start([*self._enter(), *words])
        init = self._init()
        self._pids = _space(init)
        self.start_sshd()

    def crash(self) -> None:
        """End all of its processes at one moment; nobody can say goodbye."""
        assert self._machine is not None
        self._machine.kill()
        self._machine.wait()
        until(lambda: not self.processes())
        if self._sshd is not None:
            self._sshd.wait()

    def _init(self) -> int:
        """Give the number that its first process has outside."""
        assert self._machine is not None
        children = Path(f"/proc/{self._machine.pid}/task/{self._machine.pid}/children")
        until(lambda: bool(children.read_text().split()))
        init = int(children.read_text().split()[0])
        until(lambda: _space(init) != _space(os.getpid()))
        until(lambda: _name(init) == "sh")
        return init

    # sshd

    def start_sshd(self) -> None:
        """Listen; returns when it does."""
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        config = str(self.root / "sshd_config")
        enter = ["nsenter", "-t", str(self._init()), "--pid", "--mount"]
        words = [*self._enter(), *enter, str(SSHD), "-D", "-e", "-f", config]
        with (self.root / "sshd.log").open("ab") as log:
            self._sshd = _start(words, log)
        until(self._listens)

    def _listens(self) -> bool:
        """Ask from the host itself: its cable may be cut."""
        words = ["ss", "-Hltn", "sport = :22"]
        told = subprocess.run([*self._enter(), *words], capture_output=True, text=True, check=True)
        return bool(told.stdout.strip())

    def stop_sshd(self) -> None:
        """Kill the server and all of its connections."""
        # Again and again: it may just be making a process for a new connection.
        until(lambda: self.signal("sshd", signal.SIGKILL) == 0)
        assert self._sshd is not None
        self._sshd.wait()

    def new_host_key(self) -> None:
        """Have another host key from the next start of sshd on."""
        make_key(self.host_key)

    def known_hosts_line(self) -> str:
        """Give the line that trusts this host."""
        kind, key = self.host_key.with_suffix(".pub").read_text().split()[:2]
        return f"{self.cable.address} {kind} {key}\n"

    def _settings(self) -> str:
        return f"""ListenAddress {self.cable.address}
Port 22
HostKey {self.host_key}
PidFile none
AuthorizedKeysFile {self.root / "authorized_keys"}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
SetEnv SHLVL=3
"""

    # processes

    def processes(self, name: str = "") -> list[int]:
        """Give its processes, all or those of a name, by the numbers that they have outside."""
        if not self._pids:
            return []
        mine = [pid for pid in _all_processes() if _space(pid) == self._pids and _name(pid)]
        return [pid for pid in mine if not name or _name(pid) == name]

    def signal(self, name: str, number: int) -> int:
        """Send a signal to all of its processes of a name; says how many there were."""
        found = self.processes(name)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return len(found)

    # files

    def runs(self) -> Iterator[Path]:
        """Give the folders of the runs that are here."""
        yield from (path.parent for path in sorted(self.work_dir.glob("jobs/*/*/orders")))

    def outputs(self) -> list[Path]:
        """Give rendered files that are whole: their frame is in the log."""
        found = []
        for run in self.runs():
            with contextlib.suppress(OSError):
                told = (run / "log").read_bytes()
                found += [
                    file
                    for file in sorted(run.glob("out/*/*"))
                    if file.is_file() and f'"path":"{file.name}"'.encode() in told
                ]
        return found

    def close(self) -> None:
        """Switch it off and remove its disk."""
        if self._machine is not None and self._machine.poll() is None:
            with contextlib.suppress(AssertionError, OSError):
                self.crash()
        self.disk.close()

    def _enter(self) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{self.cable.space}"]


def until(check: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it did not within that time.
    """
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come within the time"
        time.sleep(0.01)


def _start(words: list[str], log: object = None) -> subprocess.Popen[bytes]:
    output = subprocess.DEVNULL if log is None else log
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _space(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def _name(pid: int) -> str:
    """Give a process's name; nothing for one that is dead and not yet buried."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    name, _, rest = text.partition("(")[2].rpartition(")")
    return "" if rest.split()[0] in "ZX" else name
