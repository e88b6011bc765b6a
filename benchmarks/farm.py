"""The main job against what people do by hand, in one run on two OpenSSH servers.

Three ways to render the same frames with Debian's Blender, one thread each:
GNU parallel with one `blender -f` a frame; one `blender -s -e -a` per device, the halves known to
be equal; and blendtui, counted from the drop to the last frame on the share. What the others
would still have to do (copying the project, fetching frames) is not counted for them.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.support.farm import Farm
from tests.support.scenes import BLENDER, blender
from tests.support.sshd import Sshd

FRAMES, TURNS = 60, 3
AT_MOST_PARALLEL, AT_MOST_STATIC, AT_MOST_GAP = 0.3, 1.15, 0.010

_SCENE = """
import bpy
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = {samples}, False
scene.cycles.use_adaptive_sampling = False
scene.render.resolution_x, scene.render.resolution_y = 160, 90
scene.render.resolution_percentage = 100
scene.render.filepath = "//shot_####"
scene.frame_start, scene.frame_end = 1, {last}
bpy.ops.wm.save_as_mainfile(filepath="{path}")
"""


def make_scene(folder: Path, last: int, name: str, samples: int = 40) -> Path:
    """Make the project: frames that cost alike, a fifth of a second each with 40 samples."""
    path = folder / f"{name}.blend"
    blender("--python-expr", _SCENE.format(last=last, path=path, samples=samples))
    return path


def ssh(server: Sshd) -> str:
    """Give the ssh command that reaches a server."""
    return (
        f"ssh -p {server.port} -i {server.key} -o UserKnownHostsFile={server.known_hosts}"
        " -o LogLevel=ERROR root@127.0.0.1"
    )


def by_parallel(farm: Farm, blend: Path, out: Path) -> float:
    """Time GNU parallel with one Blender a frame and one frame at a time per device."""
    logins = [word for server in farm.servers for word in ("-S", f"1/{ssh(server)}")]
    words = [
        "parallel", "--will-cite", "-j1", *logins,
        f"{BLENDER} -b {blend} -t 1 -o {out}/p_#### -f {{}}", ":::",
        *map(str, range(1, FRAMES + 1)),
    ]  # fmt: skip
    begun = time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    assert len(list(out.glob("p_*"))) == FRAMES
    return seconds


def by_halves(farm: Farm, blend: Path, out: Path) -> float:
    """Time one Blender per device with half of the frames each."""
    half = FRAMES // 2
    begun = time.monotonic()
    running = [
        subprocess.Popen(
            [
                *ssh(server).split(),
                f"{BLENDER} -b {blend} -t 1 -o {out}/h_#### -s {first} -e {end} -a",
            ],
            stdout=subprocess.DEVNULL,
        )
        for server, (first, end) in zip(farm.servers, ((1, half), (half + 1, FRAMES)), strict=True)
    ]
    assert [one.wait() for one in running] == [0, 0]
    seconds = time.monotonic() - begun
    assert len(list(out.glob("h_*"))) == FRAMES
    return seconds


class Gaps(threading.Thread):
    """Keeps the gaps between frames that the drivers themselves report, until told to stop."""

    def __init__(self, farm: Farm) -> None:
        super().__init__(daemon=True)
        self._farm = farm
        self._logs: dict[Path, bytes] = {}
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.1):
            for log in self._farm.root.glob("host*/work/jobs/*/*/log"):
                try:
                    self._logs[log] = log.read_bytes()
                except OSError:
                    continue

    def stop(self) -> list[float]:
        self._over.set()
        self.join()
        found = []
        for text in self._logs.values():
            for line in text.split(b"\n"):
                if b'{"is":"rendered"' in line:
                    gap = json.loads(line[line.index(b"{") :])["gap"]
                    if gap is not None:
                        found.append(gap)
        return found


def by_blendtui(farm: Farm, blend: Path) -> tuple[float, list[float]]:
    """Time blendtui from the drop to the last frame, with the watcher running already."""
    gaps = Gaps(farm)
    gaps.start()
    begun = time.monotonic()
    farm.drop(f"{blend.stem}.zip", blend)
    farm.done(blend.stem, FRAMES)
    seconds = time.monotonic() - begun
    assert len(farm.frames(blend.stem)) == FRAMES
    return seconds, gaps.stop()


def main() -> int:
    """Run all three in turn and print medians and ratios; 1 if a bound is missed."""
    if BLENDER is None or shutil.which("parallel") is None:
        print("This benchmark needs Blender and GNU parallel.")
        return 1
    rows: list[tuple[float, float, float]] = []
    gaps: list[float] = []
    with Farm(settle=1.0, threads=1) as farm, tempfile.TemporaryDirectory() as scratch:
        farm.watch()
        farm.until(lambda views: len([one for one in views.devices() if one.contact]) == 2)
        print(f"{FRAMES} frames   parallel   halves   blendtui   /parallel   /halves")
        for turn in range(TURNS):
            out = Path(scratch) / f"turn{turn}"
            out.mkdir()
            blend = make_scene(out, FRAMES, f"shot{turn}")
            halves = by_halves(farm, blend, out)
            ours, found = by_blendtui(farm, blend)
            parallel = by_parallel(farm, blend, out)
            gaps += found
            rows.append((ours, ours / parallel, ours / halves))
            print(f"   turn {turn + 1}   {parallel:7.1f}s {halves:7.1f}s {ours:9.1f}s"
                  f" {ours / parallel:11.2f} {ours / halves:9.2f}", flush=True)  # fmt: skip
    _, to_parallel, to_halves = (statistics.median(column) for column in zip(*rows, strict=True))
    gap = statistics.median(gaps)
    print(f"medians: {to_parallel:.2f} of GNU parallel (bound {AT_MOST_PARALLEL}),"
          f" {to_halves:.2f} of known halves (bound {AT_MOST_STATIC}),"
          f" gap between frames {gap * 1000:.1f} ms (bound {AT_MOST_GAP * 1000:.0f})")  # fmt: skip
    kept = to_parallel <= AT_MOST_PARALLEL and to_halves <= AT_MOST_STATIC and gap <= AT_MOST_GAP
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
