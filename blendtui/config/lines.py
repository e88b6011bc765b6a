"""In which line of a TOML text each key stands. Python's parser gives values without places."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

TomlPath = tuple[str, ...]
"""A key with its tables: `port` below `[devices.left]` is ("devices", "left", "port")."""

_DEEPEST = 40
"""Tables and lists within each other that are looked into; the parser itself stops later."""

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<long>\"{3}(?:\\.|[^\\])*?\"{3}\"{0,2}|'{3}.*?'{3}'{0,2})
    | (?P<text>"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    | (?P<mark>[\[\]{},=.])
    | (?P<bare>[^\s\#"'\[\]{},=.]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def shown(path: TomlPath, *, table: bool) -> str:
    """Write a path as people know it: `[devices.left]` for a table, `[devices.left] port`."""
    words = [
        word if _BARE_KEY.fullmatch(word) else json.dumps(word, ensure_ascii=False) for word in path
    ]
    if table:
        return f"[{'.'.join(words)}]"
    *above, last = words
    return f"[{'.'.join(above)}] {last}" if above else last


@dataclass(frozen=True, slots=True)
class Repeated:
    """A key or a table (`is_table`: one with a header) that stands twice, and in which lines."""

    path: TomlPath
    line: int
    first: int
    is_table: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A table's header, or a key with its value: from the line `first` to `last`.

    `path` begins with `table`, the header above it.
    """

    path: TomlPath
    table: TomlPath
    first: int
    last: int
    is_header: bool


@dataclass(slots=True)
class Lines:
    """Where keys and tables stand, counted from 1, and what stands twice."""

    repeated: list[Repeated] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    _first: dict[TomlPath, int] = field(default_factory=dict)
    _set: set[TomlPath] = field(default_factory=set)

    @classmethod
    def of(cls, text: str) -> Lines:
        """Look through a TOML text, as far as it is TOML."""
        lines = cls()
        _Scan(text, lines).run()
        return lines

    def of_key(self, path: TomlPath) -> int:
        """Give a key's line, else that of the table around it, else 1."""
        while path:
            if path in self._first:
                return self._first[path]
            path = path[:-1]
        return 1

    def add(self, path: TomlPath, line: int, *, is_table: bool = False) -> None:
        """Note a key or table, and its tables as far as they are new."""
        if path in self._set:
            self.repeated.append(Repeated(path, line, self._first[path], is_table))
            # That its keys stand twice too is no news.
            self.forget_below(path)
        self._set.add(path)
        for length in range(1, len(path) + 1):
            self._first.setdefault(path[:length], line)

    def add_by_dots(self, path: TomlPath) -> None:
        """Note a table that a dotted key makes: a header of the same name would repeat it."""
        self._set.add(path)

    def forget_below(self, path: TomlPath) -> None:
        """Let a table begin anew, as each item of a list of tables does: all its keys are new."""
        self._set = {known for known in self._set if known[: len(path)] != path}


class _NotToml(Exception):  # noqa: N818 - it ends the look through the text, nothing more
    pass


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


class _Scan:
    """Walks through a text's tokens; values are passed over, save for the keys in `{...}`."""

    def __init__(self, text: str, lines: Lines) -> None:
        self._tokens = self._read(text)
        self._token = next(self._tokens)
        self._lines = lines
        self._table: TomlPath = ()

    @staticmethod
    def _read(text: str) -> Iterator[_Token]:
        line, place = 1, 0
        while match := _TOKEN.match(text, place):
            if match.lastgroup != "space":
                yield _Token(str(match.lastgroup), match[0], line)
            line += match[0].count("\n")
            place = match.end()
        while True:
            yield _Token("end", "", line)

    def run(self) -> None:
        try:
            while self._token.kind != "end":
                self._statement()
        except _NotToml:
            return

    def _step(self) -> _Token:
        token, self._token = self._token, next(self._tokens)
        return token

    def _take(self, text: str) -> bool:
        if self._token.text != text or self._token.kind not in ("mark", "newline"):
            return False
        self._step()
        return True

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise _NotToml

    def _statement(self) -> None:
        if self._take("\n"):
            return
        line = self._token.line
        is_header = self._take("[")
        path = self._header(line) if is_header else self._pair(self._table, 0)
        if self._token.kind not in ("newline", "end"):
            raise _NotToml
        statement = Statement(path, self._table, line, self._token.line, is_header)
        self._lines.statements.append(statement)

    def _header(self, line: int) -> TomlPath:
        is_list = self._take("[")
        self._table = self._key()
        self._need("]")
        if is_list:
            self._need("]")
            self._lines.forget_below(self._table)
        self._lines.add(self._table, line, is_table=True)
        return self._table

    def _key(self) -> TomlPath:
        words = [self._word()]
        while self._take("."):
            words.append(self._word())
        return tuple(words)

    def _word(self) -> str:
        token = self._step()
        if token.kind == "bare":
            return token.text
        if token.kind != "text":
            raise _NotToml
        try:
            return str(tomllib.loads(f"word = {token.text}")["word"])
        except ValueError:
            raise _NotToml from None

    def _pair(self, table: TomlPath, depth: int) -> TomlPath:
        line = self._token.line
        key = self._key()
        path = table + key
        self._lines.add(path, line)
        for length in range(1, len(key)):
            self._lines.add_by_dots(table + key[:length])
        self._need("=")
        self._value(path, depth + 1)
        return path

    def _value(self, path: TomlPath | None, depth: int) -> None:
        if depth > _DEEPEST:
            raise _NotToml
        if self._take("["):
            self._list(depth)
        elif self._take("{"):
            self._inline(path, depth)
        elif self._token.kind in ("long", "text"):
            self._step()
        else:
            self._plain()

    def _plain(self) -> None:
        """Pass over a number, a date or a truth, which may hold spaces and dots."""
        if self._token.kind != "bare" and self._token.text != ".":
            raise _NotToml
        while self._token.kind == "bare" or self._token.text == ".":
            self._step()

    def _list(self, depth: int) -> None:
        while not self._take("]"):
            if not self._take("\n") and not self._take(","):
                self._value(None, depth + 1)

    def _inline(self, path: TomlPath | None, depth: int) -> None:
        while not self._take("}"):
            if self._take("\n") or self._take(","):
                continue
            if path is None:
                self._key()
                self._need("=")
                self._value(None, depth + 1)
            else:
                self._pair(path, depth)
