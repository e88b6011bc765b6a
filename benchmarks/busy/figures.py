"""What a busy farm costs: the answer to a key, and the shares of a core of app and engine."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.farm import make_scene
from blendtui.places import Places
from blendtui.store.views import Views

DEVICES, SLOTS, FRAMES = 500, 2, 20_000
WARM_UP, MEASURED = 20.0, 30.0
BETWEEN_KEYS = 0.15
KEYS = ("\x1b[B", "\x1b[B", "\x1b[A", "\t")
"""Down, down, up, and to the next part of the screen."""

ANSWERED_WITHIN, APP_SHARE, ENGINE_SHARE = 0.050, 0.40, 0.60


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    `rate` in frames a second, `answer` in seconds (95th percentile), `app` and `engine` as shares
    of a core, `line` in bytes a second to the terminal.
    """

    rate: float
    answer: float
    app: float
    engine: float
    line: float


def prepare(root: Path) -> None:
    """Make a farm of 500 devices with two slots each, and drop a job of 20,000 frames."""
    (root / "share").mkdir()
    lines = [f'[share]\npath = "share"\nsettle = 0.2\n[defaults]\nslots = {SLOTS}\n']
    lines += [f'[devices.node{n:03d}]\nhost = "node{n:03d}.invalid"\n' for n in range(DEVICES)]
    (root / "devices.toml").write_text("".join(lines), encoding="utf-8")
    blend = make_scene(root, FRAMES, "shot")
    dropped = root / "shot.zip"
    with zipfile.ZipFile(dropped, "w") as archive:
        archive.write(blend, "shot.blend")
    dropped.replace(root / "share" / "shot.zip")


def cpu(pid: int) -> float:
    """Give the seconds of a core that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def until(holds: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("the farm did not begin")
        time.sleep(0.1)


class Counted:
    """Reads all that a terminal is sent; `total` is its bytes."""

    def __init__(self, terminal: int) -> None:
        self.total = 0
        self._terminal = terminal
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while piece := os.read(self._terminal, 1 << 16):
                self.total += len(piece)
        except OSError:
            return


def open_screen(root: Path) -> tuple[subprocess.Popen[bytes], int, Counted]:
    """Open the control centre on a terminal of 200 by 60; gives it, and the terminal's end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.busy.screen", str(root)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours, Counted(ours)


def measure(root: Path, engine: subprocess.Popen[bytes]) -> Figures:
    """Press keys while the farm works, and look what it costs."""
    views = Views(Places(root / "state", root / "share").store)

    def done() -> int:
        return sum(job.done for job in views.jobs())

    until(lambda: done() > 100)
    app, terminal, sent = open_screen(root)
    try:
        until((root / "keys.txt").exists)
        time.sleep(WARM_UP)
        begun, frames, bytes_before = time.monotonic(), done(), sent.total
        before = cpu(app.pid), cpu(engine.pid)
        seen = len((root / "keys.txt").read_text(encoding="utf-8").splitlines())
        turn = 0
        while time.monotonic() - begun < MEASURED:
            os.write(terminal, KEYS[turn % len(KEYS)].encode())
            turn += 1
            time.sleep(BETWEEN_KEYS)
        took = time.monotonic() - begun
        after = cpu(app.pid), cpu(engine.pid)
        lines = (root / "keys.txt").read_text(encoding="utf-8").splitlines()[seen:]
        times = [float(line.split()[1]) for line in lines]
        if len(times) < turn / 2:
            raise RuntimeError("the keys were not answered")
        return Figures(
            rate=(done() - frames) / took,
            answer=statistics.quantiles(times, n=20)[-1],
            app=(after[0] - before[0]) / took,
            engine=(after[1] - before[1]) / took,
            line=(sent.total - bytes_before) / took,
        )
    finally:
        app.terminate()
        app.wait()
        views.close()


def main() -> int:
    """Measure and print; 1 if a bound is missed."""
    with tempfile.TemporaryDirectory(prefix="blendtui-busy-") as folder:
        root = Path(folder)
        prepare(root)
        with (root / "engine.txt").open("wb") as said:
            engine = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.busy.fleet", str(root)],
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            try:
                found = measure(root, engine)
            finally:
                engine.send_signal(signal.SIGINT)
                engine.wait()
    print(f"{DEVICES} devices, {DEVICES * SLOTS} slots, {found.rate:.0f} frames a second")
    print(f"a key: {found.answer * 1000:.0f} ms at the 95th percentile (bound 50)")
    print(f"the app: {found.app:.0%} of a core (bound {APP_SHARE:.0%})")
    print(f"the engine: {found.engine:.0%} of a core (bound {ENGINE_SHARE:.0%})")
    print(f"the line to the terminal: {found.line / 1024:.0f} KB a second")
    kept = (
        found.answer <= ANSWERED_WITHIN and found.app <= APP_SHARE and found.engine <= ENGINE_SHARE
    )
    return int(not kept)
