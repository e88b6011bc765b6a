"""Many devices in one process: asyncssh's server, and in place of a shell what our scripts do.

A stand-in for devices and Blender: it knows the scripts of `blendtui.devices` by their text, writes
logs as the driver does, and its frames are real files. One login name is one device.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from blendtui.devices import (
    cache,
    inventory,
    link,
    probe_scripts,
    slot_scripts,
    small_files,
    streams,
    transfer,
    vitals,
)

FRAME = os.urandom(20_000)
"""What every frame looks like; a real one of this size is a small picture."""

SHA256 = hashlib.sha256(FRAME).hexdigest()
FACTS = {
    "name": "Scene", "frame_start": 1, "frame_end": 250, "frame_step": 1, "engine": "CYCLES",
    "width": 160, "height": 90, "percentage": 100, "file_format": "PNG", "sequencer": False,
    "output": "//shot_####", "blender": "3.4.1", "active": "Scene", "movie": False,
    "camera": "Camera",
}  # fmt: skip
LOOK = b"cores 4\nload 0.50 0.40 0.30 1/99 9\nmem MemTotal 8000000\nmem MemAvailable 4000000\nend\n"

_WRAPPED = re.compile(r"""exec sh -c 'eval "\$\(printf %b "(.*)"\)"'""", re.DOTALL)
_OCTAL = re.compile(rb"\\0([0-7]{3})")
_SCRIPTS = {
    "resolve": slot_scripts.RESOLVE,
    "prepare": slot_scripts.PREPARE,
    "launch": slot_scripts.LAUNCH,
    "state": slot_scripts.STATE,
    "append": slot_scripts.APPEND,
    "kill": slot_scripts.KILL,
    "remove": slot_scripts.REMOVE,
    "follow": slot_scripts.FOLLOW,
    "read": small_files.READ,
    "rest": slot_scripts.REST,
    "survey": cache._SURVEY,
    "jobs": cache._JOBS,
    "blenders": probe_scripts.BLENDERS,
    "version": probe_scripts.VERSION,
    "cards": probe_scripts.CARDS,
    "look": inventory.LOOK,
    "manifest": transfer._MANIFEST,
    "remove_job": cache._REMOVE,
    "vitals": vitals.VITALS,
    "watched": link._WATCHED,
}


def unwrapped(command: str) -> tuple[str, list[str]]:
    """Give the name of a script of ours and its arguments, from the command line for a shell."""
    found = _WRAPPED.fullmatch(command)
    assert found is not None, command
    whole = _OCTAL.sub(lambda one: bytes([int(one[1], 8)]), found[1].encode()).decode()
    for name, text in _SCRIPTS.items():
        if whole.endswith("\n" + text):
            return name, shlex.split(whole[len("set -- ") : -len(text) - 1])
    raise AssertionError(f"no script that is known: {whole[-500:]}")


@dataclass
class Run:
    """One Blender that isn't: its log, its orders."""

    path: Path
    seconds: float
    log: bytearray = field(default_factory=bytearray)
    orders: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def say(self, what: str, **fields: object) -> None:
        line = json.dumps({"is": what, **fields}, separators=(",", ":")).encode()
        self.log += b"\x1e" + line + b"\n"
        self.news.set()
        self.news = asyncio.Event()

    async def live(self) -> None:
        self.say("hello", pid=1, blender="3.4.1", at=time.time())
        self.say("opened", at=time.time(), seconds=0.1, facts=FACTS)
        beat = time.monotonic()
        while True:
            order = await self.orders.get()
            if order["do"] == "quit":
                self.say("bye", reason="quit")
                self.say("ended", status=0)
                return
            if order["do"] == "frame":
                await self._render(order["frame"], order["try"])
            elif order["do"] == "collected":
                shutil.rmtree(self.path / "out" / f"{order['frame']}-{order['try']}")
            if time.monotonic() - beat > 5:
                beat = time.monotonic()
                self.say("beat", at=time.time())

    async def _render(self, frame: int, number: int) -> None:
        key = {"frame": frame, "try": number}
        self.say("started", **key, at=time.time())
        for sample in (1, 2, 3):
            await asyncio.sleep(self.seconds / 3)
            self.log += b"Fra:%d Mem:9M | Time:00:00.10 | Sample %d/3\n" % (frame, sample)
        name = f"shot_{frame:04d}.png"
        path = self.path / "out" / f"{frame}-{number}" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(FRAME)
        file = {"path": name, "size": len(FRAME), "sha256": SHA256}
        told = {"seconds": self.seconds, "gap": 0.001, "memory": 10**8}
        self.say("rendered", **key, at=time.time(), files=[file], **told)


def _contents(path: bytes) -> bytes:
    return Path(os.fsdecode(path)).read_bytes()


