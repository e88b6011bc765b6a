"""Real users with real login shells: what we send means the same to each of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest

from blendtui.devices.connection import Link, connect
from blendtui.devices.probe import probe
from tests.support.sshd import ROOT, Sshd, needs_sshd, until

pytestmark = [
    needs_sshd,
    pytest.mark.skipif(not ROOT, reason="users with other shells can only be made by root"),
    pytest.mark.skipif(shutil.which("useradd") is None, reason="there is no useradd here"),
]

SHELLS = ["sh", "bash", "zsh", "fish", "tcsh"]
HARD = [
    "it's",
    'a "b"\nc\n',
    "$(id) `id` $HOME",
    "!! !x",
    "back\\slash\\",
    "-n",
    "世界",
    "\udcff",
    "",
]


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@contextlib.contextmanager
def made(shell: str) -> Iterator[str]:
    """Make a user with this login shell; remove it with all that it has."""
    name = f"blendtui-{shell}-{os.getpid()}"
    words = ["useradd", "--create-home", "--password", "*", "--shell", shell_path(shell), name]
    subprocess.run(words, check=True, capture_output=True)
    try:
        yield name
    finally:
        subprocess.run(["userdel", "--force", "--remove", name], check=True, capture_output=True)


def shell_path(shell: str) -> str:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


@pytest.fixture(scope="module", params=SHELLS)
def user(request: pytest.FixtureRequest, sshd: Sshd) -> Iterator[str]:
    with made(request.param) as name:
        yield name


@pytest.fixture
async def link(sshd: Sshd, user: str) -> AsyncIterator[Link]:
    link = await connect(sshd.device(user=user), sshd.known_hosts)
    yield link
    await link.close()


async def test_arguments_stdin_and_status_mean_the_same(link: Link) -> None:
    script = 'cat\nfor word; do printf "<%s>" "$word"; done\nexit 3'
    output = await link.run(script, *HARD, stdin=b"in\n")
    wanted = "in\n" + "".join(f"<{word}>" for word in HARD)
    assert (output.status, output.stdout) == (3, os.fsencode(wanted))


async def test_output_is_followed_and_ended(link: Link) -> None:
    async with link.follow('echo $$ "$1"; exec tail -f /dev/null', "it's !") as pieces:
        pid, said = (await anext(pieces)).split(b" ", 1)
        assert said == b"it's !\n"
    await until(lambda: not os.path.exists(f"/proc/{int(pid)}"))  # noqa: PTH110


async def test_files_go_where_commands_look_for_them(link: Link) -> None:
    async with link.sftp() as sftp, sftp.open("grüße 世界", "wb") as stream:
        await stream.write(b"hi")
    assert (await link.run('cat "$HOME/$1"', "grüße 世界")).stdout == b"hi"


async def test_a_device_is_looked_at(sshd: Sshd, user: str) -> None:
    device = sshd.device(user=user, work_dir="~/farm", blender=("no-such-blender",))
    checkup = await probe(device, sshd.known_hosts)
    assert checkup.work_dir_writable
    assert checkup.cores
    assert checkup.memory
    assert checkup.disk_free
