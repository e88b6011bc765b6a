"""Builds the zip of Blender's add-on, to be installed in every Blender from 3.4 on."""

from __future__ import annotations

import sys
import tomllib
import zipfile
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "blendtui" / "addon"


def build(folder: Path) -> Path:
    """Write the zip into a folder; all of it is in one folder, as the old kind needs it."""
    manifest = tomllib.loads((SOURCE / "blender_manifest.toml").read_text("utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{manifest['id']}-{manifest['version']}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(SOURCE.iterdir()):
            if path.suffix in (".py", ".toml"):
                archive.write(path, f"{manifest['id']}/{path.name}")
    return target


if __name__ == "__main__":
    made = build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist"))
    sys.stdout.write(f"{made}\n")