class Devices:
    """All devices of this process."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.runs: dict[str, Run] = {}

    async def serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        name, args = unwrapped(process.command or "")
        if name == "watched":
            whole, args = args[0], args[2:]
            name = next(one for one, text in _SCRIPTS.items() if text == whole)
        if asyncio.iscoroutinefunction(script := getattr(self, f"_{name}")):
            with contextlib.suppress(ConnectionError, asyncssh.Error):
                await script(process, *args)
            return
        stdin = await process.stdin.read() if name in ("prepare", "append", "manifest") else b""
        process.stdout.write(getattr(self, f"_{name}")(stdin, *args))
        process.exit(0)

    def _resolve(self, _: bytes, work_dir: str) -> bytes:
        for part in ("blobs", "jobs"):
            (Path(work_dir) / part).mkdir(parents=True, exist_ok=True)
        return f"{work_dir}\n".encode()

    def _survey(self, _: bytes, work_dir: str, *jobs: str) -> bytes:
        return self._look(b"", work_dir)

    def _blenders(self, _: bytes, *named: str) -> bytes:
        return b"/usr/bin/blender\0001 2 3 4 5\0"

    def _version(self, _: bytes, blender: str, *words: str) -> bytes:
        return b"Blender 3.4.1\n"

    def _cards(self, _: bytes) -> bytes:
        return b""

    def _jobs(self, _: bytes, work_dir: str, farm: str) -> bytes:
        folders = (Path(work_dir) / "jobs").glob(f"*.{farm}")
        return b"".join(f"{folder.name}/".encode() for folder in folders)

    def _look(self, _: bytes, work_dir: str) -> bytes:
        files = [(path.stat().st_size, path.name) for path in (Path(work_dir) / "blobs").iterdir()]
        return b"free\n" + b"".join(b"file %d %s\n" % (n, name.encode()) for n, name in files)

    def _manifest(self, _: bytes, *args: str) -> bytes:
        return b""

    def _prepare(self, _: bytes, folder: str, *args: str) -> bytes:
        (Path(folder) / "out").mkdir(parents=True, exist_ok=True)
        self.runs.setdefault(folder, Run(Path(folder), self.seconds))
        return b""

    def _launch(self, _: bytes, folder: str, *args: str) -> bytes:
        run = self.runs[folder]
        run.task = run.task or asyncio.create_task(run.live())
        return b"1\n"

    def _state(self, _: bytes, folder: str) -> bytes:
        run = self.runs.get(folder)
        if run is None or run.task is None:
            return b"absent\n"
        return b"dead\n" if run.task.done() else b"alive\n"

    def _append(self, stdin: bytes, folder: str) -> bytes:
        for line in stdin.splitlines():
            if line:
                self.runs[folder].orders.put_nowait(json.loads(line))
        return b""

    def _kill(self, _: bytes, folder: str, grace: str) -> bytes:
        run = self.runs.get(folder)
        if run is not None and run.task is not None:
            run.task.cancel()
        return b""

    def _remove(self, _: bytes, folder: str) -> bytes:
        shutil.rmtree(folder, ignore_errors=True)
        self.runs.pop(folder, None)
        return b""

    def _remove_job(self, _: bytes, work_dir: str, job: str) -> bytes:
        shutil.rmtree(f"{work_dir}/jobs/{job}", ignore_errors=True)
        return b""

    async def _follow(
        self, process: asyncssh.SSHServerProcess[bytes], folder: str, first: str
    ) -> None:
        run, offset = self.runs[folder], int(first) - 1
        closed = asyncio.create_task(self._hear(process, folder))
        while not closed.done():
            news = run.news
            if offset < len(run.log):
                process.stdout.write(bytes(run.log[offset:]))
                offset = len(run.log)
            else:
                waiting = asyncio.ensure_future(news.wait())
                await asyncio.wait({closed, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()

    async def _hear(self, process: asyncssh.SSHServerProcess[bytes], folder: str) -> None:
        while line := await process.stdin.readline():
            self._append(line, folder)
            process.stderr.write(streams.ANSWER + streams.TAKEN + b"\n")

    async def _read(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        while word := await process.stdin.readline():
            path = await process.stdin.readline()
            process.stdout.write(_contents(path[:-1]) + word[:-1] + b"+\n")

    async def _rest(
        self, process: asyncssh.SSHServerProcess[bytes], folder: str, first: str
    ) -> None:
        process.stdout.write(bytes(self.runs[folder].log[int(first) - 1 :]))
        process.exit(0)

    async def _vitals(
        self, process: asyncssh.SSHServerProcess[bytes], work_dir: str, every: str
    ) -> None:
        while True:
            process.stdout.write(LOOK)
            await asyncio.sleep(float(every))


async def main(host_key: str, authorized: str, seconds: float) -> None:
    """Listen on loopback, print the port, serve until killed."""
    devices = Devices(seconds)
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        config=None,
        server_host_keys=[host_key],
        authorized_client_keys=authorized,
        process_factory=devices.serve,
        sftp_factory=asyncssh.SFTPServer,
        encoding=None,
        compression_algs=["none"],
        line_editor=False,
        login_timeout=60,
    )
    sys.stdout.write(f"{server.get_port()}\n")
    sys.stdout.flush()
    await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
