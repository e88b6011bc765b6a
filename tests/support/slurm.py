"""A real one-node Slurm on loopback, with a munged, folders, key and ports of its own; for root."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.sshd import ROOT, free_port

_SBIN = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
_NEEDED = ("srun", "squeue", "scancel", "sinfo", "scontrol", "slurmctld", "slurmd", "munged")
_MISSING = [name for name in _NEEDED if shutil.which(name, path=_SBIN) is None]


def _lacking() -> str:
    """Say why there is no Slurm here; nothing where there can be one."""
    if "BLENDTUI_TEST_SLURM" not in os.environ:
        return "make test-slurm runs it: it takes minutes"
    if _MISSING:
        return f"not installed: {', '.join(_MISSING)}"
    return "" if ROOT else "only root can run a slurmd"


needs_slurm = pytest.mark.skipif(bool(_lacking()), reason=_lacking())


class Slurm:
    """A cluster of this machine alone, on which a core takes four jobs at once.

    `environment` leads Slurm's commands to it.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="blendtui-slurm-"))
        # munged's socket is for all users; munged refuses one in a folder that they can't enter.
        self.folder.chmod(0o755)
        self.environment = {"SLURM_CONF": str(self.folder / "slurm.conf")}
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> Slurm:
        """Start the daemons; returns when the node takes jobs."""
        munge = self._munge()
        (self.folder / "slurm.conf").write_text(self._settings(munge))
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        self._daemon("slurmctld", "-D")
        self._daemon("slurmd", "-D")
        self._until(lambda: self.run("sinfo", "-h", "-o", "%T").strip() == "idle")
        return self

    def run(self, *words: str) -> str:
        """Run one of Slurm's commands; gives what it prints, nothing while it can't be served."""
        done = subprocess.run(
            words,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout if done.returncode == 0 else ""

    def steps(self) -> list[str]:
        """Give the job steps that run, such as "5.0"; each `srun` is one."""
        return self.run("squeue", "-h", "-s", "-o", "%i").split()

    def jobs(self) -> dict[str, str]:
        """Give all jobs by number, with their states: PENDING, RUNNING, COMPLETING."""
        lines = self.run("squeue", "-h", "-o", "%i %T").splitlines()
        return dict(line.split() for line in lines)

    def set_node(self, *changes: str) -> None:
        """Change the node by hand, such as "State=DRAIN"."""
        self.run("scontrol", "update", f"NodeName={_node()}", *changes)

    def close(self) -> None:
        """End all jobs and daemons, remove the folder."""
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for left in self._left():
            os.kill(left, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _munge(self) -> Path:
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(secrets.token_bytes(128))
        files = ("socket", "pid-file", "log-file", "seed-file")
        paths = {name: self.folder / f"munge.{name}" for name in files}
        words = [f"--{name}={path}" for name, path in paths.items()]
        self._daemon("munged", "--foreground", "--force", f"--key-file={key}", *words)
        self._until(paths["socket"].exists)
        return paths["socket"]

    def _settings(self, munge: Path) -> str:
        return f"""
ClusterName=one
SlurmctldHost={_node()}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={munge}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
StateSaveLocation={self.folder / "state"}
SlurmdSpoolDir={self.folder / "spool"}
SlurmctldPidFile={self.folder / "slurmctld.pid"}
SlurmdPidFile={self.folder / "slurmd.pid"}
NodeName={_node()} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} State=UNKNOWN
PartitionName=render Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
"""

    def _daemon(self, name: str, *words: str) -> None:
        program = shutil.which(name, path=_SBIN)
        assert program is not None
        # None of them outlives the tests, however those end.
        dying = ["setpriv", "--pdeathsig", "KILL", program, *words]
        with (self.folder / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(
                dying,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._daemons.append(started)

    def _until(self, check: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not check():
            ended = [one.args for one in self._daemons if one.poll() is not None]
            if ended or time.monotonic() > deadline:
                logs = [path.read_text()[-2000:] for path in self.folder.glob("*.log")]
                raise RuntimeError("\n".join(["Slurm did not start", *map(str, ended), *logs]))
            time.sleep(0.05)

    def _left(self) -> list[int]:
        """Give the processes that belong to this cluster alone: its jobs, and who keeps them."""
        mark = f"SLURM_CONF={self.folder}/".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def __enter__(self) -> Slurm:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()


def _node() -> str:
    return socket.gethostname().partition(".")[0]
