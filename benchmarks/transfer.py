"""Projects on their way to a device, against scp and tar, in one run on one OpenSSH server.

1 GB in one file: at least 0.6 of scp's speed. 5,000 files of 20 KB: at most 4 times what
`tar | ssh tar` takes. Ours are timed with all that a project needs: the look at what is there,
the check of free space and the manifest. `tar` and scp are timed with their log-in, ours without:
a device's link stands already. The runs take turns, and medians are compared.

    python -m benchmarks.transfer [ROUNDS]
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from blendtui.devices.connection import Link, connect
from blendtui.devices.fetch import fetch
from blendtui.devices.transfer import resolve_work_dir, send_project
from blendtui.farm.project import Project
from tests.support.projects import write_project
from tests.support.sshd import Sshd

AT_LEAST_SCP, AT_MOST_TAR = 0.6, 4.0
LARGE = {"large.vdb": 10**9}
SMALL = {f"textures/{number:04}.png": 20_000 for number in range(5000)}


class Bench:
    """One server, two projects, and what each way of sending them took."""

    def __init__(self, server: Sshd, link: Link, folder: Path) -> None:
        self.server = server
        self.link = link
        self.large = folder / "large"
        self.small = folder / "small"
        self.there = folder / "there"
        self.projects = {
            self.large: write_project(self.large, LARGE),
            self.small: write_project(self.small, SMALL, seed=1),
        }
        self.taken: dict[str, list[float]] = {}

    async def round(self) -> None:
        """Time each way once."""
        await self._time("large, ours", lambda: self._ours(self.large))
        await self._time("large, scp", self._scp)
        await self._time("small, ours", lambda: self._ours(self.small))
        await self._time("small, tar", self._tar)

    async def _time(self, name: str, way: Callable[[], Awaitable[object]]) -> None:
        """Time one; what the one before left to be written to the disk must not count for it."""
        shutil.rmtree(self.there, ignore_errors=True)
        self.there.mkdir()
        await asyncio.to_thread(os.sync)
        work_dir = await resolve_work_dir(self.link, str(self.there))
        assert work_dir == str(self.there)
        begun = time.perf_counter()
        await way()
        self.taken.setdefault(name, []).append(time.perf_counter() - begun)

    async def _ours(self, root: Path) -> None:
        project: Project = self.projects[root]
        sent = await send_project(self.link, str(self.there), "job", project, root)
        assert sent.files == len(project.files)

    async def _scp(self) -> None:
        source = str(self.large / "large.vdb")
        await _run("scp", "-q", *self._options("-P"), source, f"127.0.0.1:{self.there}/")

    async def _tar(self) -> None:
        far = f"ssh {' '.join(self._options('-p'))} 127.0.0.1 tar xf - -C {self.there}"
        await _run("sh", "-c", f"tar cf - -C {self.small} . | {far}")

    def _options(self, port: str) -> list[str]:
        known = f"UserKnownHostsFile={self.server.known_hosts}"
        return [port, str(self.server.port), "-i", str(self.server.key), "-o", known]

    async def fetch_speed(self) -> float:
        """Time the way back of the large file once, for information; in bytes a second."""
        await self._time("large, back", lambda: self._ours(self.large))
        file = self.projects[self.large].files[0]
        remote = f"{self.there}/blobs/{file.sha256}.part"
        begun = time.perf_counter()
        await fetch(self.link, remote, self.there / "back", file.size, file.sha256)
        return file.size / (time.perf_counter() - begun)


async def _run(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(*words)
    assert await process.wait() == 0


async def measure(folder: Path, rounds: int) -> bool:
    """Run all, print the table, and say whether the bounds hold."""
    with Sshd() as server:
        link = await connect(server.device(), server.known_hosts)
        bench = Bench(server, link, folder)
        for _ in range(rounds):
            await bench.round()
        back = await bench.fetch_speed()
        await link.close()
    ours, scp, small, tar = (
        statistics.median(bench.taken[name])
        for name in ("large, ours", "large, scp", "small, ours", "small, tar")
    )
    return report(ours, scp, small, tar, back)


def report(ours: float, scp: float, small: float, tar: float, back: float) -> bool:
    """Print the table."""
    speed, files = scp / ours, small / tar
    megabytes = sum(LARGE.values()) / 1e6
    print(f"{'':22}{'ours':>14}{'theirs':>14}{'ratio':>8}{'bound':>10}")
    print(
        f"{'1 GB, against scp':22}{megabytes / ours:>9.0f} MB/s{megabytes / scp:>9.0f} MB/s"
        f"{speed:>8.2f}{'>= ' + str(AT_LEAST_SCP):>10}"
    )
    print(
        f"{'5,000 files, tar|ssh':22}{small:>12.2f} s{tar:>12.2f} s"
        f"{files:>8.2f}{'<= ' + str(AT_MOST_TAR):>10}"
    )
    print(f"{'1 GB back, hashed':22}{back / 1e6:>9.0f} MB/s")
    return speed >= AT_LEAST_SCP and files <= AT_MOST_TAR


def main() -> int:
    """Give 0 if the bounds hold, else 1."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory(prefix="blendtui-transfer-") as folder:
        return 0 if asyncio.run(measure(Path(folder), rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
