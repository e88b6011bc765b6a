"""Whatever stands in a devices.toml: settings or sentences come out, at the right lines."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blendtui import config
from blendtui.config.lines import Lines
from blendtui.errors import Failure
from blendtui.settings import DeviceSettings, Limits, Settings, ShareSettings
from blendtui.wording import explain

quickly = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "key").touch()
        yield Path(folder) / "devices.toml"


# any text

_PIECES = st.sampled_from(
    [
        *("[", "]", "[[", "]]", "{", "}", "=", ".", ",", "\n", "\r\n", " ", "#", '"', "'", "\\"),
        *(
            '"""',
            "'''",
            "\\u0000",
            "\x00",
            "\ufeff",
            "\u202e",
            "😀",
            "-",
            "1",
            "0x",
            "1e999",
            "nan",
        ),
        *("true", "2026-11-23", "25:00:00", '"a\\"b"', '"""\n[a]\n"""', "''''x''''", "9" * 5000),
        *("[share]\n", "[share.limits]\n", "[defaults]\n", "[devices]\n", "[devices.a]\n"),
        *("[devices.A]\n", "[[devices.a]]\n", '[devices."b c"]\n', "share", "devices", "host"),
        *(
            'host = "local"\n',
            "port = 22\n",
            "env = ",
            "tags = ",
            "limits = ",
            "cache = ",
            "key = ",
        ),
        *("path = ", "[" * 3000, "a.b.c = ", "0x" + "f" * 5000),
    ]
)
_TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(_PIECES, max_size=14).map("".join),
    st.lists(_PIECES, max_size=6).map(lambda pieces: config.TEMPLATE + "".join(pieces)),
)


