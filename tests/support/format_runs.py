"""All cases of format_cases.py, rendered by a Blender as it is and by the driver inside it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blendtui.devices import driver_project
from tests.support.format_cases import CASES

HERE = Path(__file__).parent
FRAME = 3


@dataclass
class Driven:
    """What became of one frame of the driver's: its files by name, or what went wrong.

    `early` are the files that were in its folder when Blender began to render.
    """

    folder: Path = Path()
    files: list[str] = field(default_factory=list)
    flaw: str = ""
    picture: int | None = None
    early: list[str] = field(default_factory=list)

    def bytes_of(self, name: str) -> bytes:
        """Read one of its files."""
        return (self.folder / name).read_bytes()


class FormatRuns:
    """A .blend with a scene for each case that a Blender has; `without` says which it lacks.

    `driven` renders some of them in one process, `plain` as `blender -S SCENE -o ... -f N` does.
    """

    def __init__(self, blender: str, folder: Path) -> None:
        self.blender = blender
        self.folder = folder
        self.blend = folder / "project" / "shots" / "a.blend"
        self.blend.parent.mkdir(parents=True)
        cases, said = folder / "cases.json", folder / "made.json"
        cases.write_text(json.dumps(CASES).replace("OUTSIDE", str(folder / "outside")))
        script = str(HERE / "make_formats.py")
        self.run("-P", script, "--", str(cases), str(self.blend), str(said))
        told = json.loads(said.read_text())
        self.version: tuple[int, int] = tuple(told["version"][:2])
        self.without: dict[str, str] = told["without"]
        self._count = 0

    def run(self, *words: str) -> None:
        """Run Blender to its end. One thread sums up light in the same order every time."""
        start = [self.blender, "-b", "--factory-startup", "--python-exit-code", "3", "-t", "1"]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [*start, *words], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]

    def plain(self, scenes: Iterable[str], frame: int = FRAME) -> dict[str, dict[str, bytes]]:
        """Give what Blender itself writes for each scene, by file name; named as scenes are."""
        top = self._fresh("plain")
        words = [str(self.blend)]
        for scene in scenes:
            words += ["-S", scene, "-o", f"{top / scene}/{scene}_####", "-f", str(frame)]
        self.run(*words)
        return {
            scene: {path.name: path.read_bytes() for path in sorted((top / scene).iterdir())}
            for scene in scenes
        }

    def driven(self, cases: Iterable[dict[str, Any]]) -> list[Driven]:
        """Render cases with the driver, as render_cases.py takes them."""
        out = self._fresh("out {x}")
        wanted, said = out / "wanted.json", out / "said.json"
        told = {"blend": str(self.blend), "out": str(out), "said": str(said), "cases": [*cases]}
        wanted.write_text(json.dumps(told))
        driver = str(Path(driver_project.__file__).parent)
        self.run("-P", str(HERE / "render_cases.py"), "--", driver, str(wanted))
        return [_driven(one) for one in json.loads(said.read_text())]

    def has(self, cases: Iterable[dict[str, Any]]) -> list[str]:
        """Name those of the cases that this Blender has."""
        return [case["name"] for case in cases if case["name"] not in self.without]

    def everything(self) -> set[str]:
        """Name all files in the project and beside it, but for those in out folders."""
        return {
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if path.is_file() and not path.relative_to(self.folder).parts[0].startswith("out {x}")
        }

    def _fresh(self, name: str) -> Path:
        self._count += 1
        made = self.folder / f"{name}{self._count}"
        made.mkdir()
        return made


def _driven(told: dict[str, Any]) -> Driven:
    if "error" in told:
        return Driven(flaw=told["error"])
    return Driven(Path(told["folder"]), told["files"], told["flaw"], told["picture"], told["early"])
