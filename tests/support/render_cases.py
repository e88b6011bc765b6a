"""Runs inside Blender: renders frames of many scenes with the driver's own functions, one by one.

Usage: ... -- DRIVER_FOLDER WANTED.json; WANTED has `blend`, `out`, `said` and `cases`, each with
`scene`, `frame`, `overrides` and `left`, a file that lies there already. A driver is a Blender of
its own for each scene, and starting so many takes minutes; what orders and logs do is tested
elsewhere. Python 3.7 and bpy only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[-2])

from driver_output import outputs  # type: ignore[import-not-found]  # noqa: E402
from driver_picture import Pictures  # type: ignore[import-not-found]  # noqa: E402
from driver_project import RunFailure  # type: ignore[import-not-found]  # noqa: E402
from driver_scene import (  # type: ignore[import-not-found]  # noqa: E402
    open_scene,
    prepare_scene,
    render_frame,
)


def render(blend: Path, out: Path, number: int, case: dict[str, Any]) -> dict[str, Any]:
    folder = out / f"{case['frame']}-{number}"
    overrides = case.get("overrides", {})
    try:
        scene, _ = open_scene(blend, case["scene"], False, overrides)
        pattern = prepare_scene(scene, overrides.get("output"))
        folder.mkdir(parents=True)
        if "left" in case:
            (folder / case["left"]).write_bytes(b"left")
        early: list[str] = []
        bpy.app.handlers.render_pre[:] = [
            lambda *_: early.extend(path.name for path in folder.iterdir())
        ]
        render_frame(scene, case["frame"], folder, pattern)
    except (RunFailure, RuntimeError) as error:
        return {"error": str(error)}
    files, flaw = outputs(folder)
    picture = Pictures(out / "pictures").make(scene, case["frame"], f"{number}.jpg")
    paths = [file["path"] for file in files]
    told = {"folder": str(folder), "files": paths, "flaw": flaw, "picture": picture}
    return {**told, "early": early}


def main() -> None:
    wanted = json.loads(Path(sys.argv[-1]).read_text("utf-8"))
    blend, out = Path(wanted["blend"]), Path(wanted["out"])
    said = [render(blend, out, number, case) for number, case in enumerate(wanted["cases"])]
    Path(wanted["said"]).write_text(json.dumps(said), "utf-8")


main()
