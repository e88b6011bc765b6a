"""Writes docs/refusals.md: Blender makes the .blend files, and real farms take the drops.

Usage: python -m tests.refusals FOLDER OUT.md; FOLDER is what scripts/blenders.py filled.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.refusals import drops
from tests.refusals.cases import ALL
from tests.refusals.page import page
from tests.refusals.runs import Told, run
from tests.versions.blenders import Version, installed, wheels

NEWER = "5.0"
MAKER = Path(__file__).parents[1] / "support" / "make_refusals.py"


def make(command: str, folder: Path, *, newer: bool) -> None:
    """Have a Blender make the .blend files that it has to make."""
    folder.mkdir(exist_ok=True)
    start = [command, "-b", "--factory-startup", "--python-exit-code", "3", "-P", str(MAKER)]
    words = [*start, "--", str(folder), *drops.needed(newer=newer)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command} could not make the .blend files:\n{done.stdout}{done.stderr}")


def found(folder: Path) -> tuple[Version, Version]:
    """Give the Blender on the path and the newer one; ends where one of them is missing."""
    both = installed(), next(one for one in wheels(folder) if one.name == NEWER)
    for version in both:
        if version.command is None:
            sys.exit(f"Blender {version.name}: {version.reason}; the page is left as it is.")
    return both


def main(folder: str, out: str) -> None:
    """Make the files, drop all cases, and write the page."""
    older, newer = found(Path(folder))
    told: dict[str, Told] = {}
    with tempfile.TemporaryDirectory(prefix="blendtui-refusals-") as place:
        made = Path(place)
        make(str(older.command), made, newer=False)
        make(str(newer.command), made / "newer", newer=True)
        for kind in dict.fromkeys(case.farm for case in ALL):
            cases = [case for case in ALL if case.farm == kind]
            told |= run(cases, kind, made, str(newer.command))
        strange = [case.name for case in ALL if not told[case.name].is_as_wanted(case.says)]
        if strange:
            sys.exit(
                f"Not what was to be said of {', '.join(strange)}; the page is left as it was."
            )
        text = page(told, f"{older.name} and {newer.name}")
        if place in text or tempfile.gettempdir() in text:
            sys.exit("A folder of this computer is in the page; it is left as it was.")
    Path(out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
