"""On the device: what Blender's own lines tell of a GPU's trouble.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library only, nothing else of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Old Cycles prints one of these and then saves a black or half frame as if nothing had been.
_GPU_ERROR = re.compile(
    rb"\b(?:CUDA|HIP|OptiX|oneAPI|Metal)(?: \w+)? error\b|launch failed|illegal address"
    rb"|kernel compilation failed|std::bad_alloc|unable to open a display",
    re.IGNORECASE,
)
# Cycles and the drivers: "System is out of GPU memory", "... of GPU and shared host memory",
# "Out of memory in cuMemAlloc(...)", "OPTIX_ERROR_DEVICE_OUT_OF_MEMORY", "hipErrorOutOfMemory".
_OUT_OF_MEMORY = re.compile(
    rb"out[ _]of[ _](?:(?:GPU|device|host|shared|and)[ _])*memory|ErrorOutOfMemory", re.IGNORECASE
)
_PIECE = 4 * 2**20
_LINE_AT_MOST = 64 * 2**10


# Seen where EGL has no driver, and with official builds of 2.82 to 3.1 without a display.
_NO_DISPLAY = re.compile(
    rb"EGL Error|No OpenGL vendor detected|Couldn't find current GLX or EGL context"
    rb"|Unable to open a display"
)


def display_trouble(text: bytes) -> str:
    """Give the line that says that EEVEE and Workbench can't draw, empty if there is none."""
    found = _NO_DISPLAY.search(text)
    return _line_of(text, found.start()) if found is not None else ""


def gpu_error(log: Path, offset: int, uses_gpu: bool) -> tuple[str, str]:
    """Give a GPU's trouble since `offset` as kind of fault and line, both empty if there is none.

    A GPU without memory often says more afterwards, and worse.
    """
    kinds = [("gpu-error", _GPU_ERROR), ("render-error", _OUT_OF_MEMORY)]
    if uses_gpu:
        kinds.insert(0, ("gpu-memory", _OUT_OF_MEMORY))
    lines: dict[str, str] = {}
    for text in _since(log, offset):
        for kind, words in kinds:
            found = None if kind in lines else words.search(text)
            if found is not None:
                lines[kind] = _line_of(text, found.start())
        if kinds[0][0] in lines:
            break
    return next(((kind, lines[kind]) for kind, _ in kinds if kind in lines), ("", ""))


def _since(log: Path, offset: int) -> Iterator[bytes]:
    """Give a log's pieces, cut between lines; none of Blender's lines is as long as a piece."""
    try:
        with log.open("rb") as file:
            file.seek(offset)
            rest = b""
            while True:
                piece = file.read(_PIECE)
                text = rest + piece
                if not piece:
                    yield text
                    return
                end = max(text.rfind(b"\n") + 1, len(text) - _LINE_AT_MOST)
                yield text[:end]
                rest = text[end:]
    except OSError:
        return


def _line_of(text: bytes, place: int) -> str:
    begin = text.rfind(b"\n", 0, place) + 1
    return text[begin:].splitlines()[0].decode("utf-8", "replace").strip()
