"""Small files of a device, each with one question and one answer.

SFTP needs four of each for a file. Here a shell that stays reads a file's name and gives what is
in it; whatever is odd about a file is left to SFTP, which says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from typing import TYPE_CHECKING

import asyncssh

from blendtui.devices.fetch import read_small
from blendtui.devices.pump import BLOCK

if TYPE_CHECKING:
    from blendtui.devices.link import Link
    from blendtui.devices.streams import Stream

SMALL = BLOCK
"""Bytes of a file that may be asked for at once."""

_ANSWERED = 30.0
"""Seconds in which a file is given, or SFTP is asked instead."""

_ANSWER_AT_MOST = 2 * SMALL
"""More bytes than there can be of a file, cut at 256 KiB, and what comes after it."""

# What comes after a file begins with a word that only we know: no file can pretend to end there.
READ = r"""
LC_ALL=C; export LC_ALL
while IFS= read -r word && IFS= read -r path; do
    said=-
    # A pipe would keep us waiting for somebody to write into it.
    if [ -f "$path" ] && [ ! -L "$path" ]; then
        dd if="$path" bs=262144 count=1 2>/dev/null && said=+
    fi
    printf '%s%s\n' "$word" "$said"
done
"""


class SmallFiles:
    """Reads a device's small files. After an answer that makes no sense, only by SFTP."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._turn = asyncio.Lock()
        self._shell = contextlib.AsyncExitStack()
        self._stream: Stream | None = None
        self._is_over = False

    async def close(self) -> None:
        """End the shell."""
        self._is_over = True
        await self._shell.aclose()

    async def read(self, path: str, size: int, sha256: str | None = None) -> bytes:
        """Read a file of at most `SMALL` bytes; size and hash are the announced ones.

        Raises Failure: OUTPUT_MISSING, OUTPUT_CHANGED, DEVICE_FILE_REFUSED, LINK_LOST.
        """
        data = await self._at_once(path, size)
        if data is not None and sha256 in (None, hashlib.sha256(data).hexdigest()):
            return data
        return await read_small(self.link, path, size, sha256)

    async def _at_once(self, path: str, size: int) -> bytes | None:
        if "\n" in path:
            return None
        async with self._turn:
            if self._is_over:
                return None
            is_well = False
            try:
                async with asyncio.timeout(_ANSWERED):
                    data, is_well = await self._ask(path, size)
                    return data
            except (asyncssh.Error, OSError):  # late, or the link's end: SFTP will know
                return None
            finally:
                if not is_well:
                    await self.close()

    async def _ask(self, path: str, size: int) -> tuple[bytes | None, bool]:
        """Give what is in a file, or None; and whether the next one can be asked for."""
        if self._stream is None:
            self._stream = await self._shell.enter_async_context(self.link.interact(READ))
        word = secrets.token_hex(8).encode()
        self._stream.channel.write(word + b"\n" + path.encode("utf-8", "surrogateescape") + b"\n")
        given, refused = word + b"+\n", word + b"-\n"
        answer = bytearray()
        while not answer.endswith((given, refused)):
            piece = await self._stream.read()
            answer += piece
            if not piece or len(answer) > _ANSWER_AT_MOST:
                return None, False
        return (bytes(answer[:size]) if answer[size:] == given else None), True
