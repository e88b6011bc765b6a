"""Changes to a devices.toml's text that leave every other line as it is. Pure.

Each change rewrites the one statement that it is about. Its result is read again and held against
what was wanted, so that a file with an unusual layout is rather refused than spoiled.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from blendtui.config.lines import Lines, Statement, TomlPath, shown
from blendtui.config.source import BYTE_ORDER_MARK
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind

Tables = dict[str, Any]

_HEADER = re.compile(r"(?P<indent>\s*)\[[^\[].*?](?P<rest>\s*(?:#.*)?\s*)", re.DOTALL)


def tables_of(text: str) -> Tables:
    """Give a text's tables. Raises ValueError where it is not TOML."""
    return tomllib.loads(text.removeprefix(BYTE_ORDER_MARK))


def put(text: str, path: TomlPath, value: object) -> str:
    """Set a key, in its place if it is there already.

    Raises:
        Failure: CONFIG_LAYOUT.
    """
    wanted = tables_of(text)
    table: Any = wanted
    for word in path[:-1]:
        table = table.setdefault(word, {})
        if not isinstance(table, dict):
            raise _unfit(path)
    if table.get(path[-1]) == value and type(table.get(path[-1])) is type(value):
        return text
    table[path[-1]] = value
    return _held(_Text(text).put(path, value), wanted, path)


def take(text: str, path: TomlPath) -> str:
    """Remove a key, or a table with all in it. A key that is not there is no matter.

    Raises:
        Failure: CONFIG_LAYOUT.
    """
    wanted = tables_of(text)
    table: Any = wanted
    for word in path[:-1]:
        table = table.get(word, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict) or path[-1] not in table:
        return text
    del table[path[-1]]
    return _held(_Text(text).take(path), wanted, path)


def add_device(text: str, name: str, values: Mapping[str, object]) -> str:
    """Add a device behind the others.

    Raises:
        Failure: CONFIG_LAYOUT.
    """
    wanted = tables_of(text)
    path = ("devices", name)
    devices = wanted.setdefault("devices", {})
    if not isinstance(devices, dict):
        raise _unfit(path)
    devices[name] = dict(values)
    return _held(_Text(text).add_table(path, values), wanted, path)


def rename_device(text: str, old: str, new: str) -> str:
    """Give a device another name; it stays where it stands, if its table has a header.

    Raises:
        Failure: CONFIG_LAYOUT.
    """
    wanted = tables_of(text)
    devices = wanted["devices"]
    wanted["devices"] = {new if name == old else name: own for name, own in devices.items()}
    fresh = _Text(text).rename(("devices", old), ("devices", new))
    if fresh is None:
        return add_device(take(text, ("devices", old)), new, devices[old])
    return _held(fresh, wanted, ("devices", new))


def merged(base: Tables, mine: Tables, theirs: str) -> str:
    """Make the changes from `base` to `mine` in the text `theirs`; mine go first.

    Raises:
        Failure: CONFIG_LAYOUT.
    """
    text = theirs
    for path, value in _changes(base, mine):
        if value is None:
            text = take(text, path)
        elif len(path) == 2 and path[0] == "devices":
            if path[1] not in tables_of(text).get("devices", {}):
                text = add_device(text, path[1], {})
        else:
            text = put(text, path, value)
    return text


def _changes(before: Tables, after: Tables) -> Iterator[tuple[TomlPath, object]]:
    """Give keys and devices that differ, with the new value; None is "gone"."""
    flat_before, flat_after = dict(_flat(before, ())), dict(_flat(after, ()))
    for path in flat_before:
        if path not in flat_after:
            yield path, None
    for path, value in flat_after.items():
        if flat_before.get(path) != value:
            yield path, value


def _flat(table: Tables, above: TomlPath) -> Iterator[tuple[TomlPath, object]]:
    for key, value in table.items():
        path = (*above, key)
        is_device = len(path) == 2 and path[0] == "devices"
        if isinstance(value, dict) and key != "env":
            if is_device:
                yield path, {}
            yield from _flat(value, path)
        else:
            yield path, value


def _held(text: str, wanted: Tables, path: TomlPath) -> str:
    """Hold that a text says what it should."""
    try:
        if _filled(tables_of(text)) == _filled(wanted):
            return text
    except ValueError:
        pass
    raise _unfit(path)


def _filled(tables: Tables) -> Tables:
    """Leave out tables at the top that are empty: whether they stand there is no matter."""
    return {key: value for key, value in tables.items() if value != {}}


def _unfit(path: TomlPath) -> Failure:
    return Failure.of(FaultKind.CONFIG_LAYOUT, key=shown(path, table=len(path) == 1))


