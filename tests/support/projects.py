"""Projects made up for transfers: files of random bytes below a folder."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from blendtui.farm.project import Project, ProjectFile

_CHUNK = 2**20


def write_project(root: Path, sizes: dict[str, int], seed: int = 0) -> Project:
    """Write files of these sizes; the first one counts as the .blend."""
    source = random.Random(seed)
    for name, size in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for start in range(0, size, _CHUNK):
                file.write(source.randbytes(min(_CHUNK, size - start)))
    return describe(root, sizes)


def describe(root: Path, names: dict[str, int] | list[str]) -> Project:
    """Describe files as they are."""
    files = []
    for name in names:
        with (root / name).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        files.append(ProjectFile(name, sha256, (root / name).stat().st_size))
    return Project(files[0].path, tuple(files))
