"""`blendtui demo`: the whole way of a project on this machine alone, with a share for this once."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from blendtui import headless
from blendtui.bpy_wheel import can_offer, find_blender, install, is_installed
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.places import Places
from blendtui.process import OK, SOME_FAILED, log_to_file
from blendtui.settings import LOCAL_HOST, DeviceSettings, Settings, ShareSettings
from blendtui.share import Share

SAMPLE = "bouncing.zip"
DEVICES = ("left", "right")


def run(*, yes: bool) -> int:
    """Render the sample project on two devices that are both this machine.

    Raises:
        Failure: there is no Blender, and none can be had.
    """
    blender = find_blender() or _install_blender(yes=yes)
    root = Path(tempfile.mkdtemp(prefix="blendtui-demo-"))
    places = Places(root / "state", root / "share")
    places.share.mkdir()
    log_to_file(places.state)
    print(f"A share for this demo: {places.share}")
    print(f"Two devices, both this machine: {' and '.join(DEVICES)}, with {blender}")
    shutil.copy(sample(), places.share / SAMPLE)
    print(f"Dropped {SAMPLE} into the share.\n")
    settings = _settings(root, places.share, blender)
    (root / "devices.toml").write_text("# The demo's devices stand in the program itself.\n")
    code = asyncio.run(
        headless.watch(settings, places, Share(places.share), once=True, log_format="text")
    )
    frames = places.share / Path(SAMPLE).stem / "frames"
    count = sum(1 for path in frames.glob("*") if path.is_file()) if frames.is_dir() else 0
    print(f"\n{count} frames are in {frames}")
    return OK if code == OK and count else SOME_FAILED


def sample() -> Path:
    """Find the sample project: beside the package, or in the source tree.

    Raises:
        FileNotFoundError: the installation is not whole.
    """
    package = Path(__file__).parent
    for folder in (package / "examples", package.parent / "examples"):
        if (folder / SAMPLE).is_file():
            return folder / SAMPLE
    raise FileNotFoundError(f"{SAMPLE} is missing from this installation")


def _settings(root: Path, share: Path, blender: str) -> Settings:
    threads = max((os.cpu_count() or 2) // len(DEVICES), 1)
    return Settings(
        source=root / "devices.toml",
        share=ShareSettings(path=share, settle=0.5),
        devices=tuple(
            DeviceSettings(
                name=name,
                host=LOCAL_HOST,
                blender=(blender,),
                threads=threads,
                work_dir=str(root / name),
            )
            for name in DEVICES
        ),
    )


def _install_blender(*, yes: bool) -> str:
    """Offer Blender as a Python package where there is no other.

    Raises:
        Failure: BLENDER_MISSING_HERE, BLENDER_WHEEL_MISSING or BLENDER_WHEEL_BROKEN.
    """
    version = can_offer()
    if version is None:
        raise Failure.of(FaultKind.BLENDER_MISSING_HERE)
    folder = Places.default_state() / f"bpy-{version}"
    print("There is no Blender on this machine.")
    print(f"Its Python package, bpy {version} from PyPI (about 350 MB), can stand in for it.")
    if not is_installed(folder):
        if not yes and not _agreed():
            raise Failure.of(FaultKind.BLENDER_MISSING_HERE)
        print(f"Installing it into {folder}")
    return str(install(folder, version))


def _agreed() -> bool:
    if not sys.stdin.isatty():
        # Where `make demo` has installed it, it isn't on the path.
        command = sys.argv[0] if Path(sys.argv[0]).name == "blendtui" else "blendtui"
        print(f"Not a terminal, so nobody can be asked. To install it: {command} demo --yes")
        return False
    return input("Install it into an environment of its own? [y/N] ").strip().lower() in (
        "y",
        "yes",
    )
