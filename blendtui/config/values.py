"""Checks of single values. Each gives the value as it is kept, or raises `Wrong`."""

from __future__ import annotations

import contextlib
import difflib
import ipaddress
import json
import math
import re
import shlex
import unicodedata
from collections.abc import Callable
from pathlib import Path

from blendtui.errors import reason_of
from blendtui.hours import Hours
from blendtui.settings import LOCAL_HOST

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kmgtp]?)(i?)b", re.IGNORECASE)
_NO = (0, "false", "no", "off", "0", "n")
_LARGEST_SIZE = 2**60
_LONGEST_SHOWN = 60


class Wrong(Exception):  # noqa: N818 - a finding, which the reader turns into a fault
    """A value that does not do.

    `problem` goes after the key ("is empty"); `nearest` is a value that would do, as TOML
    writes it, empty where nothing comes near.
    """

    def __init__(self, problem: str, nearest: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.nearest = nearest


def quoted(text: str) -> str:
    """Write a text as TOML does."""
    return json.dumps(text, ensure_ascii=False)


def described(value: object) -> str:
    """Say what a value is, to go after its key: `is the text "22"`."""
    match value:
        case bool():
            return f"is {str(value).lower()}"
        case int() | float():
            return f"is the number {_short(_digits(value))}"
        case str():
            return f"is the text {_short(quoted(value))}" if value else "is empty"
        case list():
            return "is a list"
        case dict():
            return "is a table"
        case _:
            return "is a date or a time"


def _digits(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # a hexadecimal number can have more digits than Python will write
        return hex(int(value))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


# numbers


def whole(low: int, high: int) -> Callable[[object, Path], int]:
    """Make the check of a whole number within bounds."""

    def read(value: object, _: Path) -> int:
        if type(value) is int and low <= value <= high:
            return value
        raise Wrong(described(value), _whole_near(value, low, high))

    return read


def _whole_near(value: object, low: int, high: int) -> str:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        meant = float(value)
    elif isinstance(value, float):
        meant = value
    else:
        return ""
    return f"{meant:.0f}" if meant.is_integer() and low <= meant <= high else ""


def number(low: float, high: float) -> Callable[[object, Path], float]:
    """Make the check of a number within bounds; infinite ones and NaN are outside."""

    def read(value: object, _: Path) -> float:
        if type(value) in (int, float) and low <= value <= high:  # type: ignore[operator]
            return float(value)  # type: ignore[arg-type]
        raise Wrong(described(value), _number_near(value, low, high))

    return read


def _number_near(value: object, low: float, high: float) -> str:
    try:
        meant = float(value.replace(",", ".")) if isinstance(value, str) else math.nan
    except ValueError:
        return ""
    return str(meant) if low <= meant <= high else ""


def size(value: object, _: Path) -> int:
    """Check bytes: a number, or text with a unit (20 GB is 20 * 10**9, 20 GiB 20 * 2**30)."""
    count = value if type(value) is int else None
    if isinstance(value, str):
        count = _bytes_of(value)
    if count is None or not 1 <= count <= _LARGEST_SIZE:
        raise Wrong(described(value))
    return count


def _bytes_of(text: str) -> int | None:
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match[3] and not match[2]):
        return None
    step = 1024 if match[3] else 1000
    unit: int = step ** " kmgtp".index(match[2].lower() or " ")
    return round(float(match[1]) * unit)


def truth(value: object, _: Path) -> bool:
    """Check true or false."""
    if isinstance(value, bool):
        return value
    meant = value.strip().lower() if isinstance(value, str) else value
    raise Wrong(described(value), "false" if meant in _NO else "true")


def choice(*words: str) -> Callable[[object, Path], str]:
    """Make the check of one of some words."""

    def read(value: object, _: Path) -> str:
        if isinstance(value, str) and value in words:
            return value
        text = str(value)
        near = [word for word in words if word.casefold() == text.casefold()]
        near += difflib.get_close_matches(text.lower(), words, n=1, cutoff=0.5)
        raise Wrong(described(value), json.dumps(near[0] if near else words[-1]))

    return read


# texts


def _line(value: object) -> str:
    """Check a text in one line; a number is nearly one."""
    if not isinstance(value, str):
        is_number = type(value) in (int, float)
        raise Wrong(described(value), quoted(_digits(value)) if is_number else "")  # type: ignore[arg-type]
    if any(unicodedata.category(char) == "Cc" for char in value):
        raise Wrong("holds a line break or another control character")
    return value


def _filled(value: object) -> str:
    text = _line(value)
    if not text.strip():
        raise Wrong("is empty")
    return text


def host(value: object, _: Path) -> str:
    """Check a host: an address, a name, an alias of the SSH configuration, or "local"."""
    text = _filled(value)
    if text.lower() == LOCAL_HOST and text != LOCAL_HOST:
        raise Wrong(described(text), quoted(LOCAL_HOST))
    bare = text.strip().removeprefix("ssh://").rpartition("@")[2].rstrip("/")
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    bare = re.sub(r"^\[([^]]*)](:\d+)?$", r"\1", bare)
    if bare != text or re.search(r"[\s/\\'\"\[\]]", bare) or text.startswith("-"):
        safe = not re.search(r"[\s/\\'\"\[\]]|^-|^$", bare)
        raise Wrong(described(text), quoted(bare) if safe else "")
    return text


def user(value: object, _: Path) -> str:
    """Check the name of a user on a device."""
    text = _filled(value)
    if text.startswith("-") or re.search(r"\s", text):
        raise Wrong(described(text))
    return text


def programs(value: object, _: Path) -> tuple[str, ...]:
    """Check a command or a path on a device, which may hold spaces, or a list of any number."""
    found = [_filled(one) for one in (value if isinstance(value, list) else [value])]
    for text in found:
        if text.startswith("-"):
            raise Wrong(described(text))
    return tuple(dict.fromkeys(found))


def prefix(value: object, _: Path) -> str:
    """Check the beginning of a command line, as a POSIX shell reads it."""
    text = _line(value)
    try:
        shlex.split(text)
    except ValueError as error:
        raise Wrong("has a quotation mark or a backslash that is not closed") from error
    return text


def is_name(text: str) -> bool:
    """Say whether a device or a tag may be called this."""
    return _NAME.fullmatch(text) is not None


def name_near(value: str) -> str:
    """Make a name that would do: `Büro PC` becomes `Buro-PC`; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("._-")[:64]


def tags(value: object, _: Path) -> tuple[str, ...]:
    """Check a list of tags."""
    if not isinstance(value, list):
        is_one = isinstance(value, str) and is_name(value)
        raise Wrong(described(value), f"[{quoted(str(value))}]" if is_one else "")
    for index, tag in enumerate(value, 1):
        if not isinstance(tag, str) or not is_name(tag):
            raise Wrong(f"has entry {index}, which {described(tag)}", _tags_near(value))
    return tuple(value)


def _tags_near(found: list[object]) -> str:
    near = [name_near(tag) for tag in found if isinstance(tag, str)]
    return f"[{', '.join(quoted(tag) for tag in near if tag)}]" if any(near) else ""


def urls(value: object, _: Path) -> tuple[str, ...]:
    """Check a list of addresses, or of $NAME; they can hold passwords, so none is ever shown."""
    if isinstance(value, str):
        raise Wrong("is a text, not a list")
    if not isinstance(value, list):
        raise Wrong(described(value))
    for index, url in enumerate(value, 1):
        if not isinstance(url, str):
            raise Wrong(f"has entry {index}, which {described(url)}")
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S*|\$[A-Za-z_][A-Za-z0-9_]*", url) is None:
            raise Wrong(f"has entry {index}, which is no address")
    return tuple(value)


def words(value: object, _: Path) -> tuple[str, ...]:
    """Check a command with its arguments, word by word; no shell reads it."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            near = ", ".join(quoted(word) for word in shlex.split(value))
            raise Wrong(described(value), f"[{near}]" if near else "")
    if not isinstance(value, list) or not value:
        raise Wrong("is an empty list" if value == [] else described(value))
    for index, word in enumerate(value, 1):
        if not isinstance(word, str) or "\0" in word or (index == 1 and not word.strip()):
            raise Wrong(f"has entry {index}, which {described(word)}")
    return tuple(value)


def several(*known: str) -> Callable[[object, Path], tuple[str, ...]]:
    """Make the check of a list of some of these."""

    def read(value: object, _: Path) -> tuple[str, ...]:
        if not isinstance(value, list):
            near = f"[{quoted(value)}]" if isinstance(value, str) and value in known else ""
            raise Wrong(described(value), near)
        for index, one in enumerate(value, 1):
            if one not in known:
                raise Wrong(f"has entry {index}, which {described(one)}")
        return tuple(value)

    return read


def env(value: object, _: Path) -> dict[str, str]:
    """Check environment variables."""
    if not isinstance(value, dict):
        raise Wrong(described(value))
    for variable, text in value.items():
        if _VARIABLE.fullmatch(variable) is None:
            raise Wrong(f"has the name {_short(quoted(variable))}")
        try:
            _line(text)
        except Wrong as wrong:
            near = f"{{ {variable} = {wrong.nearest} }}" if wrong.nearest else ""
            raise Wrong(f"has {_short(variable)}, which {wrong.problem}", near) from wrong
    return value


# rest and waking


def hours(value: object, _: Path) -> Hours:
    """Check hours of the week."""
    text = _filled(value)
    try:
        return Hours.of(text)
    except ValueError as error:
        part = _short(quoted(str(error)))
        raise Wrong(f"has the part {part}" if "," in text else described(text)) from error


def mac(value: object, _: Path) -> str:
    """Check a MAC address; it's kept with colons between its pairs."""
    text = _filled(value)
    digits = re.sub(r"[:.\s-]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{12}", digits) is None:
        raise Wrong(described(text))
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def endpoint(value: object, _: Path) -> str:
    """Check an IPv4 address with a port."""
    text = _filled(value)
    address, _colon, port = text.partition(":")
    try:
        ipaddress.IPv4Address(address)
    except ValueError as error:
        raise Wrong(described(text)) from error
    if not _colon:
        raise Wrong(described(text), quoted(f"{address}:9"))
    if not (port.isascii() and port.isdecimal() and len(port) < 6 and 1 <= int(port) <= 65535):
        raise Wrong(described(text), quoted(f"{address}:9"))
    return text


def line(value: object, _: Path) -> str:
    """Check a text in one line."""
    return _line(value)


# paths


def local_path(value: object, folder: Path) -> Path:
    """Check a path on this machine; it need not exist."""
    text = _filled(value)
    try:
        return folder / Path(text).expanduser()
    except RuntimeError as error:
        raise Wrong(f"{described(text)}, and this machine has no such user") from error


def key_file(value: object, folder: Path) -> Path:
    """Check a private key, which must be there."""
    path = local_path(value, folder)
    try:
        if path.is_file():
            return path
        problem = "is a folder" if path.is_dir() else "is not there"
    except OSError as error:
        problem = f"cannot be read ({reason_of(error)})"
    raise Wrong(f"names {path}, which {problem}")


def device_path(value: object, _: Path) -> str:
    """Check a path on a device."""
    text = _filled(value)
    if text != "~" and not text.startswith(("/", "~/")):
        is_posix = re.search(r"[\\:~]", text) is None
        raise Wrong(described(text), quoted(f"~/{text.removeprefix('./')}") if is_posix else "")
    return text
