"""Blender as a Python package: for a machine where no other Blender can be had."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import FaultKind

VERSIONS = {(3, 11): "5.0.1", (3, 13): "5.2.3"}
"""The newest bpy on PyPI for each Python that has one: a wheel loads in one Python only."""

LIBRARIES = (
    "libgl1 libgomp1 libice6 libsm6 libx11-6 libxext6 libxfixes3 libxi6 libxkbcommon0 libxrender1 "
    "libxxf86vm1"
)
"""Debian's packages for what the wheels load from the system (ldd of 4.2.23, 5.0.1 and 5.2.3)."""

_SOURCE = Path(__file__).with_name("bpy_launcher.py")
_START_SECONDS = 120


def find_blender() -> str | None:
    """Find a Blender on this machine's path."""
    return shutil.which("blender")


def can_offer(python: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """Give the version of the wheel that fits a Python, None where there is none."""
    return VERSIONS.get(python)


def install(folder: Path, version: str) -> Path:
    """Make an environment with the wheel, and give the launcher in it: a Blender's command.

    What an earlier try left unfinished is made anew; what it finished is taken as it is.

    Raises:
        Failure: BLENDER_WHEEL_MISSING (no network, no room), BLENDER_WHEEL_BROKEN (it lacks a
            library of the system, say).
    """
    launcher = _launcher(folder)
    if not is_installed(folder):
        try:
            _fill(folder, version)
            write_launcher(launcher, folder / "bin" / "python")
        except OSError as error:
            raise _missing(version, reason_of(error)) from error
        except subprocess.CalledProcessError as error:
            raise _missing(version, _last_words(error)) from error
    _try_out(launcher, version)
    return launcher


def is_installed(folder: Path) -> bool:
    """Say whether an environment is finished, so that it needs no download."""
    return _launcher(folder).exists()


def write_launcher(path: Path, python: Path) -> None:
    """Write the launcher for an environment's Python, whole or not at all.

    The shell starts Python in its place, as the same process: a first line that names Python
    itself may hold no space and no long path. To Python the shell's line is a text.
    """
    # Alone (-I), as Blender's own Python is; what it prints is in the log at once (-u).
    first = f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} -I -u \"$0\" \"$@\"\n' '''\n"
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as file:
        file.write(first + _SOURCE.read_text(encoding="utf-8"))
    fresh = Path(file.name)
    fresh.chmod(0o755)
    fresh.replace(path)


def _launcher(folder: Path) -> Path:
    return folder / "bin" / "blender"


def _fill(folder: Path, version: str) -> None:
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    _run([*pip, "--disable-pip-version-check", f"bpy=={version}"])


def _try_out(launcher: Path, version: str) -> None:
    try:
        _run([str(launcher), "--version"], timeout=_START_SECONDS)
    except subprocess.SubprocessError as error:
        raise Failure.of(
            FaultKind.BLENDER_WHEEL_BROKEN,
            version=version,
            detail=_last_words(error),
            packages=LIBRARIES,
        ) from error


def _run(command: list[str], timeout: float | None = None) -> None:
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=timeout,
    )


def _missing(version: str, detail: str) -> Failure:
    return Failure.of(FaultKind.BLENDER_WHEEL_MISSING, version=version, detail=detail)


def _last_words(error: subprocess.SubprocessError) -> str:
    """Take the last line that a program wrote to stderr, or how it ended."""
    text = getattr(error, "stderr", None)
    lines = text.split("\n") if isinstance(text, str) else []
    return next((line.strip().rstrip(".") for line in reversed(lines) if line.strip()), str(error))
