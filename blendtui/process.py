"""What a process of ours leaves behind: its exit code and its log file."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from blendtui.places import Places

OK, SOME_FAILED, WRONG_USE, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130
"""All done; some job failed or some device has a problem; wrong use; our own fault; Ctrl-C."""

_SIZE, _KEPT = 5 * 2**20, 3


def log_to_file(state: Path) -> Path:
    """Have everything logged to a file that is kept small; give its path."""
    path = Places.log_of(state)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = logging.getLogger()
    if not any(isinstance(one, logging.handlers.RotatingFileHandler) for one in root.handlers):
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=_SIZE, backupCount=_KEPT)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        logging.getLogger("asyncssh").setLevel(logging.WARNING)
    return path
