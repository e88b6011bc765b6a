"""`job.toml`: what a project asks for besides being rendered."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any

import msgspec

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.job_settings import EXPECTED, JobFile, wrong

__all__ = ["JOBFILE_NAME", "LARGEST_JOBFILE", "JobFile", "read_jobfile"]

JOBFILE_NAME = "job.toml"
# A real one has some lines; more is no job.toml, and costs memory to parse.
LARGEST_JOBFILE = 64 * 1024
_MOST_DOTS = 500


def read_jobfile(data: bytes) -> JobFile:
    """Read job.toml's contents; raises Failure JOBFILE_INVALID.

    The failure's facts: `line` (from 1), `key`, `problem`, `expected`, and `nearest`, the valid
    name that an unknown key resembles; each one only where there is one. `where` is the line, and
    the column where known, in words.
    """
    found = _parsed(_decoded(data))
    text = data.decode("utf-8-sig")
    for key, value in found.items():
        _check(text, key, value)
    if "scene" in found and "scenes" in found:
        problem = "“scene” and “scenes” do not go together"
        raise _failure(line=_line_of(text, "scenes"), problem=problem, expected="one of them")
    return msgspec.convert(found, JobFile)


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST_JOBFILE:
        raise _failure(
            problem=f"it is larger than {LARGEST_JOBFILE // 1024} KiB",
            expected="a few lines, such as: priority = 80",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _failure(
            line=data.count(b"\n", 0, error.start) + 1,
            problem="it is not UTF-8 text",
            expected="a text file saved as UTF-8",
        ) from None


def _parsed(text: str) -> dict[str, Any]:
    for number, said in enumerate(text.splitlines(), start=1):
        # A name of n parts takes tomllib n * n steps, and 64 KiB of them minutes.
        if said.count(".") > _MOST_DOTS:
            raise _failure(line=number, problem="it has too many dots", expected=_toml())
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _failure(problem="its brackets are nested too deep", expected=_toml()) from None
    except ValueError as error:
        # tomllib lets a number of thousands of digits pass as Python's own ValueError.
        problem, line, column = _located(text, error)
        raise _failure(line=line, column=column, problem=problem, expected=_toml()) from None


def _toml() -> str:
    return 'TOML, a name and a value on each line, such as: frames = "1-100"'


def _located(text: str, error: ValueError) -> tuple[str, int | None, int | None]:
    """Take line and column out of tomllib's message, the only place where 3.11 has them."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
    if found is None:
        return "a value in it cannot be read", None, None
    problem = f"it is not valid TOML ({found[1][:1].lower()}{found[1][1:]})"
    if found[2] is None:
        return problem, max(len(text.splitlines()), 1), None
    return problem, int(found[2]), int(found[3])


def _check(text: str, key: str, value: object) -> None:
    if key not in EXPECTED:
        raise _unknown(text, key)
    found = wrong(key, value)
    if found is not None:
        problem, expected = found
        raise _failure(line=_line_of(text, key), key=key, problem=problem, expected=expected)


def _unknown(text: str, key: str) -> Failure:
    near = difflib.get_close_matches(key.lower(), EXPECTED, n=1)
    known = f"one of {', '.join(EXPECTED)}"
    return _failure(
        line=_line_of(text, key),
        key=key,
        problem=f"“{key}” is not a known name",
        expected=f"“{near[0]}” ({known})" if near else known,
        nearest=near[0] if near else None,
    )


def _line_of(text: str, key: str) -> int | None:
    """Find the line that sets a key: `key =`, `key.more =`, `"key" =`, `[key]`."""
    wanted = rf"[ \t]*\[{{0,2}}[ \t]*([\"']?){re.escape(key)}\1[ \t]*[=.\]]"
    for number, line in enumerate(text.split("\n"), start=1):
        if re.match(wanted, line):
            return number
    return None


def _failure(*, line: int | None = None, column: int | None = None, **facts: str | None) -> Failure:
    where = "" if line is None else f", line {line}"
    where += "" if column is None else f", column {column}"
    return Failure.of(FaultKind.JOBFILE_INVALID, where=where, line=line, **facts)