def written(value: object) -> str:
    """Write a value as TOML does, in one line."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        table.update(value)
        return table.as_string()
    return tomlkit.item(value).as_string()


def _key(path: TomlPath) -> str:
    return shown(path, table=True)[1:-1]


class _Text:
    """A text by lines, and where its statements stand."""

    def __init__(self, text: str) -> None:
        self._mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
        text = text.removeprefix(BYTE_ORDER_MARK)
        self._end = "\r\n" if "\r\n" in text else "\n"
        self._lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        self._statements = Lines.of(text).statements

    def _text(self) -> str:
        return self._mark + "".join(self._lines)

    # keys

    def put(self, path: TomlPath, value: object) -> str:
        found = self._around(path)
        if found is not None:
            self._rewrite(found, path, value)
        elif any(one.is_header and _below(one.path, path) for one in self._statements):
            fresh = _Text(self.take(path))
            return fresh.put(path, value)
        elif (above := self._last_beside(path)) is not None:
            line = f"{_key(path[len(above.table) :])} = {written(value)}"
            indent = re.match(r"[ \t]*", self._lines[above.first - 1])
            self._insert(above.last, [f"{indent[0] if indent else ''}{line}"])
        else:
            return self.add_table(path[:-1], {path[-1]: value})
        return self._text()

    def _around(self, path: TomlPath) -> Statement | None:
        """Find the key with its value that is, or holds, a path."""
        keys = [one for one in self._statements if not one.is_header and _below(path, one.path)]
        return keys[-1] if keys else None

    def _last_beside(self, path: TomlPath) -> Statement | None:
        """Find the statement after which another key of the same table belongs."""
        table = path[:-1]
        beside = [one for one in self._statements if not one.is_header and one.table == table]
        headers = [one for one in self._statements if one.is_header and one.path == table]
        if headers:
            return (beside or headers)[-1]
        dotted = [one for one in self._statements if _is_dotted(one, table)]
        return dotted[-1] if dotted else None

    def _rewrite(self, statement: Statement, path: TomlPath, value: object | None) -> None:
        """Set a value within a statement, or remove it there for None."""
        begin, words = statement.first - 1, path[len(statement.table) :]
        try:
            small = tomlkit.parse("".join(self._lines[begin : statement.last]))
            table: Any = small
            for word in words[:-1]:
                if word not in table:
                    table[word] = tomlkit.inline_table()
                table = table[word]
            if value is None:
                del table[words[-1]]
            else:
                table[words[-1]] = tomlkit.parse(f"_ = {written(value)}")["_"]
        except (TOMLKitError, TypeError, AttributeError) as error:
            raise _unfit(path) from error
        self._lines[begin : statement.last] = [small.as_string()]

    # tables

    def take(self, path: TomlPath) -> str:
        within = self._around(path)
        if within is not None and within.path != path:
            self._rewrite(within, path, None)
            return self._text()
        gone: set[int] = set()
        for one in self._statements:
            if _below(one.path, path):
                gone.update(self._section(one) if one.is_header else _lines_of(one))
        self._lines = [line for number, line in enumerate(self._lines, 1) if number not in gone]
        return self._text()

    def _section(self, header: Statement) -> set[int]:
        """Give the lines of a table with its remarks, and one of the empty lines around."""
        own = [one for one in self._statements if one.table == header.path and not one.is_header]
        last = max(one.last for one in (*own, header))
        first, kept = header.first, header.first
        while first > 1 and self._is_remark(first - 1):
            first -= 1
        if first > 1 and not self._is_empty(first - 1):
            first = kept  # the remarks go with what stands above them
        end = last
        while self._is_remark(end + 1):
            end += 1
        if not self._is_empty(end + 1):
            end = last  # the remarks go with what stands below them
        if end < len(self._lines) and self._is_empty(end + 1):
            end += 1
        elif first > 1 and end >= len(self._lines) and self._is_empty(first - 1):
            first -= 1
        return set(range(first, end + 1))

    def add_table(self, path: TomlPath, values: Mapping[str, object]) -> str:
        within = self._around(path)
        if within is not None:
            self._rewrite(within, path, dict(values))
            return self._text()
        place = self._place_of(path)
        block = [f"[{_key(path)}]", *(f"{_key((k,))} = {written(v)}" for k, v in values.items())]
        if place > 0 and not self._is_empty(place):
            block.insert(0, "")
        if place < len(self._lines) and not self._is_empty(place + 1):
            block.append("")
        self._insert(place, block)
        return self._text()

    def _place_of(self, path: TomlPath) -> int:
        """Say after which line a new table belongs: behind its like, or in the usual order."""
        last: dict[str, int] = {}
        for one in self._statements:
            last[one.path[0]] = one.last
        order = ("share", "defaults", "devices")
        for name in reversed(order[: order.index(path[0]) + 1]):
            if name in last:
                return last[name]
        headers = [one.first for one in self._statements if one.is_header]
        if not headers:
            return len(self._lines)
        place = headers[0] - 1
        while place > 0 and self._is_remark(place):
            place -= 1
        return place

    def rename(self, old: TomlPath, new: TomlPath) -> str | None:
        """Change the headers of a table; None if it, or a part of it, stands in another way."""
        if self._around(old) is not None:
            return None
        for one in self._statements:
            if not _below(one.path, old):
                continue
            if not one.is_header:
                if _below(one.table, old):
                    continue
                return None
            match = _HEADER.fullmatch(self._lines[one.first - 1])
            if match is None:
                return None
            name = _key((*new, *one.path[len(old) :]))
            self._lines[one.first - 1] = f"{match['indent']}[{name}]{match['rest']}"
        return self._text()

    # lines

    def _insert(self, after: int, lines: list[str]) -> None:
        if after > 0 and not self._lines[after - 1].endswith("\n"):
            self._lines[after - 1] += self._end if self._lines[after - 1] else ""
        self._lines[after:after] = [f"{line}{self._end}" for line in lines]

    def _line(self, number: int) -> str | None:
        return self._lines[number - 1].strip() if 0 < number <= len(self._lines) else None

    def _is_remark(self, number: int) -> bool:
        return (self._line(number) or "").startswith("#")

    def _is_empty(self, number: int) -> bool:
        return not self._line(number)


def _below(path: TomlPath, table: TomlPath) -> bool:
    return path[: len(table)] == table


def _is_dotted(statement: Statement, table: TomlPath) -> bool:
    is_within = _below(statement.path, table) and len(statement.table) < len(table)
    return is_within and not statement.is_header and statement.path != table


def _lines_of(statement: Statement) -> range:
    return range(statement.first, statement.last + 1)
