"""Takes drops in as the watcher does, with no more memory than it is given. Run as a program.

python confined.py MEMORY FOLDER: each file in FOLDER, with MEMORY bytes above what all that is
needed takes. Prints one line a file: what it is, and what became of it.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path

from blendtui.errors import Failure
from blendtui.intake.archive import unpack
from blendtui.intake.scene import read_facts
from blendtui.intake.whole import is_whole
from blendtui.settings import Limits

LIMITS = Limits()


def take(drop: Path) -> str:
    """Take a drop in; gives what became of it in a word."""
    is_whole(drop)
    with tempfile.TemporaryDirectory(dir=drop.parent.parent) as folder:
        try:
            unpacked = unpack(drop, Path(folder) / "project", LIMITS)
            read_facts(Path(folder) / "project", unpacked.project, ratio=LIMITS.ratio)
        except Failure as failure:
            return failure.fault.kind
        return "taken"


def main(memory: int, folder: Path) -> None:
    drops = sorted(folder.iterdir())
    # What is imported at the first one counts as needed.
    first = next(drop for drop in drops if drop.suffix == ".blend")
    take(first)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        bytearray(2 * memory)  # as large as a bomb: the limit is one
    except MemoryError:
        sys.stdout.write("held\n")
    for drop in drops:
        sys.stdout.write(f"{drop.name} {take(drop)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
