"""One line that runs a POSIX sh script, whatever the login shell on the device is.

An SSH server hands a command to the user's login shell: sh, bash, zsh, fish, tcsh or busybox.
They agree on little: csh ends a quoted string at a newline and expands `!` in it, fish knows
escapes inside single quotes. So the login shell only ever sees a handful of harmless characters
within one pair of single quotes; everything else travels as octal numbers that `printf %b`,
which POSIX has, turns back.
"""

from __future__ import annotations

import functools
import os

# Linux hands no single argument above 128 KiB to a program (MAX_ARG_STRLEN in execve(2)).
_LONGEST = 128 * 1024 - 1
_HARMLESS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _./=:,@%+-")
_WORDS = [chr(byte) if byte in _HARMLESS else f"\\0{byte:03o}" for byte in range(256)]


def command(script: str, *args: str) -> str:
    """Make the command line that runs `script` in sh with `args` as `$1`, `$2`, ...

    Arguments reach the script byte for byte; text that was read from a file system as
    undecodable bytes (`surrogateescape`) is turned back into those bytes. Raises ValueError for
    a NUL, which no shell can hold, and for more than 128 KiB: send such data through stdin.
    """
    head = b"set -- " + b" ".join(map(_quoted, args)) + b"\n"
    if b"\0" in head or "\0" in script:
        raise ValueError("a shell command cannot hold a NUL")
    line = "".join(_WORDS[byte] for byte in head) + _harmless(script)
    # `exec` exists in all these shells, and spares the login shell as a process in between.
    line = f"""exec sh -c 'eval "$(printf %b "{line}")"'"""
    if len(line) > _LONGEST:
        raise ValueError(f"a shell command of {len(line)} characters is too long")
    return line


@functools.lru_cache(maxsize=64)
def _harmless(script: str) -> str:
    return "".join(_WORDS[byte] for byte in os.fsencode(script))


def _quoted(word: str) -> bytes:
    return b"'" + os.fsencode(word).replace(b"'", b"'\"'\"'") + b"'"
