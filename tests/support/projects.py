"""Projects made up for transfers: files of random bytes below a folder."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from blendtui.farm.project import Project, ProjectFile


def write_project(root: Path, sizes: dict[str, int], seed: int = 0) -> Project:
    """Write files of these sizes; the first one counts as the .blend."""
    source = random.Random(seed)
    for name, size in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.randbytes(size))
    return describe(root, sizes)


def describe(root: Path, names: dict[str, int] | list[str]) -> Project:
    """Describe files as they are."""
    files = []
    for name in names:
        data = (root / name).read_bytes()
        files.append(ProjectFile(name, hashlib.sha256(data).hexdigest(), len(data)))
    return Project(files[0].path, tuple(files))