def _holds(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    found, faults = config.check(path)
    assert (found is None) == bool(faults)
    try:
        assert config.load(path) == found
    except Failure as failure:
        assert found is None
        assert failure.fault.kind is faults[0].kind
    last_line = content.count(b"\n") + 1
    for fault in faults:
        sentence = str(explain(fault))
        assert sentence.startswith(str(path))
        assert "line ?" not in sentence
        assert "`?`" not in sentence
        assert 1 <= int(fault.fact("line") or 1) <= last_line


@quickly
@given(text=_TEXTS)
def test_any_text_gives_settings_or_faults_and_nothing_else(path: Path, text: str) -> None:
    _holds(path, text.encode("utf-8", "surrogatepass"))


@quickly
@given(content=st.binary(max_size=60))
def test_any_bytes_give_settings_or_faults_and_nothing_else(path: Path, content: bytes) -> None:
    _holds(path, content)


_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.text(st.characters(codec="utf-8"), max_size=8),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.dates(),
        st.times(),
        st.datetimes(),
        st.sampled_from(["local", "~", "/x", "2 GB", "a", "1"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab.ü ", max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)
_KEYS = st.sampled_from(
    [
        field.name
        for kind in (DeviceSettings, ShareSettings, Limits)
        for field in msgspec.structs.fields(kind)
    ]
)
_TABLE = st.dictionaries(_KEYS, _VALUES, max_size=5) | _VALUES


@quickly
@given(
    tables=st.fixed_dictionaries(
        {},
        optional={
            "share": _TABLE,
            "defaults": _TABLE,
            "devices": st.dictionaries(st.sampled_from(["a", "A", "b", "ü", ""]), _TABLE) | _VALUES,
            "other": _TABLE,
        },
    )
)
def test_any_values_give_settings_or_faults_and_nothing_else(
    path: Path, tables: dict[str, Any]
) -> None:
    _holds(path, tomli_w.dumps(tables).encode())


# right settings, written and read

_NAMES = st.text("aBz09._-", max_size=20).map(lambda text: f"n{text}")
_LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
_SIZES = st.integers(1, 2**60)


def _devices(name: str, folder: Path) -> st.SearchStrategy[DeviceSettings]:
    on_device = st.just("~") | st.tuples(st.sampled_from(["/", "~/"]), _LINE).map("".join)
    return st.builds(
        DeviceSettings,
        name=st.just(name),
        host=st.text("az09.-", max_size=12).map(lambda text: f"h{text}"),
        port=st.none() | st.integers(1, 65535),
        user=st.none() | st.text("az09\\@", max_size=8).map(lambda text: f"u{text}"),
        key=st.none() | st.just(folder / "key"),
        blender=st.lists(_LINE.map(lambda text: f"b{text}"), max_size=3, unique=True).map(tuple),
        work_dir=on_device,
        performance=st.floats(0.001, 10**6),
        slots=st.integers(1, 64),
        threads=st.none() | st.integers(1, 1024),
        launch=st.sampled_from(["", "nice -n 10", "sh -c 'exec \"$@\"' x"]),
        env=st.dictionaries(st.text("aZ_", min_size=1, max_size=4), _LINE, max_size=3),
        tags=st.lists(_NAMES, max_size=3).map(tuple),
        share_mount=st.none() | on_device,
        cache=_SIZES,
        enabled=st.booleans(),
    )


@st.composite
def _settings(draw: st.DrawFn, path: Path) -> Settings:
    names = draw(st.lists(_NAMES, min_size=1, max_size=4, unique_by=str.casefold))
    share = st.builds(
        ShareSettings,
        path=st.none() | _LINE.map(lambda text: Path(f"/{text}")),
        settle=st.floats(0, 86400),
        patience=st.floats(0, 86400),
        limits=st.builds(
            Limits, files=st.integers(1, 10**9), size=_SIZES, ratio=st.integers(1, 10**9)
        ),
    )
    devices = tuple(draw(_devices(name, path.parent)) for name in names)
    return Settings(source=path, share=draw(share), devices=devices)


def _written(found: Settings) -> str:
    """Write settings as TOML, through msgspec and tomli-w alone."""

    def plain(struct: msgspec.Struct) -> dict[str, Any]:
        values = msgspec.to_builtins(struct, builtin_types=(), enc_hook=str)
        return {key: value for key, value in values.items() if value is not None and key != "name"}

    devices = {device.name: plain(device) for device in found.devices}
    return tomli_w.dumps({"share": plain(found.share), "devices": devices})


@settings(quickly, max_examples=30)
@given(data=st.data())
def test_settings_that_were_written_are_read_as_the_same(path: Path, data: st.DataObject) -> None:
    expected = data.draw(_settings(path))
    path.write_text(_written(expected), "utf-8", newline="\n")
    found, faults = config.check(path)
    assert faults == ()
    assert found == expected


# lines

_TRICKY = st.sampled_from(
    [
        "1",
        "-1.5e3",
        "true",
        "2026-11-23 10:00:00.5",
        '"a # b"',
        "'[x]'",
        '"""\n[share]\nport = 1 \\"""\n"""',
        "'''\n''port = 2\n'''''",
        '""""quoted""""',
        '[1, # ]\n "]",\n [{ x = 1, y = "}" }],\n]',
        '["a", """\n]\n"""]',
    ]
)
_FILL = st.lists(st.sampled_from(["", "# remark [a]", "  # 'open", "\t"]), max_size=2)


@st.composite
def _marked(draw: st.DrawFn) -> tuple[str, dict[tuple[str, ...], int]]:
    """A TOML text, and the line of each of its keys, which are numbered."""
    lines: list[str] = []
    places: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number in range(draw(st.integers(1, 8))):
        lines += draw(_FILL)
        value = draw(_TRICKY)
        here = "\n".join(lines).count("\n") + 2 if lines else 1
        kind = draw(st.sampled_from(["plain", "dotted", "quoted", "inline", "table", "list"]))
        new = {
            "plain": ((f"k{number}",), f"k{number} = {value}"),
            "dotted": ((f"d{number}", "x"), f'd{number} . "x"={value}'),
            "quoted": ((f"q{number}.ü\\",), f'  "q{number}.\\u00fc\\\\" = {value}'),
            "inline": ((f"i{number}", "a", "b"), f"i{number} = {{ z = {{}}, a.b = {value} }}"),
            "table": ((f"t{number}", "u"), f" [ t{number} . 'u' ] # ]"),
            "list": ((f"l{number}",), f"[[l{number}]]"),
        }
        path, line = new[kind]
        if kind in ("table", "list"):
            table = path
            places[path] = here
        else:
            places[table + path] = here
        lines.append(line)
    return "\n".join(lines), places


@quickly
@given(marked=_marked())
def test_every_key_is_found_in_its_line(marked: tuple[str, dict[tuple[str, ...], int]]) -> None:
    text, places = marked
    lines = Lines.of(text)
    assert {key: lines.of_key(key) for key in places} == places
    assert lines.repeated == []


def test_a_key_that_is_not_there_is_looked_for_in_its_table() -> None:
    lines = Lines.of("\n[devices.a]\nhost = 1")
    assert lines.of_key(("devices", "a", "nothing", "at", "all")) == 2
    assert lines.of_key(("devices",)) == 2
    assert lines.of_key(("share",)) == 1


def test_looking_for_lines_takes_no_time_to_speak_of_whatever_the_text() -> None:
    started = time.process_time()
    for piece in (
        "a=[{",
        '"""',
        "[[a]]\n",
        "x\n",
        "[a.b]\n",
        "a={b.c={",
        "1_",
        '"\\',
        "a.",
        "''\n",
    ):
        Lines.of(piece * (2**16 // len(piece)))
    assert time.process_time() - started < 5
