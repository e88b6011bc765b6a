"""A stand-in for Blender on a device: it speaks the driver's language and renders nothing.

Started as Blender is, with the run's settings.json as its last word. What `MISDEED` in its
environment names is what it does to the workstation beside, or instead of, its work.
Standard library only; `make` writes the command that starts it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

FLOOD = 400_000_000
"""Bytes of a flood, after which it waits: the disk that it fills is ours."""

OTHERS = [1, 2, 3, 4, 5, 6]


def make(path: Path) -> Path:
    """Write a command that runs this file as a device would run Blender."""
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
    path.chmod(0o755)
    return path


def content(frame: int) -> bytes:
    """Give what an honest one "renders"."""
    return f"frame {frame}\n".encode() * 100


class StandIn:
    """One run: reads orders, answers them."""

    def __init__(self, settings: Path) -> None:
        self.run = settings.parent
        self.misdeed = os.environ.get("MISDEED", "")
        self.speed = float(os.environ.get("SECONDS_A_FRAME", "0.05"))
        self.scene = json.loads(settings.read_text("utf-8")).get("scene") or "Scene"
        self.offset = self.written = 0
        self.seen: set[tuple[int, int]] = set()

    def write(self, data: bytes) -> None:
        self.written += len(data)
        while self.written > FLOOD:
            time.sleep(1)
        while data:
            data = data[os.write(1, data) :]

    def say(self, what: str, **fields: object) -> None:
        text = json.dumps({"is": what, **fields}, ensure_ascii=False, separators=(",", ":"))
        self.write(b"\x1e" + text.encode() + b"\n")

    def open(self) -> None:
        self.say("hello", pid=os.getpid(), blender="3.4.1", at=time.time())
        facts = {
            "name": self.scene, "frame_start": 1, "frame_end": 250, "frame_step": 1,
            "engine": "CYCLES", "width": 1, "height": 1, "percentage": 100,
            "file_format": "PNG", "sequencer": False, "output": "", "blender": "3.4.1",
            "active": self.scene, "movie": False,
        }  # fmt: skip
        self.say("opened", at=time.time(), seconds=0.1, facts=facts)

    def serve(self) -> None:
        while True:
            orders = (self.run / "orders").read_bytes()
            end = orders.rfind(b"\n") + 1
            for line in orders[self.offset : end].splitlines():
                order = json.loads(line) if line else {}
                if order.get("do") == "quit":
                    self.say("bye", reason="quit")
                    return
                if order.get("do") != "frame":
                    continue
                key = (int(order["frame"]), int(order["try"]))
                if key not in self.seen:
                    self.seen.add(key)
                    self.render(*key)
            self.offset = end
            time.sleep(0.01)

    def ordered(self) -> set[tuple[int, int]]:
        """Give all that this device was ever asked for."""
        lines = (self.run / "orders").read_text().splitlines()
        orders = [json.loads(line) for line in lines if line]
        return {(one["frame"], one["try"]) for one in orders if one.get("do") == "frame"}

    def render(self, frame: int, number: int) -> None:
        self.say("started", frame=frame, **{"try": number}, at=time.time())
        time.sleep(self.speed)
        getattr(self, f"_{self.misdeed or 'honest'}")(frame, number)

    def put(self, frame: int, number: int, name: str, data: bytes) -> Path:
        path = self.run / "out" / f"{frame}-{number}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def rendered(self, frame: int, number: int, name: str, data: bytes, size: int = -1) -> None:
        size = len(data) if size < 0 else size
        file = {"path": name, "size": size, "sha256": hashlib.sha256(data).hexdigest()}
        told = {"frame": frame, "try": number, "at": time.time(), "seconds": self.speed}
        self.say("rendered", **told, files=[file])

    def _honest(self, frame: int, number: int) -> None:
        name = f"shot_{frame:04d}.png"
        self.put(frame, number, name, content(frame))
        self.rendered(frame, number, name, content(frame))

    # misdeeds, each of them for every frame that it is given

    def _lines(self, frame: int, number: int) -> None:
        """Write short lines as fast as can be, for ever."""
        while True:
            self.write(b"Fra:1 Mem:1M | Sample 1/2\n" * 20_000)

    def _records(self, frame: int, number: int) -> None:
        """Write driver's lines as fast as can be, for ever: of this try, and of all others."""
        lines = b"".join(
            b'\x1e{"is":"%s","frame":%d,"try":%d,"at":1,"kind":"render-error","detail":"no"}\n'
            % (what, one, turn)
            for what in (b"started", b"failed", b"dropped")
            for one in [frame, *OTHERS]
            for turn in (1, 2, 3)
        )
        while True:
            self.write(lines * 100)

    def _endless(self, frame: int, number: int) -> None:
        """Write one line that never ends."""
        while True:
            self.write(b"\xff\xfe\x1b[2Jx" * 10_000)

    def _forged(self, frame: int, number: int) -> None:
        """Tell of frames that others have, that nobody has, and of none that there can be."""
        # It has two orders at most: once both are there, no other try becomes its own meanwhile.
        deadline = time.monotonic() + 10
        while len(self.ordered()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        tries = {(one, turn) for one in (*OTHERS, 0, -1, 999, 2**40) for turn in (1, 2, -1)}
        for one, turn in sorted(tries - self.ordered()):
            self.put(max(one, 0), max(turn, 0), f"shot_{one:04d}.png", b"forged")
            self.rendered(one, turn, f"shot_{one:04d}.png", b"forged")
        # Only now: for a try of its own that failed it gets another one, which it may forge.
        for one, turn in sorted(tries):
            told = {"frame": one, "try": turn, "at": 1, "kind": "render-error"}
            self.say("failed", **told, detail="forged")
            self.say("picture", frame=one, **{"try": turn}, file="1-1.jpg", size=1)
        self.say("fault", kind="state-unwritable", facts={"path": "forged"})
        self.say("fault", kind="no-camera", facts={"scene": "forged", "cause": "nonsense"})
        time.sleep(1000)

    def _outside(self, frame: int, number: int) -> None:
        """Say that a file lies where no frame's file is."""
        names = ["../../report.toml", "/etc/passwd", f"..\\{frame}", f"a/../../{frame}.png"]
        name = names[frame % len(names)]
        self.rendered(frame, number, name, b"outside")

    def _stolen(self, frame: int, number: int) -> None:
        """Say that a file has the name of another frame's."""
        name = f"shot_{frame % 6 + 1:04d}.png"
        self.put(frame, number, name, b"stolen")
        self.rendered(frame, number, name, b"stolen")

    def _bigger(self, frame: int, number: int) -> None:
        """Announce less than there is, or far more."""
        name = f"shot_{frame:04d}.png"
        self.put(frame, number, name, content(frame) * 2)
        self.rendered(frame, number, name, content(frame), -1 if frame % 2 else 2**49)

    def _link(self, frame: int, number: int) -> None:
        """Announce a link to a file elsewhere, as it is there."""
        name = f"shot_{frame:04d}.png"
        path = self.put(frame, number, name, b"")
        path.unlink()
        path.symlink_to("/etc/passwd")
        self.rendered(frame, number, name, Path("/etc/passwd").read_bytes())

    def _pipe(self, frame: int, number: int) -> None:
        """Announce a pipe."""
        name = f"shot_{frame:04d}.png"
        path = self.put(frame, number, name, b"")
        path.unlink()
        os.mkfifo(path)
        self.rendered(frame, number, name, b"")

    def _failing(self, frame: int, number: int) -> None:
        """Fail at once, in the words of a terminal's escapes."""
        told = {"frame": frame, "try": number, "at": 1, "kind": "render-error"}
        self.say("failed", **told, detail="\x1b]0;owned\x07\x1b[2J\u202e$(touch x)")


if __name__ == "__main__":
    stand_in = StandIn(Path(sys.argv[-1]).resolve())
    stand_in.open()
    stand_in.serve()
