"""The devices.toml that `blendtui init` writes, and the one at the top of the repository."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from blendtui import config
from blendtui.config.rules import DEVICE, LIMITS, NOTIFY, SHARE
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.settings import DeviceSettings
from blendtui.wording import explain
from tests.support.configs import said

TOP = Path(__file__).parents[2]


def test_it_loads_without_a_fault_and_has_two_devices_on_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "devices.toml"
    config.write_example(path)
    settings = config.load(path)
    assert settings.share.path == path.parent / "share"
    assert [device.name for device in settings.devices] == ["left", "right"]
    assert all(device.is_local for device in settings.devices)
    assert len({device.work_dir for device in settings.devices}) == 2


def test_the_one_at_the_top_of_the_repository_is_the_same() -> None:
    assert (TOP / "devices.toml").read_text("utf-8") == config.TEMPLATE


def test_it_names_every_setting() -> None:
    named = set(re.findall(r"^(?:# )?(\w+) = ", config.TEMPLATE, re.MULTILINE))
    assert named == (set(DEVICE) | set(SHARE) | set(LIMITS) | set(NOTIFY)) - {"limits"}


def test_with_its_remarks_taken_away_it_is_right_too(tmp_path: Path) -> None:
    text = re.sub(r"^# (\[|\w+ = )", r"\1", config.TEMPLATE, flags=re.MULTILINE)
    text = text.replace("~/.ssh/id_ed25519", str(tmp_path / "key"))
    (tmp_path / "key").touch()
    path = tmp_path / "devices.toml"
    path.write_text(text, "utf-8")
    assert said(path) == []
    left, _, tower = config.load(path).devices
    assert tower.name == "tower"
    expected = DeviceSettings(
        name="left",
        host="local",
        blender=("blender",),
        work_dir=left.work_dir,
        threads=8,
        compute="OPTIX",
        restart_after=200,
        memory_limit=12 * 2**30,
    )
    assert left == expected, "what the remarks call the default is the default"


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_text("mine")
    with pytest.raises(Failure) as caught:
        config.write_example(path)
    assert path.read_text() == "mine"
    assert str(explain(caught.value.fault)) == (
        f"{path} exists already; nothing was written. "
        "Name another file, or move this one away first."
    )


def test_a_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.symlink_to("elsewhere")
    with pytest.raises(Failure) as caught:
        config.write_example(path)
    assert caught.value.fault.kind is FaultKind.CONFIG_EXISTS
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure) as caught:
        config.write_example(tmp_path / "file" / "devices.toml")
    assert caught.value.fault.kind is FaultKind.CONFIG_UNWRITABLE


def test_half_a_file_is_taken_away_again(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path; from blendtui import config;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100));"
        "config.write_example(Path(sys.argv[1]))"
    )
    words = [sys.executable, "-B", "-c", script, str(tmp_path / "devices.toml")]
    ended = subprocess.run(words, cwd=TOP, capture_output=True, text=True, check=False)
    assert "config-unwritable" in ended.stderr
    assert list(tmp_path.iterdir()) == []
