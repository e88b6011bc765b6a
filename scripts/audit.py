"""Looks what blendtui depends on up among known vulnerabilities; 1 if there is one.

Where the advisories cannot be reached, it says so and nothing fails: the check is for whoever is
online.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

WITHIN = 90


def needed() -> dict[str, str]:
    """Give the packages that blendtui runs with, its extras' too, and their versions."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    wanted_by_us = [project["dependencies"], *project["optional-dependencies"].values()]
    waiting = [Requirement(text) for texts in wanted_by_us for text in texts]
    found: dict[str, str] = {}
    while waiting:
        wanted = waiting.pop()
        if wanted.name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        try:
            installed = metadata.distribution(wanted.name)
        except metadata.PackageNotFoundError:
            continue
        found[wanted.name] = installed.version
        waiting += [Requirement(text) for text in installed.requires or ()]
    return found


def main() -> int:
    """Ask pip-audit about them, and print what it says."""
    packages = needed()
    listed = "".join(f"{name}=={version}\n" for name, version in sorted(packages.items()))
    words = ["-m", "pip_audit", "-f", "json", "--no-deps", "--disable-pip", "-r", "/dev/stdin"]
    try:
        done = subprocess.run(
            [sys.executable, *words],
            input=listed,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        told = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        told = []
    audited = [one for one in told if "vulns" in one]
    bad = [one for one in audited if one["vulns"]]
    for one in bad:
        for found in one["vulns"]:
            cure = ", ".join(found["fix_versions"]) or "no release"
            print(f"{one['name']} {one['version']}: {found['id']}, mended in {cure}")
    if not audited:
        print(f"Audit: the advisories cannot be reached from here; {len(packages)} not looked up.")
    else:
        print(f"Audit: {len(audited)} of {len(packages)} looked up, {len(bad)} vulnerable.")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
