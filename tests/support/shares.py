"""Shares with drops in them, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blendtui.errors import Failure
from blendtui.farm.faults import Fault, FaultKind
from blendtui.share import Report, Share

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT or sys.platform != "linux", reason="mounts need root")


def drop(share: Share, name: str, content: str = "zip") -> Path:
    path = share.path / name
    path.write_text(content)
    return path


def tree(folder: Path) -> dict[str, str | None]:
    """All below a folder: what is in files, None for folders."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def job(share: Share, name: str = "shot") -> str:
    return share.take(drop(share, f"{name}.zip"), ()).parent.name


def report(ended: float | None) -> Report:
    return Report("shot", "active", "", 0.0, ended, (1,), (), (), (), (), {})


@contextmanager
def refused(*kinds: FaultKind) -> Iterator[list[Fault]]:
    faults: list[Fault] = []
    with pytest.raises(Failure) as caught:
        yield faults
    faults.append(caught.value.fault)
    assert caught.value.fault.kind in kinds


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"tmpfs cannot be mounted here: {done.stderr.decode()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)
