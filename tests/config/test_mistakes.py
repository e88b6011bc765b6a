"""Every mistake in a devices.toml is told with its line, what was expected and what comes near."""

from __future__ import annotations

from pathlib import Path

import pytest

from blendtui import config
from tests.support.configs import said, write

DEVICE_KEYS = (
    "host, port, user, key, blender, work_dir, performance, slots, threads, "
    "compute, gpus, cpu_fallback, restart_after, memory_limit, launch, env, tags, share_mount, "
    "cache, enabled, hours, mac, wake_address, idle_command, idle_after"
)
PATH = 'a path on the device that begins with "/" or "~/"'
NAME = "a name of at most 64 letters (a to z), digits, - _ and ., with a letter or digit first"
HOST = 'an address, a name or an alias of ~/.ssh/config, without user and port, or "local"'
SIZE = 'a number of bytes, or text such as "500 MB" or "20 GiB"'
LAUNCH = "the beginning of a command line, in one line and with its quotation marks closed"


def test_an_unknown_key_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [share]
        path = "share"

        [devices.old-pc]
        host = "old-pc"
        # the port
        prot = 22
        """,
    )
    assert said(path) == [
        "devices.toml, line 7: `[devices.old-pc] prot` is not a setting. "
        f"Did you mean `port`? Known there: {DEVICE_KEYS}."
    ]


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ('[shere]\npath = "x"', "[shere]", "[share]"),
        ("[default]\nslots = 2", "[default]", "[defaults]"),
        ('[device.left]\nhost = "local"', "[device]", "[devices.NAME]"),
        ('[left]\nhost = "local"', "[left]", "[devices.left]"),
        ('path = "x"', "path", "[share] path"),
        ("slots = 2", "slots", "[defaults] slots"),
        ("slot = 2", "slot", "[defaults] slots"),
    ],
)
def test_what_stands_at_the_wrong_place_at_the_top_is_told_where_it_belongs(
    tmp_path: Path, text: str, key: str, nearest: str
) -> None:
    path = write(tmp_path, f'{text}\n[devices.a]\nhost = "local"\n')
    assert said(path) == [
        f"devices.toml, line 1: `{key}` is not a setting. Did you mean `{nearest}`? "
        "Known there: [share], [notify], [defaults], [devices.NAME]."
    ]


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("Host", "host"),
        ("ip", "host"),
        ("username", "user"),
        ("work-dir", "work_dir"),
        ("workdir", "work_dir"),
        ("speed", "performance"),
        ("blender_path", "blender"),
        ("name", "enabled"),
        ("'a b'", "enabled"),
    ],
)
def test_the_nearest_key_is_found_for_other_words_too(
    tmp_path: Path, written: str, nearest: str
) -> None:
    path = write(tmp_path, f'[devices.a]\nhost = "local"\n{written} = 1\n')
    (sentence,) = said(path)
    assert f"line 3: `[devices.a] {written}`".replace("'", '"') in sentence
    assert f"Did you mean `{nearest}`?" in sentence


def test_an_unknown_table_within_a_device_or_the_share_is_told(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [share]
        path = "share"
        [share.limit]
        files = 3
        [share.limits]
        sizes = 3

        [devices.a]
        host = "local"
        [devices.a.environment]
        A = "1"
        """,
    )
    assert said(path) == [
        "devices.toml, line 3: `[share.limit]` is not a setting. Did you mean `limits`? "
        "Known there: path, settle, patience, policy, overdue, limits.",
        "devices.toml, line 6: `[share.limits] sizes` is not a setting. Did you mean `size`? "
        "Known there: files, size, ratio.",
        "devices.toml, line 10: `[devices.a.environment]` is not a setting. Did you mean `env`? "
        f"Known there: {DEVICE_KEYS}.",
    ]


