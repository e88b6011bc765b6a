"""From a devices.toml's tables to `Settings`, noting everything that is wrong on the way."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from blendtui.config import rules
from blendtui.config.lines import TomlPath, shown
from blendtui.config.rules import Rule, Rules
from blendtui.config.source import Source
from blendtui.config.values import Wrong, described, is_name, name_near
from blendtui.farm.faults import Fault, FaultKind
from blendtui.settings import DeviceSettings, Limits, NotifySettings, Settings, ShareSettings

_TOP = ("[share]", "[notify]", "[defaults]", "[devices.NAME]")
_A_DEVICE = "[devices.left]"


def read(source: Source) -> tuple[Settings | None, tuple[Fault, ...]]:
    """Give a file's settings, or None and its faults in the order of their lines."""
    reader = _Reader(source)
    settings = reader.settings()
    if reader.faults:
        return None, tuple(sorted(reader.faults, key=lambda fault: int(fault.fact("line"))))
    return settings, ()


class _Reader:
    """Reads on after a fault, so that a user learns of all of them at once."""

    def __init__(self, source: Source) -> None:
        self.faults: list[Fault] = []
        self._source = source
        self._folder = source.file.absolute().parent
        defaults = source.tables.get("defaults")
        self._has_host = isinstance(defaults, dict) and "host" in defaults

    def settings(self) -> Settings:
        tables = self._source.tables
        for key in tables.keys() - {"share", "notify", "defaults", "devices"}:
            self._unknown((key,), tables[key], _near_top(key, tables[key]), _TOP)
        share = self._table(("share",), tables.get("share", {}), rules.SHARE)
        notify = self._table(("notify",), tables.get("notify", {}), rules.NOTIFY)
        below = self._table(("defaults",), tables.get("defaults", {}), rules.DEVICE)
        limits = Limits(**share.pop("limits", {}))
        return Settings(
            source=self._source.file,
            share=ShareSettings(**share, limits=limits),
            devices=tuple(self._devices(tables.get("devices", {}), below)),
            notify=NotifySettings(**notify),
        )

    def _table(self, path: TomlPath, found: object, table: Rules) -> dict[str, Any]:
        """Check a table; give those of its settings that are right."""
        if not isinstance(found, dict):
            self._invalid(path, described(found), "a table", shown(path, table=True))
            return {}
        return dict(self._checked(path, found, table))

    def _checked(
        self, path: TomlPath, found: dict[str, Any], table: Rules
    ) -> Iterator[tuple[str, object]]:
        for key, value in found.items():
            rule = table.get(key)
            if rule is None:
                self._unknown((*path, key), value, _near(key, table), table)
            elif not isinstance(rule, Rule):
                yield key, self._table((*path, key), value, rule)
            else:
                try:
                    yield key, rule.read(value, self._folder)
                except Wrong as wrong:
                    nearest = f"{key} = {wrong.nearest or rule.example}"
                    self._invalid((*path, key), wrong.problem, rule.expected, nearest)

    # devices

    def _devices(self, found: object, below: dict[str, Any]) -> Iterator[DeviceSettings]:
        if not isinstance(found, dict):
            self._invalid(("devices",), described(found), "one table for each device", _A_DEVICE)
            return
        if not found:
            self._missing(("devices",), _TOP[-1], "there for one device at least", _A_DEVICE)
        seen: dict[str, str] = {}
        for name, table in found.items():
            if isinstance(table, dict):
                self._check_name(name)
                self._check_single(name, seen.setdefault(name.casefold(), name))
                yield self._device(name, table, below)
            else:
                self._stray(name, table)

    def _device(self, name: str, found: dict[str, Any], below: dict[str, Any]) -> DeviceSettings:
        path = ("devices", name)
        own = self._table(path, found, rules.DEVICE)
        if "host" not in found and not self._has_host:
            key, nearest = shown((*path, "host"), table=False), f"host = {rules.HOST.example}"
            self._missing(path, key, rules.HOST.expected, nearest)
        env = below.get("env", {}) | own.get("env", {})
        return DeviceSettings(**{**below, **own, "env": env, "name": name})

    def _check_name(self, name: str) -> None:
        if not is_name(name):
            path = ("devices", name)
            problem = "has a name that cannot be used"
            self._invalid(path, problem, rules.NAME, _named(name), is_table=True)

    def _check_single(self, name: str, first: str) -> None:
        if name != first:
            path = ("devices", name)
            self._fault(
                FaultKind.CONFIG_DUPLICATE,
                path,
                shown(path, table=True),
                problem=f"the device '{name}' stands twice, the other time as '{first}'",
                first=self._source.lines.of_key(("devices", first)),
            )

    def _stray(self, key: str, value: object) -> None:
        """Tell of something that stands in `[devices]` and is not a device's table."""
        if key in rules.DEVICE:
            expected, nearest = "in the table of one device", _A_DEVICE
        else:
            expected, nearest = "the table of one device", _named(key)
        self._invalid(("devices", key), described(value), expected, nearest)

    # faults

    def _unknown(self, path: TomlPath, value: object, nearest: str, known: Iterable[str]) -> None:
        key = shown(path, table=isinstance(value, dict))
        expected = ", ".join(known)
        self._fault(FaultKind.CONFIG_UNKNOWN, path, key, expected=expected, nearest=nearest)

    def _invalid(
        self, path: TomlPath, problem: str, expected: str, nearest: str, *, is_table: bool = False
    ) -> None:
        key = shown(path, table=is_table or len(path) == 1)
        facts = {"problem": problem, "expected": expected, "nearest": nearest}
        self._fault(FaultKind.CONFIG_INVALID, path, key, **facts)

    def _missing(self, path: TomlPath, key: str, expected: str, nearest: str) -> None:
        self._fault(FaultKind.CONFIG_MISSING, path, key, expected=expected, nearest=nearest)

    def _fault(self, kind: FaultKind, path: TomlPath, key: str, **facts: object) -> None:
        line = self._source.lines.of_key(path)
        self.faults.append(Fault.of(kind, file=self._source.file, line=line, key=key, **facts))


def _near_top(key: str, value: object) -> str:
    """Say where something belongs that stands at the top of the file."""
    if isinstance(value, dict):
        if "host" in value:
            return _named(key)
        names = {name.strip("[]").partition(".")[0]: name for name in _TOP}
        return names[_near(key, names)]
    for table, known in (
        ("share", rules.SHARE),
        ("notify", rules.NOTIFY),
        ("defaults", rules.DEVICE),
    ):
        if key in known:
            return shown((table, key), table=False)
    return f"[defaults] {_near(key, rules.DEVICE)}"


def _near(word: str, known: Iterable[str]) -> str:
    """Give the known name that comes nearest."""
    names = list(known)
    meant = word.casefold().replace("-", "_")
    if rules.OTHER_NAMES.get(meant) in names:
        return rules.OTHER_NAMES[meant]
    # A file can name a key with a million letters: comparing those would take minutes.
    return difflib.get_close_matches(meant[:64], names, n=1, cutoff=0)[0]


def _named(name: str) -> str:
    near = name_near(name)
    return shown(("devices", near), table=True) if near else _A_DEVICE
