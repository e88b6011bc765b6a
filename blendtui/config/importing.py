"""Takes over devices from the old controller: one JSON file each, with ip, hwid, performance, port.

What stands in devices.toml stays as it is, remarks included; a device that is there is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blendtui.config import editing, rules, source
from blendtui.config.rules import Rule
from blendtui.config.values import Wrong, name_near
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import Fault, FaultKind

_KEYS = {"ip": "host", "port": "port", "performance": "performance"}
_USUAL_PORT = 22


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: the device that was added, or is there already, or what is wrong."""

    file: Path
    device: str = ""
    is_new: bool = False
    fault: Fault | None = None


def import_devices(folder: Path, text: str) -> tuple[str, list[Imported]]:
    """Add the devices of a folder's JSON files to a devices.toml's text, in order of their names.

    Raises:
        Failure: IMPORT_FOLDER, IMPORT_NOTHING; CONFIG_LAYOUT, where the text can't be changed.
    """
    found: list[Imported] = []
    seen: dict[str, str] = {}
    for file in _files(folder):
        try:
            told = _told(file)
            values = dict(_values(file, told))
            text, one = _added(text, file, values, _hwid(told), seen)
        except Failure as failure:
            if failure.fault.kind is not FaultKind.IMPORT_UNUSABLE:
                raise
            one = Imported(file, fault=failure.fault)
        found.append(one)
    return text, found


def _files(folder: Path) -> list[Path]:
    try:
        files = [one for one in folder.iterdir() if one.suffix.lower() == ".json"]
    except OSError as error:
        raise Failure.of(FaultKind.IMPORT_FOLDER, path=folder, reason=reason_of(error)) from error
    if not files:
        raise Failure.of(FaultKind.IMPORT_NOTHING, path=folder)
    return sorted(files)


def _told(file: Path) -> dict[str, Any]:
    """Read a file's one object."""
    try:
        told = json.loads(source.decoded(file, source.content_of(file)).removeprefix("\ufeff"))
    except Failure as failure:
        kind = failure.fault.kind
        if kind is FaultKind.CONFIG_ENCODING:
            raise _unusable(file, "it is not UTF-8 text") from failure
        problem = failure.fault.fact("problem") or "it is gone"
        raise _unusable(file, problem) from failure
    except json.JSONDecodeError as error:
        problem = f"it is not JSON (line {error.lineno}, column {error.colno})"
        raise _unusable(file, problem) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, and the like
        raise _unusable(file, "it is not JSON of a device") from error
    if not isinstance(told, dict):
        raise _unusable(file, "it holds no object in { }, as a device's file does")
    return {str(key).lower(): value for key, value in told.items()}


def _values(file: Path, told: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Give a device's settings, checked as devices.toml's are; numbers may stand in quotes."""
    if told.get("ip") in (None, ""):
        raise _unusable(file, "it has no “ip”")
    for key, setting in _KEYS.items():
        value = told.get(key)
        if value is None:
            continue
        rule = rules.DEVICE[setting]
        if not isinstance(rule, Rule):
            raise TypeError(setting)
        if isinstance(value, str) and setting != "host":
            value = _number(value)
        if isinstance(value, float) and setting == "port" and value.is_integer():
            value = int(value)
        try:
            yield setting, rule.read(value, file.parent)
        except Wrong as wrong:
            problem = f"“{key}” {wrong.problem}; it must be {rule.expected}"
            raise _unusable(file, problem) from wrong


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _hwid(told: Mapping[str, Any]) -> str:
    value = told.get("hwid")
    return value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""


def _added(
    text: str, file: Path, values: dict[str, object], hwid: str, seen: dict[str, str]
) -> tuple[str, Imported]:
    if hwid and seen.setdefault(hwid, file.name) != file.name:
        raise _unusable(file, f"its “hwid” is that of {seen[hwid]}: they are one computer")
    tables = editing.tables_of(text)
    devices = tables.get("devices", {})
    below = tables.get("defaults", {})
    place = _place(values, {})
    for name, own in devices.items():
        if isinstance(own, dict) and _place(own, below) == place:
            return text, Imported(file, name)
    name = _free(name_near(file.stem) or name_near(hwid) or "device", devices)
    if values.get("port") == below.get("port", _USUAL_PORT):
        values.pop("port", None)
    return editing.add_device(text, name, values), Imported(file, name, is_new=True)


def _place(own: Mapping[str, Any], below: Mapping[str, Any]) -> tuple[str, object]:
    both = {**below, **own}
    return (str(both.get("host", "")).casefold(), both.get("port", _USUAL_PORT))


def _free(base: str, devices: Mapping[str, Any]) -> str:
    taken = {name.casefold() for name in devices}
    name, number = base, 1
    while name.casefold() in taken:
        number += 1
        name = f"{base[:60]}-{number}"
    return name


def _unusable(file: Path, problem: str) -> Failure:
    return Failure.of(FaultKind.IMPORT_UNUSABLE, file=file.name, problem=problem)
