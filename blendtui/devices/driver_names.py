"""Names of files as every system can store them; pure.

This file is copied to the device beside `driver.py` and runs there as well: Python 3.7, standard
library only, nothing else of ours.
"""

from __future__ import annotations

import re
import unicodedata

# What stands in braces is Blender's to fill in, from 5.0 on.
_FORBIDDEN = re.compile(r"\{[^{}]*\}|[<>:\"/\\|?*]")
MOVIE_ENDING = re.compile(
    r"\.(avi|dv|flv|m2ts|mkv|mov|mp4|mpe?g|ogg|ogv|ts|vob|webm)$", re.IGNORECASE
)
_UNPRINTED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d) *(?:\.|$)", re.IGNORECASE)
_LONGEST_FOLDER = 120


def leaf(path: str) -> str:
    """Give the last part of a path of Blender's, "" where it ends with a slash."""
    return re.split(r"[\\/]", path)[-1]


def storable(name: str) -> str:
    """Replace what has no place in a file's name, of which more follows behind it."""
    told = _FORBIDDEN.sub(lambda found: found[0] if found[0][0] == "{" else "_", name)
    kept = ("_" if unicodedata.category(char) in _UNPRINTED else char for char in told)
    return "".join(kept).lstrip(". ")


def folder_name(name: str) -> str:
    """Make a folder's name of a text, "_" of one of which nothing is left."""
    cut = storable(name).encode("utf-8")[:_LONGEST_FOLDER].decode("utf-8", "ignore")
    kept = cut.rstrip(" .") or "_"
    return "_" + kept if _RESERVED.match(kept) else kept


def within(path: str) -> str:
    """Give a path that stays below a folder, with `/`; the last part may be empty."""
    *folders, last = re.split(r"[\\/]", path)
    parts = [folder_name(part) for part in folders if part.strip(". ")]
    return "/".join([*parts, storable(last)])
