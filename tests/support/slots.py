"""What tests of a run's shell scripts share: a link that is only a shell, and looks at files."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from blendtui.devices.link import Output
from blendtui.devices.slot import RunFolder

JOB = "-rf 'shot' \"$(touch x)\" é"
"""A job's name that no shell may see bare."""


SHELLS = [
    words
    for words in ("dash", "bash --posix", "busybox sh", "ksh", "zsh --emulate sh")
    if shutil.which(words.split()[0])
]
"""The POSIX shells that this machine has."""


@dataclass(slots=True)
class ShellLink:
    """Stands in for a Link where only the shell matters: runs a script in a shell of our choice."""

    words: list[str]
    device: str = "box"

    async def run(self, script: str, *args: str, stdin: bytes = b"") -> Output:
        """Run the script on this machine."""
        process = await asyncio.create_subprocess_exec(
            *self.words, "-c", script, "sh", *args,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        stdout, stderr = await process.communicate(stdin)
        assert process.returncode is not None
        return Output(process.returncode, stdout, stderr)


def text(folder: RunFolder, name: str = "log") -> str:
    return (Path(folder.path) / name).read_text("utf-8", "replace")


def is_there(path: str) -> bool:
    return Path(path).exists()


def size_of(path: str) -> int:
    return Path(path).stat().st_size


def mode_of(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


def bystander() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "1000"])
