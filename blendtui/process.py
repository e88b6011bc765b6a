"""What a process of ours leaves behind: its exit code and its log file."""

from __future__ import annotations

import gc
import io
import logging
import logging.handlers
import os
from pathlib import Path

from blendtui.places import Places, private_folder
from blendtui.wording import safe

OK, SOME_FAILED, WRONG_USE, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130
"""All done; some job failed or some device has a problem; wrong use; our own fault; Ctrl-C."""

_SIZE, _KEPT = 5 * 2**20, 3
_LONGEST_LINE = 10_000


class _LogFile(logging.handlers.RotatingFileHandler):
    """For the user alone; in silence where it can't be written: the terminal isn't for that."""

    def _open(self) -> io.TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(
            self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=private
        )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Do without what could not be written."""


class _OneLine(logging.Formatter):
    """Keeps a message on its line, whatever names are in it; a traceback follows below."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return safe(super().formatMessage(record), _LONGEST_LINE)


def stay_long() -> None:
    """Look for garbage in cycles less often than Python does by itself.

    It is little here, while all that 300 devices have on their way is looked through each time: a
    tenth of the watcher's time went there.
    """
    gc.set_threshold(10_000, 20, 20)


def log_to_file(state: Path) -> Path:
    """Have everything logged to a file that is kept small; give its path.

    Raises:
        Failure: STATE_UNWRITABLE.
    """
    path = Places.log_of(private_folder(state.absolute()))
    private_folder(path.parent)
    root = logging.getLogger()
    ours = [one for one in root.handlers if isinstance(one, _LogFile)]
    for other in (one for one in ours if one.baseFilename != str(path)):
        root.removeHandler(other)
        other.close()
    if not any(one.baseFilename == str(path) for one in ours):
        # Opened at the first line, so that a file that can't be opened stops nothing.
        handler = _LogFile(path, maxBytes=_SIZE, backupCount=_KEPT, delay=True)
        handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        logging.getLogger("asyncssh").setLevel(logging.WARNING)
    return path
