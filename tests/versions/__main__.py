"""Runs the driver's and the add-on's tests on each Blender: the one on the path, and the wheels.

Usage: python -m tests.versions FOLDER [SERIES...]; what stands behind `--` goes to pytest. FOLDER
is what scripts/blenders.py filled. The exit code is 0 when all tests passed on all versions, or on
those that are named: one that could not be tried has not passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.scenes import CHOICE
from tests.versions.blenders import Version, installed, wheels

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("devices/test_driver*.py", "versions/test_*.py", "addon/test_*.py")
"""Files of tests that a Blender has to pass, whichever it is."""


def tried(version: Version, words: list[str]) -> tuple[bool, str]:
    """Run all tests on a Blender; gives whether they passed, and pytest's last line."""
    if version.command is None:
        return False, version.reason
    files = [str(path) for pattern in TESTS for path in sorted((ROOT / "tests").glob(pattern))]
    start = [sys.executable, "-m", "pytest", "--timeout=600", *files, *words]
    environment = os.environ | {CHOICE: str(version.command)}
    last = ""
    with subprocess.Popen(
        start, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    return run.returncode == 0, last


def main(words: list[str]) -> int:
    """Try each version."""
    named, _, more = " ".join(words).partition("--")
    folder, *series = named.split()
    versions = [installed(), *wheels(Path(folder))]
    if series:
        known = {one.name: one for one in versions}
        versions = [known.get(name, Version(name, None, "there is none")) for name in series]
    results = []
    for version in versions:
        print(f"\nBlender {version.name}", flush=True)
        results.append((version.name, *tried(version, more.split())))
    print("\nThe driver's and the add-on's tests by version:")
    for name, _, last in results:
        print(f"  Blender {name}: {last}")
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
