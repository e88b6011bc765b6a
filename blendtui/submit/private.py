"""Which of the sender's files a .blend does not get just by naming them.

What a .blend uses is packed from wherever it lies. But one from somebody else can name any file,
and what is packed is seen by all who see the share, and by the devices.
"""

from __future__ import annotations

import os
from pathlib import Path

_SYSTEM = frozenset(
    Path(name)
    for name in (
        *("/boot", "/dev", "/etc", "/proc", "/run/credentials", "/run/secrets", "/run/user"),
        *("/sys", "/private/etc"),
    )
)
_FONTS = ("~/.fonts", "~/.local/share/fonts")
"""Hidden folders that hold nothing but what a .blend may well name."""


def is_private(path: Path, blend: Path) -> bool:
    """Whether a file is hidden, or lies in a hidden or a system folder, wherever links lead.

    A folder that the .blend itself lies in does not count.
    """
    real, own = _real(path), _real(blend.parent)
    if any(real.is_relative_to(_real(Path(os.path.expanduser(name)))) for name in _FONTS):  # noqa: PTH111 - raises nothing
        return False
    return any(
        (one.name.startswith(".") or one in _SYSTEM) and not own.is_relative_to(one)
        for one in (real, *real.parents)
    )


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
