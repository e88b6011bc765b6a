"""The text of a devices.toml and its tables, or why there are none: files, UTF-8 and TOML."""

from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blendtui.config.lines import Lines, Repeated, shown
from blendtui.errors import Failure, reason_of
from blendtui.farm.faults import Fault, FaultKind

LARGEST = 2**20
"""Bytes. Far above what people write, far below what makes a parser slow."""

BYTE_ORDER_MARK = "\ufeff"
"""What Windows' editors begin UTF-8 files with, and TOML does not know."""

_WHERE = re.compile(r"(?P<problem>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)
_AT_END = " (at end of document)"
_REPEATED = ("Cannot declare", "Cannot overwrite", "Cannot mutate", "Duplicate")


@dataclass(frozen=True, slots=True)
class Source:
    """One devices.toml: its `tables` as plain values and where each key stands.

    With `faults` it is not TOML, and `tables` is empty.
    """

    file: Path
    tables: dict[str, Any]
    lines: Lines
    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, file: Path) -> Source:
        """Read a file.

        Raises:
            Failure: CONFIG_NOT_FOUND, CONFIG_UNREADABLE or CONFIG_ENCODING.
        """
        return cls.of_text(file, decoded(file, content_of(file)))

    @classmethod
    def of_text(cls, file: Path, text: str) -> Source:
        """Read what a file holds, or would hold."""
        text = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")
        lines = Lines.of(text)
        try:
            return cls(file, tomllib.loads(text), lines)
        except RecursionError:
            detail = "values are nested too deeply"
            fault = Fault.of(FaultKind.CONFIG_UNREADABLE, file=file, problem=detail)
            return cls(file, {}, lines, (fault,))
        except ValueError as error:
            return cls(file, {}, lines, _not_toml(file, text, lines, str(error)))


def content_of(file: Path) -> bytes:
    """Give a file's bytes.

    Raises:
        Failure: CONFIG_NOT_FOUND or CONFIG_UNREADABLE.
    """
    try:
        return _content(file)
    except FileNotFoundError as error:
        raise Failure.of(FaultKind.CONFIG_NOT_FOUND, file=file) from error
    except OSError as error:
        problem = reason_of(error)
        raise Failure.of(FaultKind.CONFIG_UNREADABLE, file=file, problem=problem) from error


def decoded(file: Path, content: bytes) -> str:
    """Give a file's text, as it stands there.

    Raises:
        Failure: CONFIG_ENCODING.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Failure.of(
            FaultKind.CONFIG_ENCODING,
            file=file,
            line=line,
            problem=f"0x{content[error.start]:02x}",
            expected="UTF-8",
        ) from error


def _content(file: Path) -> bytes:
    facts = file.stat()
    problem = None
    if stat.S_ISDIR(facts.st_mode):
        problem = "it is a folder"
    elif not stat.S_ISREG(facts.st_mode):
        # Reading from a pipe could wait for ever.
        problem = "it is not a regular file"
    elif facts.st_size > LARGEST:
        problem = "it is larger than 1 MiB"
    if problem is not None:
        raise Failure.of(FaultKind.CONFIG_UNREADABLE, file=file, problem=problem)
    return file.read_bytes()


def _not_toml(file: Path, text: str, lines: Lines, message: str) -> tuple[Fault, ...]:
    if message.startswith(_REPEATED) and lines.repeated:
        return tuple(_repeated(file, again) for again in lines.repeated)
    problem, line, column = _place(text, message)
    return (
        Fault.of(
            FaultKind.CONFIG_SYNTAX,
            file=file,
            line=line,
            column=column,
            problem=problem[:1].lower() + problem[1:],
            expected="TOML",
        ),
    )


def _place(text: str, message: str) -> tuple[str, int, int]:
    match = _WHERE.fullmatch(message)
    if match is not None:
        return match["problem"], int(match["line"]), int(match["column"])
    whole = text.rstrip("\n")
    line, column = whole.count("\n") + 1, len(whole) - whole.rfind("\n")
    if message.endswith(_AT_END):
        return f"{message.removesuffix(_AT_END)} before the file ends", line, column
    # Python refuses numbers of thousands of digits without saying where: name the longest.
    number = max(re.finditer(r"[0-9_]+|$", text), key=lambda found: len(found[0]))
    start = number.start()
    column = start - text.rfind("\n", 0, start)
    return "A number is too long", text.count("\n", 0, start) + 1, column


def _repeated(file: Path, again: Repeated) -> Fault:
    is_device = len(again.path) == 2 and again.path[0] == "devices"
    key = shown(again.path, table=again.is_table or is_device)
    name = f"the device '{again.path[1]}'" if is_device else f"`{key}`"
    return Fault.of(
        FaultKind.CONFIG_DUPLICATE,
        file=file,
        line=again.line,
        key=key,
        problem=f"{name} stands twice",
        first=again.first,
    )
