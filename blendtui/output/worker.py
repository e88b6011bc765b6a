"""The process that makes movies and pictures: a task comes in, words of it go out.

One task is a line of JSON on the standard input, each word a line on the standard output. When
the input ends, whoever wanted it is gone, and so is this process.

Pictures come from devices, and their decoders are not trusted to keep within bounds.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import BinaryIO

import msgspec

from blendtui.output.tasks import (
    Broken,
    Movie,
    MovieMade,
    Said,
    Sheet,
    SheetMade,
    Small,
    SmallMade,
    Task,
)

NICER = 10
"""By how much all else on this machine goes first, the engine above all."""


MEMORY = 2 << 30
"""Bytes that a task of pictures may take: enough for one of 150 million pixels in color."""


class _Order(msgspec.Struct, frozen=True):
    movie: Movie | None = None
    sheet: Sheet | None = None
    small: Small | None = None


_decoder: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def order(task: Task) -> bytes:
    """Write a task as the line that the process reads."""
    match task:
        case Movie():
            wanted = _Order(movie=task)
        case Sheet():
            wanted = _Order(sheet=task)
        case Small():
            wanted = _Order(small=task)
    return msgspec.json.encode(wanted) + b"\n"


def word(line: bytes) -> Said | None:
    """Read what the process says; None for anything else."""
    try:
        found: Said = _decoder.decode(line)
    except (msgspec.MsgspecError, ValueError):
        return None
    return found


def main() -> int:
    """Do one task."""
    with contextlib.suppress(AttributeError, OSError):  # Windows has no nice
        os.nice(NICER)
    wanted = msgspec.json.decode(sys.stdin.buffer.readline(), type=_Order)
    threading.Thread(target=_leave_with, args=(sys.stdin.buffer,), daemon=True).start()
    _tell(_result(wanted))
    return 0


def _hold_memory() -> None:
    """Have more memory refused than a task of pictures may take, where the system can do that."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows; a lower one; macOS
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _result(wanted: _Order) -> SheetMade | SmallMade | MovieMade | Broken:
    # Imported here: what reads words only needs neither.
    if wanted.movie is None:
        _hold_memory()
    if wanted.small is not None:
        from blendtui.output.small import shrink  # noqa: PLC0415

        return shrink(wanted.small)
    if wanted.sheet is not None:
        from blendtui.output.sheet import draw  # noqa: PLC0415

        return draw(wanted.sheet)
    if wanted.movie is not None:
        import av.logging  # noqa: PLC0415

        from blendtui.output.encode import encode  # noqa: PLC0415

        av.logging.set_level(av.logging.ERROR)
        return encode(wanted.movie, _tell)
    return Broken("nothing was asked for")


def _tell(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def _leave_with(stream: BinaryIO) -> None:
    stream.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
