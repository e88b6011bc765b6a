"""Changes to a devices.toml: what they are about changes, and every other line stays."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendtui import config
from blendtui.config import editing
from blendtui.config.editing import add_device, merged, put, rename_device, tables_of, take
from blendtui.errors import Failure

FILE = """\
# The farm upstairs.

[share]   # drops
path = "/srv/render"      # NFS
#settle = 5

[defaults]
slots = 2

# the old one
[devices.attic]
host = "attic"
tags = [
    "gpu",   # an RTX
    "slow",
]
# port = 2222

[devices.attic.env]
TMPDIR = "/scratch"  # big

[devices."tower"]
  host = 'tower'   # under the desk
  port = 22
# the end
"""


def _changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


def test_a_value_is_changed_in_its_line_and_its_remark_stays() -> None:
    assert _changed(FILE, put(FILE, ("share", "path"), "/mnt")) == [
        '- path = "/srv/render"      # NFS\n',
        '+ path = "/mnt"      # NFS\n',
    ]


def test_a_new_key_goes_behind_the_last_one_of_its_table() -> None:
    after = put(FILE, ("devices", "tower", "slots"), 4)
    assert _changed(FILE, after) == ["+   slots = 4\n"]
    assert "  port = 22\n  slots = 4\n# the end\n" in after


def test_a_new_key_of_a_table_with_tables_of_its_own_stays_out_of_them() -> None:
    after = put(FILE, ("devices", "attic", "threads"), 8)
    assert "]\nthreads = 8\n# port = 2222\n\n[devices.attic.env]\n" in after


def test_a_key_that_is_taken_away_takes_only_its_lines() -> None:
    removed = _changed(FILE, take(FILE, ("devices", "attic", "tags")))
    assert removed == ["- tags = [\n", '-     "gpu",   # an RTX\n', '-     "slow",\n', "- ]\n"]


def test_a_table_that_is_written_as_a_table_is_changed_too() -> None:
    after = put(FILE, ("devices", "attic", "env"), {"A": "1"})
    assert tables_of(after)["devices"]["attic"]["env"] == {"A": "1"}
    assert "[devices.attic.env]" not in after


def test_a_table_of_the_share_goes_behind_the_share() -> None:
    after = put(FILE, ("share", "limits", "files"), 7)
    assert "#settle = 5\n" in after
    assert after.index("[share]") < after.index("[share.limits]\nfiles = 7\n")
    assert after.index("[share.limits]") < after.index("[defaults]")


def test_a_device_is_added_behind_the_others() -> None:
    after = add_device(FILE, "new", {"host": "new", "env": {"A": "b"}})
    assert all(line.startswith("+") for line in _changed(FILE, after))
    assert '  port = 22\n\n[devices.new]\nhost = "new"\nenv = {A = "b"}\n\n# the end\n' in after


def test_a_device_is_removed_with_its_tables_and_the_remarks_above_it() -> None:
    after = take(FILE, ("devices", "attic"))
    assert after == FILE[: FILE.index("# the old one")] + FILE[FILE.index('[devices."tower"]') :]


def test_the_last_device_is_removed_with_the_empty_line_before_it() -> None:
    text = '[devices.a]\nhost = "a"\n\n[devices.b]\nhost = "b"\n'
    assert take(text, ("devices", "b")) == '[devices.a]\nhost = "a"\n'
    assert take(text, ("devices", "a")) == '[devices.b]\nhost = "b"\n'


def test_a_device_is_renamed_where_it_stands() -> None:
    assert _changed(FILE, rename_device(FILE, "attic", "loft")) == [
        "- [devices.attic]\n",
        "+ [devices.loft]\n",
        "- [devices.attic.env]\n",
        "+ [devices.loft.env]\n",
    ]
    assert '[devices."old pc"]\n  host' in rename_device(FILE, "tower", "old pc")


@pytest.mark.parametrize(
    "text",
    [
        '[devices]\nleft = { host = "a", slots = 2 } # x\nright.host = "b"\n',
        'devices.left.host = "a"\ndevices.left.slots = 2\ndevices.right = {host = "b"}\n',
        'devices = { left = { host = "a", slots = 2 }, right = { host = "b" } }\n',
        '\ufeff[devices.left]\r\nhost = "a"\r\nslots = 2\r\n[devices.right]\r\nhost="b"',
    ],
    ids=["inline", "dotted", "one line", "Windows"],
)
def test_other_layouts_are_changed_too(text: str) -> None:
    after = put(text, ("devices", "left", "host"), "c")
    after = put(after, ("devices", "left", "port"), 7)
    after = put(after, ("devices", "right", "tags"), ["x"])
    after = take(after, ("devices", "left", "slots"))
    after = rename_device(after, "left", "middle")
    assert tables_of(after)["devices"] == {
        "middle": {"host": "c", "port": 7},
        "right": {"host": "b", "tags": ["x"]},
    }
    assert ("\r\n" in text) == ("\r\n" in after)


def test_a_layout_that_cannot_be_changed_is_refused() -> None:
    with pytest.raises(Failure, match="config-layout"):
        put("[[devices.left]]\nhost = 1\n", ("devices", "left", "host"), "x")


def test_what_both_sides_changed_is_laid_together() -> None:
    mine = put(take(FILE, ("defaults", "slots")), ("devices", "tower", "port"), 2222)
    mine = add_device(mine, "mine", {"host": "m"})
    theirs = FILE.replace("NFS", "their NFS").replace("/scratch", "/tmp")
    both = merged(tables_of(FILE), tables_of(mine), theirs)
    assert "# their NFS" in both
    found = tables_of(both)
    assert found["devices"]["attic"]["env"] == {"TMPDIR": "/tmp"}
    assert found["devices"]["tower"]["port"] == 2222
    assert found["devices"]["mine"] == {"host": "m"}
    assert found["defaults"] == {}


# any file, any change

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "host": st.sampled_from(["a", "192.168.1.20", "attic", "ümlaut", "local"]),
    "port": st.integers(1, 65535),
    "performance": st.floats(0.001, 1e6),
    "launch": st.text("ab #=[]{},.é", max_size=12),
    "slots": st.integers(1, 64),
    "tags": st.lists(st.sampled_from(["gpu", "fast", "a.b"]), max_size=3),
    "env": st.dictionaries(st.sampled_from(["A", "TMPDIR"]), st.text("xy #", max_size=5)),
    "enabled": st.booleans(),
}
_KEYS = st.sampled_from(sorted(_VALUES))
_REMARKS = st.sampled_from(["", "  # a remark", " # [devices.x]", "\t#\"''"])
_GAPS = st.lists(st.sampled_from(["\n", "# alone\n", "   \n", "#port = 1\n"]), max_size=3)
_NAMES = ["left", "right", "a.b"]


@st.composite
def _tables(draw: st.DrawFn, header: str, keys: list[str]) -> str:
    lines = [f"[{header}]{draw(_REMARKS)}\n"]
    for key in keys:
        lines += draw(_GAPS)
        value = editing.written(draw(_VALUES[key]))
        if key == "tags" and draw(st.booleans()):
            value = value.replace(", ", ", # why\n  ").replace("]", "\n]")
        lines.append(f"{draw(st.sampled_from(['', '  ']))}{key} = {value}{draw(_REMARKS)}\n")
    return "".join([*lines, *draw(_GAPS)])


@st.composite
def _files(draw: st.DrawFn) -> str:
    parts = ["".join(draw(_GAPS))]
    if draw(st.booleans()):
        parts.append(f"[share]\npath = 'x'{draw(_REMARKS)}\n" + "".join(draw(_GAPS)))
    if draw(st.booleans()):
        keys = draw(st.lists(_KEYS.filter(lambda key: key != "host"), unique=True, max_size=3))
        parts.append(draw(_tables("defaults", keys)))
    for name in draw(st.lists(st.sampled_from(_NAMES), unique=True, min_size=1)):
        keys = draw(st.lists(_KEYS.filter(lambda key: key != "host"), unique=True, max_size=4))
        shown = name if name.isalpha() else f'"{name}"'
        parts.append(draw(_tables(f"devices.{shown}", ["host", *keys])))
    text = "".join(parts)
    text = text.rstrip("\n") if draw(st.booleans()) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(deadline=None, max_examples=300)
@given(_files(), st.data())
def test_a_change_to_one_key_leaves_all_other_lines(text: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(tables_of(text)["devices"])))
    key = data.draw(_KEYS)
    value = data.draw(_VALUES[key])
    path = ("devices", name, key)
    there = tables_of(text)["devices"][name].get(key)
    after = put(text, path, value)
    lines = _changed(text, after)
    if there is None:
        assert [line[0] for line in lines if line.strip("+- \r\n")] in (["+"], ["-", "+", "+"])
    elif there == value:
        assert after == text
    else:
        spot = after.splitlines().index(next(line for line in after.splitlines() if key in line))
        assert spot >= 0
        assert all(key in line or "tags" in key for line in lines)
    assert config.check_text(Path("devices.toml"), after)[0] is not None


@settings(deadline=None, max_examples=150)
@given(_files(), st.data())
def test_a_key_that_comes_and_goes_leaves_the_file_as_it_was(
    text: str, data: st.DataObject
) -> None:
    text = text if text.endswith("\n") else text + ("\r\n" if "\r\n" in text else "\n")
    name = data.draw(st.sampled_from(sorted(tables_of(text)["devices"])))
    assert take(put(text, ("devices", name, "cache"), 5), ("devices", name, "cache")) == text


@settings(deadline=None, max_examples=150)
@given(_files(), st.data())
def test_a_device_that_goes_leaves_the_lines_of_the_others(text: str, data: st.DataObject) -> None:
    names = sorted(tables_of(text)["devices"])
    name = data.draw(st.sampled_from(names))
    after = take(text, ("devices", name))
    assert not [line for line in _changed(text, after) if line.startswith("+") and line[2:].strip()]
    left = tables_of(text)
    del left["devices"][name]
    assert tables_of(after) == left or (not left["devices"] and "devices" not in tables_of(after))
