"""A devices.toml that is being changed: its places, its settings as typed, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from blendtui import config
from blendtui.config import editing, meanings, writing
from blendtui.config.lines import TomlPath, shown
from blendtui.config.writing import Kept
from blendtui.farm.faults import Fault
from blendtui.wording import explain, safe

SHARE: TomlPath = ("share",)
DEFAULTS: TomlPath = ("defaults",)

_NUMBERS = {"port", "performance", "slots", "threads", "restart_after", "settle", "patience",
            "overdue", "files", "ratio", "idle_after"}  # fmt: skip
_SIZES = {"memory_limit", "cache", "size"}
_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a form; `otherwise` is what holds where it is empty."""

    path: TomlPath
    label: str
    meaning: str
    otherwise: str


class Draft:
    """What the file would be. `text` is always TOML, unless the file itself is not."""

    def __init__(self, path: Path) -> None:
        """Read a file.

        Raises:
            Failure: as `writing.read`.
        """
        self.path = path
        self.take_over(writing.read(path))

    def take_over(self, kept: Kept, text: str | None = None) -> None:
        """Begin anew with what stands in the file, or with another text for it."""
        self.kept = kept
        self.text = kept.text if text is None else text
        self._look()

    def _look(self) -> None:
        self.faults = config.check_text(self.path, self.text)[1]
        try:
            self.tables = editing.tables_of(self.text)
        except (ValueError, RecursionError):
            self.tables = {}
            self._is_toml = False
        else:
            self._is_toml = True

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to save."""
        return self.text != self.kept.text

    @property
    def is_readable(self) -> bool:
        """Whether the text is TOML of a form that can be changed here."""
        parts = (self.tables.get(name, {}) for name in ("share", "defaults", "devices"))
        return self._is_toml and all(isinstance(part, dict) for part in parts)

    @property
    def devices(self) -> list[str]:
        """The devices' names, in the file's order."""
        found = self.tables.get("devices", {})
        return [name for name, own in found.items() if isinstance(own, dict)]

    # settings

    def settings(self, place: TomlPath) -> Iterator[Setting]:
        """Give the lines of a place's form."""
        if place == SHARE:
            yield from _settings(SHARE, meanings.SHARE)
            yield from _settings((*SHARE, "limits"), meanings.LIMITS)
            return
        below = self.tables.get("defaults", {}) if place != DEFAULTS else {}
        for one in _settings(place, meanings.DEVICE):
            own = below.get(one.path[-1])
            words = one.otherwise if own is None else f"{written(own)} ([defaults])"
            if place == DEFAULTS and one.label == "host":
                words = ""  # only a device needs one
            yield Setting(one.path, one.label, one.meaning, words)

    def value(self, path: TomlPath) -> str:
        """Give a setting as people write it, empty where it is not set."""
        table: Any = self.tables
        for word in path:
            if not isinstance(table, dict) or word not in table:
                return ""
            table = table[word]
        return written(table)

    def put(self, path: TomlPath, typed: str) -> None:
        """Set a setting to what was typed; nothing typed takes it away.

        Raises:
            Failure: CONFIG_LAYOUT.
        """
        if typed == self.value(path):
            return
        text = editing.put(self.text, path, meant(path[-1], typed)) if typed else None
        self._change(editing.take(self.text, path) if text is None else text)

    def _change(self, text: str) -> None:
        self.text = text
        self._look()

    # devices

    def add(self) -> str:
        """Add a device without settings; gives its name."""
        name = self._free("device")
        self._change(editing.add_device(self.text, name, {}))
        return name

    def copy(self, device: str) -> str:
        """Add a device with the same settings; gives its name."""
        name = self._free(device)
        self._change(editing.add_device(self.text, name, self.tables["devices"][device]))
        return name

    def remove(self, device: str) -> None:
        """Take a device away."""
        self._change(editing.take(self.text, ("devices", device)))

    def rename(self, old: str, new: str) -> str:
        """Give a device another name; gives what is wrong, and does nothing then."""
        if new == old:
            return ""
        if not new:
            return "A device needs a name."
        if new in self.devices:
            return f"There is a device “{safe(new, 64)}” already."
        self._change(editing.rename_device(self.text, old, new))
        return ""

    def _free(self, base: str) -> str:
        names = {name.casefold() for name in self.devices}
        base = base.rstrip("0123456789").rstrip("-") or "device"
        number = 2 if base.casefold() in names else 1
        while f"{base}-{number}".casefold() in names:
            number += 1
        return base if number == 1 else f"{base}-{number}"

    # what is wrong

    def problems(self, place: TomlPath) -> dict[TomlPath, str]:
        """Say what is wrong in a place, by setting; what is wrong with its name has its path."""
        paths = [one.path for one in self.settings(place)]
        keys = {shown(path, table=False): path for path in paths}
        keys[shown(place, table=True)] = place
        found: dict[TomlPath, str] = {}
        for fault in self.faults:
            path = keys.get(fault.fact("key"))
            if path is not None:
                found.setdefault(path, _words(fault))
        return found

    def faults_in(self, place: TomlPath) -> list[Fault]:
        """Give the faults of a place, also those that its form has no line for."""
        name = shown(place, table=True)
        within = (name, f"{name[:-1]}.", f"{name} ")
        return [fault for fault in self.faults if fault.fact("key").startswith(within)]

    def alone(self, device: str) -> str:
        """Give a devices.toml with one device only, to try it while others are unfinished."""
        tables = {"defaults": self.tables.get("defaults", {})}
        return tomli_w.dumps({**tables, "devices": {device: self.tables["devices"][device]}})


def _settings(place: TomlPath, said: Mapping[str, tuple[str, str]]) -> Iterator[Setting]:
    for key, (meaning, otherwise) in said.items():
        label = f"limits.{key}" if place[-1] == "limits" else key
        yield Setting((*place, key), label, meaning, otherwise)


def _words(fault: Fault) -> str:
    """Say a fault at its field: the file, the line and what TOML would look like go without."""
    problem = fault.fact("problem") or "is missing"
    return f"{safe(problem)}. {explain(fault).cure.partition(', for example `')[0].rstrip('.')}."


def written(value: object) -> str:
    """Write a value as it is typed in a form."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(written(one) for one in value)
        case dict():
            return ", ".join(f"{key}={written(one)}" for key, one in value.items())
        case _:
            return str(value)


def meant(key: str, typed: str) -> object:
    """Give the value that is meant by what was typed; what makes no sense stays a text."""
    if key in _NUMBERS:
        return _number(typed)
    if key in _SIZES:
        return int(typed) if typed.isdecimal() and typed.isascii() else typed
    if key in ("enabled", "cpu_fallback"):
        return _TRUTHS.get(typed.strip().lower(), typed)
    if key == "tags" or (key == "blender" and "," in typed):
        return [word.strip() for word in typed.rstrip(", ").split(",")]
    if key == "env":
        pairs = [pair.partition("=") for pair in typed.rstrip(", ").split(",")]
        if all(mark for _, mark, _ in pairs):
            return {name.strip(): value.strip() for name, _, value in pairs}
    return typed


def _number(typed: str) -> object:
    for kind in (int, float):
        try:
            # Python also takes 1_000 and other scripts' digits, which nobody means here.
            return kind(typed) if typed.isascii() and "_" not in typed else typed
        except ValueError:
            continue
    return typed