WRONG_VALUES = [
    # each: what is written, what is said of it, what it must be, the example
    ('port = "22"', 'is the text "22"', "a whole number from 1 to 65535", "port = 22"),
    ("port = 0", "is the number 0", "a whole number from 1 to 65535", "port = 22"),
    ("port = 65536", "is the number 65536", "a whole number from 1 to 65535", "port = 22"),
    ("port = 2200.0", "is the number 2200.0", "a whole number from 1 to 65535", "port = 2200"),
    ("port = true", "is true", "a whole number from 1 to 65535", "port = 22"),
    ("slots = 65", "is the number 65", "a whole number from 1 to 64", "slots = 1"),
    ('slots = "two"', 'is the text "two"', "a whole number from 1 to 64", "slots = 1"),
    ('slots = " 4 "', 'is the text " 4 "', "a whole number from 1 to 64", "slots = 4"),
    ("slots = [2]", "is a list", "a whole number from 1 to 64", "slots = 1"),
    ("slots = 2026-11-23", "is a date or a time", "a whole number from 1 to 64", "slots = 1"),
    ("threads = 0", "is the number 0", "a whole number from 1 to 1024", "threads = 8"),
    (
        "performance = 0",
        "is the number 0",
        "a number from 0.001 to 1000000",
        "performance = 1.0",
    ),
    (
        "performance = -1.5",
        "is the number -1.5",
        "a number from 0.001 to 1000000",
        "performance = 1.0",
    ),
    (
        "performance = inf",
        "is the number inf",
        "a number from 0.001 to 1000000",
        "performance = 1.0",
    ),
    (
        "performance = nan",
        "is the number nan",
        "a number from 0.001 to 1000000",
        "performance = 1.0",
    ),
    (
        'performance = "2,5"',
        'is the text "2,5"',
        "a number from 0.001 to 1000000",
        "performance = 2.5",
    ),
    ('enabled = "no"', 'is the text "no"', "true or false", "enabled = false"),
    ('enabled = "Yes"', 'is the text "Yes"', "true or false", "enabled = true"),
    ("enabled = 0", "is the number 0", "true or false", "enabled = false"),
    ("enabled = 1", "is the number 1", "true or false", "enabled = true"),
    (
        'user = "a b"',
        'is the text "a b"',
        "the name of a user on the device, without spaces",
        'user = "render"',
    ),
    (
        'user = "-oX"',
        'is the text "-oX"',
        "the name of a user on the device, without spaces",
        'user = "render"',
    ),
    ('work_dir = "render"', 'is the text "render"', PATH, 'work_dir = "~/render"'),
    (
        "work_dir = 'C:\\render'",
        'is the text "C:\\\\render"',
        PATH,
        'work_dir = "~/.cache/blendtui"',
    ),
    (
        'work_dir = "~bob/render"',
        'is the text "~bob/render"',
        PATH,
        'work_dir = "~/.cache/blendtui"',
    ),
    ('work_dir = ""', "is empty", PATH, 'work_dir = "~/.cache/blendtui"'),
    ('share_mount = "./s"', 'is the text "./s"', PATH, 'share_mount = "~/s"'),
    (
        'blender = " "',
        "is empty",
        "a command or a path on the device, or a list of them",
        'blender = "/opt/blender/blender"',
    ),
    (
        'blender = "a\\nb"',
        "holds a line break or another control character",
        "a command or a path on the device, or a list of them",
        'blender = "/opt/blender/blender"',
    ),
    (
        'launch = "nice\\u0000"',
        "holds a line break or another control character",
        LAUNCH,
        'launch = "nice -n 10"',
    ),
    (
        'launch = "sh -c \'"',
        "has a quotation mark or a backslash that is not closed",
        LAUNCH,
        'launch = "nice -n 10"',
    ),
    ('cache = "20 apples"', 'is the text "20 apples"', SIZE, 'cache = "20 GiB"'),
    ("cache = 0", "is the number 0", SIZE, 'cache = "20 GiB"'),
    ("cache = -1", "is the number -1", SIZE, 'cache = "20 GiB"'),
    ('tags = "gpu"', 'is the text "gpu"', f"a list of texts, each {NAME}", 'tags = ["gpu"]'),
    (
        'tags = ["gpu", "big one"]',
        'has entry 2, which is the text "big one"',
        f"a list of texts, each {NAME}",
        'tags = ["gpu", "big-one"]',
    ),
    (
        "tags = [4]",
        "has entry 1, which is the number 4",
        f"a list of texts, each {NAME}",
        'tags = ["gpu"]',
    ),
    (
        "env = { N = 4 }",
        "has N, which is the number 4",
        "a table of names (letters, digits, _) and texts",
        'env = { N = "4" }',
    ),
    (
        'env = { "A B" = "1" }',
        'has the name "A B"',
        "a table of names (letters, digits, _) and texts",
        'env = { TMPDIR = "/scratch" }',
    ),
    (
        'env = "A=1"',
        'is the text "A=1"',
        "a table of names (letters, digits, _) and texts",
        'env = { TMPDIR = "/scratch" }',
    ),
    (
        'key = "no/such/key"',
        "names {folder}/no/such/key, which is not there",
        "the path of a private key that is on this machine",
        'key = "~/.ssh/id_ed25519"',
    ),
    (
        'key = "."',
        "names {folder}, which is a folder",
        "the path of a private key that is on this machine",
        'key = "~/.ssh/id_ed25519"',
    ),
    (
        'key = "~no-such-user-here/key"',
        'is the text "~no-such-user-here/key", and this machine has no such user',
        "the path of a private key that is on this machine",
        'key = "~/.ssh/id_ed25519"',
    ),
]


