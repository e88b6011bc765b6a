"""What devices.toml can say, as typed values; `config` reads and checks the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from blendtui.hours import Hours

LOCAL_HOST = "local"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a dropped zip may hold: files, bytes when unpacked, and bytes out per byte in."""

    files: int = 50_000
    size: int = 200 * 2**30
    ratio: int = 200


class ShareSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[share]`: where projects are dropped and frames come back.

    `settle` is the time in seconds that a complete drop must stay unchanged before it is taken;
    `patience` the time in seconds that an incomplete one may pause before it is refused. `policy`
    is how jobs of equal priority share the devices: "first" come, first served, or "fair" shares.
    A frame that takes `overdue` times what was expected is reported, and tried elsewhere.
    """

    path: Path | None = None
    policy: Literal["first", "fair"] = "first"
    overdue: float = 4.0
    settle: float = 1.0
    patience: float = 60.0
    limits: Limits = Limits()


class NotifySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[notify]`: who is told what.

    `urls` are addresses of Apprise, `$NAME` for one in the environment. `command` is a command
    with its arguments, run for each thing that is told; `bell` rings the terminal's. `on` names
    what is told: "done" and "failed" jobs, those that are "stuck", and devices that are "lost".
    """

    urls: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    bell: bool = False
    on: tuple[str, ...] = ("done", "failed", "stuck", "lost")


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One `[devices.NAME]`, with `[defaults]` already laid below it.

    `blender` names one command or more, none for whatever is found in the usual places.
    `host` is an address, an alias of the SSH configuration, or "local" for this machine without
    sshd. `port`, `user` and `key` are None where SSH's own configuration decides. `performance`
    is a relative speed, a first guess. `slots` is how many Blenders run at once, `threads` how
    many threads each may use (None: Blender decides). `compute` is "CPU" or the kind of GPU for
    Cycles (None: as Blender is set up there), of which each slot uses `gpus`: "all", or "one" of
    its own; `cpu_fallback` allows the CPU for frames that the GPU has no memory for. A Blender is
    restarted after `restart_after` frames, and when it takes more than `memory_limit` bytes (None:
    never). `launch` is put before Blender's command. `work_dir` is a folder on the device (`~` is
    the user's home there), `cache` the bytes that project files may take there. `share_mount` is
    where the device itself sees the share. `hours` are those in which it may render, in this
    machine's time (None: always). Where there is work, a device with a `mac` is woken over the
    network; the packet goes to `wake_address`. One that has had nothing to do for `idle_after`
    seconds runs `idle_command`.
    """

    name: str = ""
    host: str = ""
    port: int | None = None
    user: str | None = None
    key: Path | None = None
    blender: tuple[str, ...] = ()
    work_dir: str = "~/.cache/blendtui"
    performance: float = 1.0
    slots: int = 1
    threads: int | None = None
    compute: str | None = None
    gpus: Literal["all", "one"] = "all"
    cpu_fallback: bool = False
    restart_after: int | None = None
    memory_limit: int | None = None
    launch: str = ""
    env: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    share_mount: str | None = None
    cache: int = 20 * 2**30
    enabled: bool = True
    hours: Hours | None = None
    mac: str | None = None
    wake_address: str = "255.255.255.255:9"
    idle_command: str = ""
    idle_after: float = 600.0

    @property
    def is_local(self) -> bool:
        """Whether the device is this machine, reached through the embedded server."""
        return self.host == LOCAL_HOST

    @property
    def first_blender(self) -> str:
        """The command to try where nothing is known of the device's Blenders."""
        return self.blender[0] if self.blender else "blender"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All of devices.toml, checked; `source` is the file that it came from."""

    source: Path
    share: ShareSettings
    devices: tuple[DeviceSettings, ...]
    notify: NotifySettings = NotifySettings()
