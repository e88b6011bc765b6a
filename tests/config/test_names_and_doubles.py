"""Names that can't be used, things that stand twice, and many faults at once are all told."""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui import config
from blendtui.config.rules import DEVICE, LIMITS, SHARE, Rule
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from tests.support.configs import said, write

DEVICE_KEYS = (
    "host, port, user, key, blender, work_dir, performance, slots, threads, "
    "restart_after, memory_limit, launch, env, tags, share_mount, cache, enabled"
)
PATH = 'a path on the device that begins with "/" or "~/"'
NAME = "a name of at most 64 letters (a to z), digits, - _ and ., with a letter or digit first"
HOST = 'an address, a name or an alias of ~/.ssh/config, without user and port, or "local"'
SIZE = 'a number of bytes, or text such as "500 MB" or "20 GiB"'
LAUNCH = "the beginning of a command line, in one line and with its quotation marks closed"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ('"old pc"', "old-pc"),
        ('"Büro.2"', "Buro.2"),
        ('"../x"', "x"),
        ('"-rf"', "rf"),
        ('""', "left"),
        ('"."', "left"),
        (f'"{"x" * 65}"', "x" * 64),
    ],
)
def test_a_device_name_that_is_no_file_name_is_refused(
    tmp_path: Path, name: str, nearest: str
) -> None:
    path = write(tmp_path, f'[devices.{name}]\nhost = "local"\n')
    shown = name.strip('"') if name[1:-1] in ("-rf", "x" * 65) else name
    near = f'"{nearest}"' if "." in nearest else nearest
    assert said(path) == [
        f"devices.toml, line 1: `[devices.{shown}]` has a name that cannot be used. "
        f"It must be {NAME}, for example `[devices.{near}]`."
    ]


def test_a_device_that_stands_twice_is_told_in_plain_words(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [devices.left]
        host = "local"

        [devices.left]
        host = "other"
        """,
    )
    assert said(path) == [
        "devices.toml, line 4: the device 'left' stands twice. It is in line 1 already. "
        "Rename or remove one of the two."
    ]


def test_devices_whose_names_differ_only_by_case_stand_twice(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [devices.left]
        host = "local"
        [devices.Left]
        host = "other"
        """,
    )
    assert said(path) == [
        "devices.toml, line 3: the device 'Left' stands twice, the other time as 'left'. "
        "It is in line 1 already. Rename or remove one of the two."
    ]


@pytest.mark.parametrize(
    ("text", "line", "what", "first"),
    [
        ('[devices.a]\nhost = "x"\nport = 1\nport = 2', 4, "`[devices.a] port`", 3),
        ('[devices]\na = {host="x"}\n[devices.a]', 3, "the device 'a'", 2),
        ('[devices]\na.host = "x"\n[devices.a]', 3, "the device 'a'", 2),
        ('[devices]\na = {host="x",\thost="y"}', 2, "`[devices.a] host`", 2),
        ("[share]\nsettle = 1\n[devices]\n[share]", 4, "`[share]`", 1),
    ],
)
def test_whatever_stands_twice_is_told_with_both_lines(
    tmp_path: Path, text: str, line: int, what: str, first: int
) -> None:
    assert said(write(tmp_path, text)) == [
        f"devices.toml, line {line}: {what} stands twice. It is in line {first} already. "
        "Rename or remove one of the two."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'share = "x"\n[devices.a]\nhost = "x"',
            'line 1: `[share]` is the text "x". It must be a table, for example `[share]`.',
        ),
        (
            'devices = ["a"]',
            "line 1: `[devices]` is a list. It must be one table for each device, for example "
            "`[devices.left]`.",
        ),
        (
            '[[devices.a]]\nhost = "x"',
            "line 1: `[devices] a` is a list. It must be the table of one device, for example "
            "`[devices.a]`.",
        ),
        (
            '[devices]\nhost = "x"',
            'line 2: `[devices] host` is the text "x". It must be in the table of one device, '
            "for example `[devices.left]`.",
        ),
        (
            '[share]\nlimits = 5\n[devices.a]\nhost = "x"',
            "line 2: `[share] limits` is the number 5. It must be a table, for example "
            "`[share.limits]`.",
        ),
    ],
)
def test_what_should_be_a_table_and_is_none_is_told(
    tmp_path: Path, text: str, sentence: str
) -> None:
    assert said(write(tmp_path, text)) == [f"devices.toml, {sentence}"]


def test_all_faults_are_told_at_once_from_top_to_bottom(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [devices.a]
        host = "x"
        port = 0
        prot = 1

        [defaults]
        slots = "many"

        [share]
        pfad = "x"
        """,
    )
    settings, faults = config.check(path)
    assert settings is None
    assert [(fault.kind, fault.fact("line"), fault.fact("key")) for fault in faults] == [
        (FaultKind.CONFIG_INVALID, "3", "[devices.a] port"),
        (FaultKind.CONFIG_UNKNOWN, "4", "[devices.a] prot"),
        (FaultKind.CONFIG_INVALID, "7", "[defaults] slots"),
        (FaultKind.CONFIG_UNKNOWN, "10", "[share] pfad"),
    ]


def test_loading_raises_the_first_fault_and_says_how_many_more_there_are(tmp_path: Path) -> None:
    path = write(tmp_path, "[devices.a]\nport = 0\nslots = 0\n")
    with pytest.raises(Failure) as caught:
        config.load(path)
    fault = caught.value.fault
    assert (fault.fact("line"), fault.fact("key")) == ("1", "[devices.a] host")
    assert fault.fact("more") == "2"


def test_a_fault_in_defaults_is_told_once_and_not_for_each_device(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [defaults]
        host = "two words"
        [devices.a]
        [devices.b]
        """,
    )
    assert len(said(path)) == 1


@pytest.mark.parametrize(
    ("table", "rules"), [("share", SHARE), ("share.limits", LIMITS), ("devices.a", DEVICE)]
)
def test_every_example_in_a_message_is_itself_right(
    tmp_path: Path, table: str, rules: dict[str, object]
) -> None:
    (tmp_path / "key").touch()
    lines = [
        f"{key} = {rule.example if key != 'key' else repr('key')}"
        for key, rule in rules.items()
        if isinstance(rule, Rule)
    ]
    text = f"[{table}]\n" + "\n".join(lines)
    if table != "devices.a":
        text += '\n[devices.a]\nhost = "local"\n'
    assert said(write(tmp_path, text)) == []
