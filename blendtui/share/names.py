"""Names that a folder or file can have on every system; pure."""

from __future__ import annotations

import unicodedata

FORBIDDEN = frozenset('<>:"/\\|?*')
RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)
OURS = frozenset({"rejected"})
_LONGEST = 120


def folder_name(stem: str) -> str:
    """Make a job's folder name of a drop's: letters of every script stay, what can harm doesn't."""
    text = unicodedata.normalize("NFC", stem.encode("utf-8", "replace").decode())
    kept = "".join("_" if is_forbidden(char) else char for char in text)
    name = _cut(kept).strip(" .").lstrip("-.") or "project"
    return f"{name}_" if is_reserved(name) or name.casefold() in OURS else name


def _cut(text: str) -> str:
    """Keep within what file systems allow, in bytes, with room for a number and a suffix."""
    return text.encode()[:_LONGEST].decode(errors="ignore")


def is_forbidden(char: str) -> bool:
    """Whether a character has no place in a file name."""
    return char in FORBIDDEN or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def is_reserved(name: str) -> bool:
    """Whether Windows takes a name for a device's."""
    return name.partition(".")[0].rstrip(" ").casefold() in RESERVED
