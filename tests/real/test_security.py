"""What docs/security.md says is so: a limited login is enough, and state is nobody else's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from tests.support.farm import Farm
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import ROOT, needs_sshd

pytestmark = [needs_blender, needs_sshd]
DOCS = Path(__file__).parents[2] / "docs" / "security.md"


@pytest.fixture
def farm() -> Iterator[Farm]:
    with Farm(devices=1) as made:
        yield made


def recommended() -> str:
    """Give the options that the documentation puts before a key."""
    line = next(line for line in DOCS.read_text().splitlines() if "ssh-ed25519 AAAA" in line)
    return line.partition(" ssh-ed25519")[0].strip().replace("192.168.1.10", "127.0.0.1")


async def test_a_farm_works_with_the_login_that_is_recommended_and_that_login_forwards_nothing(
    farm: Farm,
) -> None:
    server = farm.servers[0]
    authorized = server.folder / "authorized_keys"
    assert "restrict" in recommended()
    authorized.write_text(f"{recommended()} {authorized.read_text()}")
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    assert len(farm.frames("shot")) == 2
    assert farm.run("devices", "check").returncode == 0
    async with asyncssh.connect(
        "127.0.0.1",
        server.port,
        username=server.device().user or "",
        client_keys=[str(server.key)],
        known_hosts=None,
        config=None,
    ) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", server.port)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 1)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.run("true", request_pty="force", term_type="xterm")


def test_state_and_work_dir_are_the_users_own_whatever_the_umask(farm: Farm) -> None:
    shutil.rmtree(farm.places.state)
    before = os.umask(0)
    try:
        farm.places.state.mkdir(mode=0o755)
        farm.trust()
        farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
        farm.watch("--once")
        assert farm.end() == 0, farm.printed()
    finally:
        os.umask(before)
    places = farm.places
    open_to_others = [
        path
        for folder in (places.own, places.log_of(places.state).parent)
        for path in [folder, *folder.rglob("*")]
        if not path.is_symlink() and is_open(path, places.state)
    ]
    assert open_to_others == []
    files = [places.store, *places.log_of(places.state).parent.iterdir()]
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []
    work = farm.servers[0].folder / "work"
    assert work.stat().st_mode & 0o077 == 0


def is_open(path: Path, state: Path) -> bool:
    """Whether others can get to a path below the state folder."""
    above = [one for one in (path, *path.parents) if one.is_relative_to(state) and one != state]
    return all(one.stat().st_mode & 0o077 for one in above)


@pytest.mark.skipif(not ROOT, reason="only root can see that it is nobody else")
def test_no_key_and_no_password_is_in_any_file_of_ours(farm: Farm) -> None:
    farm.drop("shot.zip", scenes() / "cycles.blend", job={"frames": "1-2"})
    farm.watch("--once")
    assert farm.end() == 0, farm.printed()
    secret = farm.servers[0].key.read_bytes()
    body = secret.splitlines()[2]
    for folder in (farm.places.state, farm.share):
        for path in folder.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                assert body not in data, path
                assert b"PRIVATE KEY" not in data, path
