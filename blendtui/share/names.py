"""Names that a folder or file can have on every system; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

FORBIDDEN = frozenset('<>:"/\\|?*')
RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"]
)
"""What Windows takes for a device: https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""

OURS = frozenset({"rejected"})
DROPS = (".zip", ".blend")

LONGEST_NAME = 255
LONGEST_PATH = 900
"""Bytes: Linux and macOS allow 255 a name; macOS allows 1,024 a path, ours in front included."""

_LONGEST_FOLDER = 120
_CONTROLS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def folder_name(stem: str) -> str:
    """Make a job's folder name of a drop's: letters of every script stay, what can harm doesn't."""
    text = unicodedata.normalize("NFC", stem.encode("utf-8", "replace").decode())
    kept = "".join("_" if is_forbidden(char) else char for char in text)
    name = _cut(kept.lstrip(" .-")).rstrip(" .") or "project"
    if name.lower().endswith(DROPS):
        # A folder of that name would be in the way of the next drop.
        name = "_".join(name.rsplit(".", 1))
    return f"_{name}" if is_reserved(name) or name.casefold() in OURS else name


def numbered(base: str) -> Iterator[str]:
    """Give a name and then the same with -2, -3 and so on behind it, without end."""
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def folded(name: str) -> str:
    """Give the form in which two names are equal if macOS or Windows hold them for one."""
    # The Unicode standard's canonical caseless matching (section 3.13, D145).
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def flaw_of(path: str) -> str:
    """Say why a frame's path, relative and with `/`, can't stand below a folder; "" if it can."""
    if len(path.encode("utf-8", "surrogatepass")) > LONGEST_PATH:
        return f"its path is longer than {LONGEST_PATH} bytes"
    return next((flaw for part in path.split("/") if (flaw := _flaw_of_part(part))), "")


def _flaw_of_part(part: str) -> str:
    if part in ("", ".", ".."):
        return "its path leads elsewhere"
    if any(is_forbidden(char) for char in part):
        return "its path has a character that not every system can store"
    if part.startswith(".") or part.endswith((" ", ".")):
        return "its path has a name with a dot or a space at its edge"
    if is_reserved(part):
        return "its path has the name of a device of Windows"
    if len(part.encode()) > LONGEST_NAME:
        return f"its path has a name longer than {LONGEST_NAME} bytes"
    return ""


def is_forbidden(char: str) -> bool:
    """Whether a character has no place in a file name."""
    return char in FORBIDDEN or unicodedata.category(char) in _CONTROLS


def is_reserved(name: str) -> bool:
    """Whether Windows takes a name for a device's."""
    return name.partition(".")[0].rstrip(" ").casefold() in RESERVED


def _cut(text: str) -> str:
    """Keep within what file systems allow, in bytes, with room for a number and a suffix."""
    return text.encode()[:_LONGEST_FOLDER].decode(errors="ignore")
