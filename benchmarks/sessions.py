"""Three hundred devices over real SSH into one watcher: connected, then 200 frames a second.

The devices are asyncssh's server in other processes, with a stand-in for Blender that writes
frames (see tests/support/many.py). The watcher is `blendtui --watch`, a process of its own; what
it takes of the processor is what the system says of that process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import tomli_w

from blendtui.places import Places
from blendtui.store.views import Views
from tests.support.scenes import BLENDER, blender
from tests.support.sshd import make_key

DEVICES, SERVERS = 300, 2
SECONDS = 1.3
"""What a frame takes on a device; 300 of them then render some 230 a second."""

CONNECTED, RATE, CORE = 30.0, 200.0, 1.0
WARM, MEASURED = 10.0, 30.0

_SCENE = """
import bpy
bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 160, 90
bpy.context.scene.render.engine = "CYCLES"
bpy.context.scene.render.filepath = "//shot_####"
bpy.context.scene.frame_end = 100000
bpy.ops.wm.save_as_mainfile(filepath="{path}", compress=True)
"""


class Crowd:
    """Servers with many devices, a share, a watcher."""

    def __init__(self, devices: int, seconds: float) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="blendtui-sessions-"))
        self.share = self.root / "share"
        self.share.mkdir()
        self.places = Places(self.root / "state", self.share)
        self.config = self.root / "devices.toml"
        key, host_key = make_key(self.root / "key"), make_key(self.root / "host_key")
        script = Path(__file__).parents[1] / "tests" / "support" / "many.py"
        words = [sys.executable, str(script), str(host_key), f"{key}.pub", str(seconds)]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        with (self.root / "servers").open("w") as errors:
            self.servers = [
                subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True, env=env)
                for _ in range(SERVERS)
            ]
        ports = [int(server.stdout.readline()) for server in self.servers if server.stdout]
        public = host_key.with_suffix(".pub").read_text()
        lines = [f"[127.0.0.1]:{port} {public}" for port in ports]
        self.places.known_hosts.write_text("".join(lines))
        told = {
            f"dev{number:03d}": {
                "host": "127.0.0.1",
                "port": ports[number % SERVERS],
                "user": f"dev{number:03d}",
                "key": str(key),
                "work_dir": str(self.root / "work" / str(number)),
            }
            for number in range(devices)
        }
        share = {"path": str(self.share), "settle": 0.2}
        self.config.write_text(tomli_w.dumps({"share": share, "devices": told}))
        self.watcher: subprocess.Popen[bytes] | None = None

    def watch(self, *before: str) -> None:
        """Start the watcher."""
        words = [*(before or ("-m",)), "blendtui", "--watch", "--devices", str(self.config)]
        with (self.root / "output").open("wb") as output:
            self.watcher = subprocess.Popen(
                [sys.executable, *words, "--state", str(self.places.state)],
                stdout=output,
                stderr=output,
            )

    def drop(self, frames: int) -> None:
        """Drop a project with so many frames."""
        path = self.root / "shot.blend"
        blender("--python-expr", _SCENE.format(path=path))
        zipped = self.root / "shot.zip"
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.write(path, path.name)
            archive.writestr("job.toml", f'frames = "1-{frames}"')
        zipped.replace(self.share / "shot.zip")

    def until(self, look: Callable[[Views], bool], seconds: float) -> float:
        """Wait until a look at the store is content; gives the seconds that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            if self.places.store.exists():
                views = Views(self.places.store)
                try:
                    if look(views):
                        return time.monotonic() - begun
                finally:
                    views.close()
            time.sleep(0.25)
        raise AssertionError(
            f"not within {seconds} s: {(self.root / 'output').read_text()[-2000:]}"
        )

    def done(self) -> int:
        """How many frames are done."""
        views = Views(self.places.store)
        try:
            row = views.job("shot")
            return row.done if row else 0
        finally:
            views.close()

    def close(self) -> None:
        """End everything and remove it."""
        for process in [self.watcher, *self.servers]:
            if process is not None:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()
        shutil.rmtree(self.root, ignore_errors=True)


def cpu(pid: int) -> float:
    """Give the seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reached(views: Views) -> int:
    """Count the devices that are connected."""
    return sum(device.contact for device in views.devices())


def measure(crowd: Crowd, devices: int, seconds: float) -> int:
    """Print connection time, rate and processor time; 1 if a bound is missed."""
    begun = time.monotonic()
    crowd.watch()
    crowd.until(lambda views: reached(views) == devices, 120)
    connected = time.monotonic() - begun
    assert crowd.watcher is not None
    print(
        f"{devices} devices connected in {connected:.1f} s (bound {CONNECTED:g});"
        f" watcher {cpu(crowd.watcher.pid):.1f} s of processor time;"
        f" load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores",
        flush=True,
    )
    crowd.drop(frames=100_000)
    took = crowd.until(
        lambda views: len([run for run in views.runs() if run.state == "ready"]) == devices, 200
    )
    print(f"all Blenders up {took:.1f} s after the drop", flush=True)
    time.sleep(WARM)
    pids = [crowd.watcher.pid, *(server.pid for server in crowd.servers)]
    before, first, begun = [cpu(pid) for pid in pids], crowd.done(), time.monotonic()
    time.sleep(seconds)
    frames, spent = crowd.done() - first, time.monotonic() - begun
    cores = [(cpu(pid) - one) / spent for pid, one in zip(pids, before, strict=True)]
    rate = frames / spent
    print(f"{rate:.0f} frames/s collected, checked, recorded (bound {RATE:g});"
          f" watcher {cores[0]:.2f} cores (bound {CORE:g}),"
          f" {cores[0] / max(rate, 1) * 1000:.2f} ms a frame;"
          f" devices {sum(cores[1:]):.2f} cores; load {os.getloadavg()[0]:.0f}")  # fmt: skip
    return int(connected > CONNECTED or rate < RATE or cores[0] > CORE)


def main(devices: int = DEVICES, seconds: float = SECONDS, measured: float = MEASURED) -> int:
    """Run it; 1 if a bound is missed."""
    if BLENDER is None:
        print("This benchmark needs Blender, to make its project.")
        return 1
    crowd = Crowd(devices, seconds)
    try:
        return measure(crowd, devices, measured)
    finally:
        crowd.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=DEVICES)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="what a frame takes")
    parser.add_argument("--measured", type=float, default=MEASURED)
    options = parser.parse_args()
    sys.exit(main(options.devices, options.seconds, options.measured))
