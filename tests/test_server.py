"""The unit and the Dockerfile in examples/ say what systemd and our command line understand."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blendtui import cli

TOP = Path(__file__).parents[1]
UNIT = (TOP / "examples" / "blendtui.service").read_text("utf-8")
DOCKERFILE = (TOP / "examples" / "Dockerfile").read_text("utf-8")
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "blendtui.service"
    # What it names must be there to be looked at.
    unit.write_text(UNIT.replace("/opt/blendtui/bin/blendtui", sys.executable))
    done = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_unit_starts_a_watcher_that_can_write_where_it_has_to() -> None:
    command = re.findall(r"^ExecStart=\S+/blendtui (.*)$", UNIT, re.MULTILINE)
    options = cli._parser().parse_args(shlex.split(command[0]))
    assert options.watch
    assert options.state == "%S/blendtui"
    assert "StateDirectory=blendtui\n" in UNIT
    mounts = re.findall(r"^(?:RequiresMountsFor|ReadWritePaths)=(.*)$", UNIT, re.MULTILINE)
    assert mounts == ["/srv/render"] * 2


def test_the_image_starts_a_watcher_on_its_volumes() -> None:
    entry, usual = (
        shlex.split(re.findall(rf"^{name} \[(.*)\]$", DOCKERFILE, re.MULTILINE)[0].replace(",", ""))
        for name in ("ENTRYPOINT", "CMD")
    )
    options = cli._parser().parse_args([*entry[1:], *usual])
    assert options.watch
    assert (options.share, options.state) == ("/share", "/state")
    command = cli._parser().parse_args([*entry[1:], "devices", "trust", "tower"])
    assert (command.command, command.share) == ("devices-trust", "/share")
    for path in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((TOP / one).exists() for one in path.split()), path


def test_all_that_the_package_needs_to_be_built_is_in_the_image() -> None:
    project = (TOP / "pyproject.toml").read_text("utf-8")
    copied = " ".join(re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE))
    for name in ("README.md", "LICENSE", "examples/bouncing.zip"):
        assert f'"{name}"' in project
        assert name in copied


def test_the_health_check_asks_in_words_that_status_knows() -> None:
    words = DOCKERFILE.partition("blendtui status")[2].partition("|")[0]
    options = cli._parser().parse_args(["status", *shlex.split(words.replace("\\\n", " "))])
    assert options.json
    assert options.share == "/share"
