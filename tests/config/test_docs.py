"""What docs/devices.md says of devices.toml is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blendtui import config
from blendtui.config.rules import DEVICE, LIMITS, NOTIFY, SHARE
from blendtui.wording import explain

PAGE = (Path(__file__).parents[2] / "docs" / "devices.md").read_text("utf-8")
_ROW = re.compile(r"^\| `(\w+)` \|.*\| (.*) \| `(\w+ = .*)` \|$", re.MULTILINE)
ROWS = [(key, default, example) for key, default, example in _ROW.findall(PAGE)]
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)


def _table_of(key: str) -> str:
    if key in LIMITS:
        return "share.limits"
    if key in NOTIFY:
        return "notify"
    return "share" if key in SHARE else "devices.a"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    for name in ("id_ed25519", "render"):
        (home / ".ssh" / name).touch()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return Path("devices.toml")


def _text(table: str, line: str) -> str:
    host = [] if line.startswith("host") else ['host = "local"']
    tables = {"share": [], "share.limits": [], "notify": [], "devices.a": host}
    tables[table].append(line)
    return "\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in tables.items())


def test_the_tables_name_every_setting_once() -> None:
    assert [key for key, _, _ in ROWS] == [key for key in SHARE if key != "limits"] + [
        *LIMITS,
        *DEVICE,
        *NOTIFY,
    ]


@pytest.mark.parametrize(("key", "default", "example"), ROWS)
def test_each_example_and_each_default_is_right(
    path: Path, key: str, default: str, example: str
) -> None:
    path.write_text(_text(_table_of(key), example))
    assert config.check(path)[1] == ()
    path.write_text(_text(_table_of(key), ""))
    left_out = config.check(path)[0]
    if default.startswith("`") and default.endswith("`"):
        path.write_text(_text(_table_of(key), f"{key} = {default.strip('`')}"))
        assert config.check(path) == (left_out, ())


def test_each_file_shown_loads_or_gives_what_is_shown_below_it(path: Path) -> None:
    for (kind, text), (next_kind, output) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        if kind != "toml":
            continue
        path.write_text(text, "utf-8")
        expected = output if next_kind == "text" else ""
        words = map(explain, config.check(path)[1])
        assert "".join(f"{one.what}\n  {one.cure}\n" for one in words) == expected
