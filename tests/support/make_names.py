"""Names of drops that mean harm to a shell, a path or a terminal."""

from __future__ import annotations

JOBS = [
    "-rf.zip",
    "--watch $(touch PWNED).zip",
    "'; touch PWNED; '.zip",
    '"`touch PWNED`".zip',
    "two\nlines\r\x1b[2J\x1b]0;x\x07.zip",
    "%s {0} \\n !! ~ * ?.zip",
]
