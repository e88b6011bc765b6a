"""What each setting must be: one row a setting, with words and an example for whoever errs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from blendtui.config import values

Reader = Callable[[object, Path], object]
"""Checks a value and gives it as kept; relative paths start in the folder that is given."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One setting: `expected` goes after "It must be"; `example` is a value as TOML writes it."""

    expected: str
    example: str
    read: Reader


Rules = Mapping[str, "Rule | Rules"]
"""A table's settings by key; a table within a table is one more of these."""

NAME = "a name of at most 64 letters (a to z), digits, - _ and ., with a letter or digit first"
"""What a device may be called; a tag too. Names become parts of file names."""

_SIZE = 'a number of bytes, or text such as "500 MB" or "20 GiB"'
_ON_DEVICE = 'a path on the device that begins with "/" or "~/"'

LIMITS: Rules = {
    "files": Rule("a whole number from 1", "50000", values.whole(1, 10**9)),
    "size": Rule(_SIZE, '"200 GiB"', values.size),
    "ratio": Rule("a whole number from 1", "200", values.whole(1, 10**9)),
}

SHARE: Rules = {
    "path": Rule("the path of a folder on this machine", '"./share"', values.local_path),
    "settle": Rule("a number of seconds from 0 to 86400", "1.0", values.number(0, 86400)),
    "patience": Rule("a number of seconds from 0 to 86400", "60.0", values.number(0, 86400)),
    "policy": Rule('"first" or "fair"', '"fair"', values.choice("first", "fair")),
    "overdue": Rule("a number from 1.5 to 1000", "4.0", values.number(1.5, 1000)),
    "limits": LIMITS,
}

NOTIFY: Rules = {
    "urls": Rule(
        'a list of Apprise\'s addresses, each with ://, or of "$NAME"',
        '["mailto://example.org"]',
        values.urls,
    ),
    "command": Rule(
        "a list of texts: a command and its arguments", '["notify-send", "blendtui"]', values.words
    ),
    "bell": Rule("true or false", "true", values.truth),
    "on": Rule(
        'a list of some of "done", "failed", "stuck" and "lost"',
        '["failed", "stuck"]',
        values.several("done", "failed", "stuck", "lost"),
    ),
}

HOST = Rule(
    'an address, a name or an alias of ~/.ssh/config, without user and port, or "local"',
    '"render1.example.org"',
    values.host,
)

DEVICE: Rules = {
    "host": HOST,
    "port": Rule("a whole number from 1 to 65535", "22", values.whole(1, 65535)),
    "user": Rule("the name of a user on the device, without spaces", '"render"', values.user),
    "key": Rule(
        "the path of a private key that is on this machine", '"~/.ssh/id_ed25519"', values.key_file
    ),
    "blender": Rule(
        "a command or a path on the device, or a list of them",
        '"/opt/blender/blender"',
        values.programs,
    ),
    "work_dir": Rule(_ON_DEVICE, '"~/.cache/blendtui"', values.device_path),
    "performance": Rule("a number from 0.001 to 1000000", "1.0", values.number(0.001, 10**6)),
    "slots": Rule("a whole number from 1 to 64", "1", values.whole(1, 64)),
    "threads": Rule("a whole number from 1 to 1024", "8", values.whole(1, 1024)),
    "compute": Rule(
        '"CPU", "CUDA", "OPTIX", "HIP", "ONEAPI" or "METAL"',
        '"OPTIX"',
        values.choice("CPU", "CUDA", "OPTIX", "HIP", "ONEAPI", "METAL"),
    ),
    "gpus": Rule('"all" or "one"', '"one"', values.choice("all", "one")),
    "cpu_fallback": Rule("true or false", "true", values.truth),
    "restart_after": Rule("a whole number from 1 to 1000000", "200", values.whole(1, 10**6)),
    "memory_limit": Rule(_SIZE, '"12 GiB"', values.size),
    "launch": Rule(
        "the beginning of a command line, in one line and with its quotation marks closed",
        '"nice -n 10"',
        values.prefix,
    ),
    "env": Rule(
        "a table of names (letters, digits, _) and texts", '{ TMPDIR = "/scratch" }', values.env
    ),
    "tags": Rule(f"a list of texts, each {NAME}", '["gpu"]', values.tags),
    "share_mount": Rule(_ON_DEVICE, '"/mnt/share"', values.device_path),
    "cache": Rule(_SIZE, '"20 GiB"', values.size),
    "enabled": Rule("true or false", "true", values.truth),
    "hours": Rule(
        "times of day, with or without days, and commas between several",
        '"mon-fri 20:00-08:00, sat-sun"',
        values.hours,
    ),
    "mac": Rule("a MAC address: six pairs of 0-9 and a-f", '"00:1a:2b:3c:4d:5e"', values.mac),
    "wake_address": Rule(
        "an IP address, and a port behind a colon", '"192.168.1.255:9"', values.endpoint
    ),
    "idle_command": Rule("a command in one line", '"sudo systemctl suspend"', values.line),
    "idle_after": Rule("a number of seconds from 1 to 604800", "600.0", values.number(1, 604800)),
}

OTHER_NAMES = {
    "address": "host",
    "ip": "host",
    "login": "user",
    "identity_file": "key",
    "password": "key",
    "binary": "blender",
    "blenders": "blender",
    "folder": "work_dir",
    "speed": "performance",
    "weight": "performance",
    "instances": "slots",
    "cpus": "threads",
    "cores": "threads",
    "device": "compute",
    "compute_type": "compute",
    "gpu": "gpus",
    "fallback": "cpu_fallback",
    "prefix": "launch",
    "environment": "env",
    "groups": "tags",
    "mount": "share_mount",
    "active": "enabled",
    "disabled": "enabled",
    "schedule": "hours",
    "wake": "mac",
    "wol": "mac",
    "broadcast": "wake_address",
    "suspend": "idle_command",
    "sleep": "idle_command",
}
"""Names that people write for a setting, and that are not spelled like it."""
