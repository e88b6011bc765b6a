"""What a right devices.toml gives."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from blendtui import config
from blendtui.config.rules import DEVICE, LIMITS, SHARE
from blendtui.settings import DeviceSettings, Limits, Settings, ShareSettings
from tests.support.configs import said, write


def test_a_host_is_all_that_a_device_must_have(tmp_path: Path) -> None:
    path = write(tmp_path, '[devices.tower]\nhost = "tower"\n')
    assert config.load(path) == Settings(
        source=path,
        share=ShareSettings(),
        devices=(DeviceSettings(name="tower", host="tower"),),
    )


def test_all_settings_are_taken_as_written(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    path = write(
        tmp_path,
        """
        [share]
        path = "/mnt/share"
        settle = 2
        patience = 7.5
        limits = { files = 10, size = "1.5 GB", ratio = 30 }

        [devices."n0.de-1_x"]
        host = "10.0.0.1"
        port = 2222
        user = "render"
        key = "key"
        blender = "/opt/Blender 4.2/blender"
        work_dir = "/scratch/b"
        performance = 3
        slots = 2
        threads = 8
        launch = "srun --gres=gpu:1"
        env = { A = "1", B_2 = "" }
        tags = ["gpu", "fast"]
        share_mount = "/net/share"
        cache = 1000000
        enabled = false
        """,
    )
    settings = config.load(path)
    assert settings.share == ShareSettings(
        path=Path("/mnt/share"),
        settle=2.0,
        patience=7.5,
        limits=Limits(files=10, size=1_500_000_000, ratio=30),
    )
    assert settings.devices == (
        DeviceSettings(
            name="n0.de-1_x",
            host="10.0.0.1",
            port=2222,
            user="render",
            key=tmp_path / "key",
            blender=("/opt/Blender 4.2/blender",),
            work_dir="/scratch/b",
            performance=3.0,
            slots=2,
            threads=8,
            launch="srun --gres=gpu:1",
            env={"A": "1", "B_2": ""},
            tags=("gpu", "fast"),
            share_mount="/net/share",
            cache=1_000_000,
            enabled=False,
        ),
    )
    assert type(settings.share.settle) is type(settings.devices[0].performance) is float


def test_defaults_lie_below_each_device_and_environments_are_laid_together(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [defaults]
        host = "local"
        slots = 2
        tags = ["a"]
        env = { A = "1", B = "1" }

        [devices.one]

        [devices.two]
        host = "two"
        slots = 1
        tags = []
        env.B = "2"
        """,
    )
    one, two = config.load(path).devices
    assert (one.name, one.host, one.slots, one.tags) == ("one", "local", 2, ("a",))
    assert (two.name, two.host, two.slots, two.tags) == ("two", "two", 1, ())
    assert (one.env, two.env) == ({"A": "1", "B": "1"}, {"A": "1", "B": "2"})


def test_devices_keep_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["z", "a", "m10", "m9"]
    path = write(tmp_path, "\n".join(f'[devices.{name}]\nhost = "local"' for name in names))
    assert [device.name for device in config.load(path).devices] == names


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("1", 1),
        ('"20 GB"', 20 * 10**9),
        ('"20 GiB"', 20 * 2**30),
        ('"20gib"', 20 * 2**30),
        ('"1.5 MiB"', 3 * 2**19),
        ('"512 B"', 512),
        ('" 4 kB "', 4000),
        ('"1 TB"', 10**12),
    ],
)
def test_sizes_are_bytes_or_text_with_a_unit(tmp_path: Path, written: str, count: int) -> None:
    path = write(tmp_path, f'[devices.a]\nhost = "local"\ncache = {written}')
    assert config.load(path).devices[0].cache == count


@pytest.mark.parametrize("written", ["20", "20 iB", "1e3 MB", "-1 GB", "0 GB", "9999 PB", "GB"])
def test_what_is_no_size_is_refused(tmp_path: Path, written: str) -> None:
    path = write(tmp_path, f'[devices.a]\nhost = "local"\ncache = "{written}"')
    assert len(said(path)) == 1


def test_local_paths_start_at_home_or_in_the_folder_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "key").touch()
    folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    write(
        folder,
        """
        [share]
        path = "./share"
        [devices.a]
        host = "local"
        key = "~/.ssh/key"
        work_dir = "~/render"
        share_mount = "~/share"
        """,
    )
    settings = config.load(Path("folder/devices.toml"))
    assert settings.share.path == folder / "share"
    (device,) = settings.devices
    assert device.key == home / ".ssh" / "key"
    assert (device.work_dir, device.share_mount) == ("~/render", "~/share")


def test_each_setting_has_its_rule_and_each_rule_its_setting() -> None:
    def fields(kind: type[msgspec.Struct]) -> set[str]:
        return {field.name for field in msgspec.structs.fields(kind)}

    assert fields(DeviceSettings) - {"name"} == set(DEVICE)
    assert fields(ShareSettings) == set(SHARE)
    assert fields(Limits) == set(LIMITS)