@pytest.mark.parametrize(("written", "problem", "expected", "nearest"), WRONG_VALUES)
def test_a_wrong_value_is_told_with_what_it_must_be(
    tmp_path: Path, written: str, problem: str, expected: str, nearest: str
) -> None:
    path = write(tmp_path, f'[devices.a]\nhost = "local"\n{written}\n')
    key = f"[devices.a] {written.split(' = ', maxsplit=1)[0]}"
    assert said(path) == [
        f"devices.toml, line 3: `{key}` {problem.format(folder=tmp_path)}. "
        f"It must be {expected}, for example `{nearest}`."
    ]


@pytest.mark.parametrize(
    ("host", "nearest"),
    [
        ("render@tower", "tower"),
        ("tower:2222", "tower"),
        ("ssh://render@tower:2222/", "tower"),
        ("[fe80::1]:22", "fe80::1"),
        (" tower", "tower"),
        ("LOCAL", "local"),
        ("-oProxyCommand=x", "render1.example.org"),
        ("two words", "render1.example.org"),
        ("a/b", "render1.example.org"),
    ],
)
def test_a_host_that_says_more_than_the_host_is_refused(
    tmp_path: Path, host: str, nearest: str
) -> None:
    path = write(tmp_path, f'[devices.a]\nhost = "{host}"\n')
    assert said(path) == [
        f'devices.toml, line 2: `[devices.a] host` is the text "{host}". '
        f'It must be {HOST}, for example `host = "{nearest}"`.'
    ]


@pytest.mark.parametrize("host", ["tower", "10.0.0.1", "fe80::1%eth0", "a_b.example.org", "local"])
def test_addresses_names_and_aliases_are_taken_as_hosts(tmp_path: Path, host: str) -> None:
    settings = config.load(write(tmp_path, f'[devices.a]\nhost = "{host}"\n'))
    assert settings.devices[0].host == host


def test_a_device_without_or_with_an_empty_host_is_told_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [devices.a]
        slots = 2

        [devices.b]
        host = ""
        """,
    )
    assert said(path) == [
        "devices.toml, line 1: `[devices.a] host` is missing. "
        f'It must be {HOST}, for example `host = "render1.example.org"`.',
        "devices.toml, line 5: `[devices.b] host` is empty. "
        f'It must be {HOST}, for example `host = "render1.example.org"`.',
    ]


def test_a_file_without_any_device_is_told(tmp_path: Path) -> None:
    expected = [
        "devices.toml, line 1: `[devices.NAME]` is missing. "
        "It must be there for one device at least, for example `[devices.left]`."
    ]
    assert said(write(tmp_path, "")) == expected
    assert said(write(tmp_path, '[share]\npath = "x"\n')) == expected
