"""`blendtui demo` where there is no Blender: it offers one, and installs nothing unasked.

The whole demo is `make demo`; the offered wheel is held by test_bpy_launcher.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui.bpy_wheel import can_offer
from blendtui.cli import main


def test_without_a_blender_and_somebody_to_ask_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PATH", "HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert main(["demo"]) == 2
    said = capsys.readouterr()
    version = can_offer()
    assert (f"bpy {version} from PyPI" in said.out) == (version is not None)
    assert ("demo --yes\n" in said.out) == (version is not None)
    assert said.err.startswith("blendtui: There is no Blender on this machine.\n  Install one,")
    assert not list(tmp_path.rglob("bpy-*"))
