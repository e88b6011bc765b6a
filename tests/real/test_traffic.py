"""What goes over the wire for a whole job, counted by a proxy between watcher and device."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from tests.support.farm import Farm
from tests.support.proxy import proxy
from tests.support.scenes import needs_blender, scenes
from tests.support.sshd import needs_sshd

pytestmark = [needs_blender, needs_sshd]

TEXTURE = 2_000_000


def drop(farm: Farm, name: str, textures: list[bytes]) -> None:
    """Drop a project: the .blend and its textures."""
    folder = farm.root / "project"
    folder.mkdir(exist_ok=True)
    paths = [folder / f"texture{number}.png" for number in range(len(textures))]
    for path, texture in zip(paths, textures, strict=True):
        path.write_bytes(texture)
    farm.drop(name, scenes() / "cycles.blend", *paths, job={"frames": "1-4"})


async def test_a_second_drop_with_one_changed_texture_sends_that_and_little_else() -> None:
    chance = random.Random(1)
    textures = [chance.randbytes(TEXTURE) for _ in range(3)]
    with Farm(devices=1) as farm:
        async with proxy(farm.servers[0].port) as wire:
            _through(farm, wire.port)
            await asyncio.to_thread(drop, farm, "first.zip", textures)
            farm.watch("--once")
            assert await asyncio.to_thread(farm.end) == 0, farm.printed()
            first = wire.sent
            assert first > 3 * TEXTURE
            textures[0] = chance.randbytes(TEXTURE)
            await asyncio.to_thread(drop, farm, "second.zip", textures)
            farm.watch("--once")
            assert await asyncio.to_thread(farm.end) == 0, farm.printed()
            assert len(farm.frames("second")) == 4
            assert TEXTURE < wire.sent - first < TEXTURE + 64 * 1024


def _through(farm: Farm, port: int) -> None:
    """Have the watcher reach the device by the proxy."""
    text = farm.config.read_text()
    farm.config.write_text(text.replace(str(farm.servers[0].port), str(port)))
    line = farm.servers[0].known_hosts_line()
    line = line.replace(str(farm.servers[0].port), str(port))
    Path(farm.places.known_hosts).write_text(line)
