"""`job.toml`: what a project asks for besides being rendered."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any, Final

import msgspec

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.frames import parse_frames
from blendtui.farm.model import DEFAULT_PRIORITY

JOBFILE_NAME = "job.toml"
# A real one has some lines; more is no job.toml, and costs memory to parse.
LARGEST_JOBFILE = 64 * 1024
HIGHEST_PRIORITY = 100

_EXPECTED: Final = {
    "blend": 'a path in the zip, such as "shots/a.blend"',
    "frames": 'frames as text, such as "1-100,150,200-300x2"',
    "scene": 'the name of a scene, such as "Scene"',
    "priority": f"a whole number from 0 to {HIGHEST_PRIORITY}, without quotes",
    "tags": 'a list of words, such as ["gpu", "studio"]',
    "blender": 'a version of Blender, such as "4.2"',
    "allow_scripts": "true or false, without quotes",
}


_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}", re.ASCII)


class JobFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What job.toml says; None is "as the .blend has it".

    `blend` is a path in the zip, as written. `frames` is a text for `parse_frames`. `priority` is
    from 0 to 100, higher goes first. `tags` name the devices that may render, all of them needed.
    `blender` is the version that may render ("4.2" takes 4.2.3), any if empty.
    `allow_scripts` lets Python in the .blend run on the devices.
    """

    blend: str | None = None
    frames: str | None = None
    scene: str | None = None
    priority: int = DEFAULT_PRIORITY
    tags: tuple[str, ...] = ()
    blender: str = ""
    allow_scripts: bool = False


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
    if key not in _EXPECTED:
        raise _unknown(text, key)
    expected = _EXPECTED[key]
    try:
        msgspec.convert({key: value}, JobFile)
        problem = _problem(key, value)
        if key == "frames" and not problem:
            parse_frames(str(value))
    except msgspec.ValidationError:
        problem = f"“{key}” has a value of the wrong type"
    except ValueError as error:
        problem, _, expected = str(error).partition("; expected: ")
        problem = f"“frames” is wrong: {problem}"
    if problem:
        raise _failure(line=_line_of(text, key), key=key, problem=problem, expected=expected)


def _problem(key: str, value: object) -> str:
    """Say what is wrong with a value of the right type, nothing if nothing is."""
    if isinstance(value, str) and not value.strip():
        return f"“{key}” is empty"
    if key == "priority" and isinstance(value, int) and not 0 <= value <= HIGHEST_PRIORITY:
        return "“priority” is out of range"
    if key == "blender" and isinstance(value, str) and not _VERSION.fullmatch(value):
        return "“blender” is no version"
    if key == "tags" and isinstance(value, list) and not all(tag.strip() for tag in value):
        return "“tags” has an empty word"
    return ""


def _unknown(text: str, key: str) -> Failure:
    near = difflib.get_close_matches(key.lower(), _EXPECTED, n=1)
    known = f"one of {', '.join(_EXPECTED)}"
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
