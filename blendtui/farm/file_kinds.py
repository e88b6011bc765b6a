"""What kind of file a path is, by its ending: for people who look for a file that is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = {
    "libraries": "blend",
    "fonts": "ttf otf ttc pfb pfa woff woff2",
    "sounds": "wav mp3 flac ogg oga aac m4a aif aiff opus wma",
    "movies": "mp4 mov avi mkv webm mpg mpeg m4v ogv flv wmv",
    "caches": "bphys bobj.gz uni vdb abc usd usda usdc usdz mdd pc2",
    "textures": (
        "png jpg jpeg exr hdr tif tiff webp bmp tga targa jp2 j2k psd dds gif sgi rgb cin dpx svg "
        "avif"
    ),
    "light profiles": "ies",
    "scripts": "py osl oso",
}
"""Endings without their dot, by kind; what has none of them is a file."""

_OTHER = "files"
_ENDINGS = {f".{ending}": kind for kind, endings in KINDS.items() for ending in endings.split()}
_DRIVE = re.compile(r"[A-Za-z]:")


def kind_of(path: str) -> str:
    """Name a path's kind, in the plural."""
    lower = path.lower()
    return next((kind for ending, kind in _ENDINGS.items() if lower.endswith(ending)), _OTHER)


def by_kind(paths: Iterable[str], most: int) -> str:
    """Name files by their kinds, `most` of them; the others are counted."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(kind_of(path), []).append(path)
    named, left = [], most
    for kind in (*KINDS, _OTHER):
        shown = found.get(kind, ())[:left]
        left -= len(shown)
        if shown:
            named.append(f"{kind} {', '.join(shown)}")
    more = sum(map(len, found.values())) - (most - left)
    return "; ".join(named) + (f" and {more} more" if more else "")


def is_absolute(path: str) -> bool:
    """Whether a path, written with `/`, begins at the root of a computer, a drive or a server."""
    return path.startswith("/") or bool(_DRIVE.match(path))
