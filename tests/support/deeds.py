"""What code does to files and processes, as Python's own audit events tell of it.

Its documentation has a table of them. A hook stays for the whole process, so
there is one, which listens only within `heard` or `only_within`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

LOOKED = frozenset({"os.listdir", "os.scandir", "glob.glob"})
_CHANGED = {
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.remove": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
    "os.setxattr": 1,
}
"""How many paths stand at the beginning of what each of them tells."""

_STARTED = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"})
_REACHED = frozenset({"socket.connect", "socket.bind", "socket.sendto"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Deed(NamedTuple):
    """One deed: an event, "write" for a file that is opened to be written, and its path."""

    event: str
    path: str


_heard: list[Deed] | None = None
_is_listening = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _heard is None:
        return
    if event == "open":
        path, _, flags = arguments
        if not isinstance(path, int):
            _heard.append(Deed("write" if flags & _WRITING else "open", _path(path)))
    elif event in _CHANGED:
        paths, folders = arguments[: _CHANGED[event]], arguments[_CHANGED[event] :]
        _heard.extend(Deed(event, _path(path, *folders)) for path in paths)
    elif event in LOOKED:
        _heard.append(Deed(event, _path(arguments[0] if arguments[0] is not None else ".")))
    elif event in _STARTED | _REACHED:
        _heard.append(Deed(event, ""))


def _path(path: Any, *numbers: Any) -> str:
    """Give a path as seen from here; the last number may be the open folder that it counts from."""
    name = _opened(path) if isinstance(path, int) else os.fsdecode(path)
    folder = numbers[-1] if numbers and isinstance(numbers[-1], int) else -1
    return name if folder < 0 else str(Path(_opened(folder)) / name)


def _opened(number: int) -> str:
    return str(Path(f"/proc/self/fd/{number}").readlink())


@contextmanager
def heard() -> Iterator[list[Deed]]:
    """Listen to what is done, for as long as the block is open."""
    global _heard, _is_listening  # noqa: PLW0603 - an audit hook is for the whole process
    if not _is_listening:
        sys.addaudithook(_hook)
        _is_listening = True
    _heard = []
    try:
        yield _heard
    finally:
        _heard = None


@contextmanager
def only_within(folder: Path) -> Iterator[None]:
    """Hold that nothing is changed but a folder and what is in it, nothing started, nobody reached.

    To make a folder that holds it is no change: it is there.
    """
    base = folder.absolute()
    with heard() as deeds:
        yield
        found = list(deeds)
    astray = [deed for deed in found if not _is_within(deed, base)]
    assert not astray, astray


def _is_within(deed: Deed, base: Path) -> bool:
    if deed.event in LOOKED or deed.event == "open":
        return True
    path = Path(os.path.normpath(Path(deed.path).absolute())) if deed.path else Path(os.sep)
    return path.is_relative_to(base) or (deed.event == "os.mkdir" and path in base.parents)
