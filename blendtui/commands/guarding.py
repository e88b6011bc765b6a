"""What stands around every command: whatever goes wrong in it is told in plain words."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from collections.abc import Callable

from blendtui.commands.complaining import complain
from blendtui.commands.finding import state_of
from blendtui.errors import Failure, unexpected
from blendtui.process import BROKEN, INTERRUPTED, OK, WRONG_USE, log_to_file
from blendtui.wording import safe

log = logging.getLogger("blendtui")


def guarded(action: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; whatever goes wrong becomes plain words, and a traceback in the log file."""
    try:
        return action(options)
    except Failure as failure:
        complain(failure.fault)
        return WRONG_USE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        return OK
    except Exception as error:
        _report(error, options)
        return BROKEN


def _report(error: Exception, options: argparse.Namespace) -> None:
    """Keep a traceback in the log file, and say where that is."""
    try:
        path = log_to_file(state_of(options))
    except Failure as failure:
        complain(unexpected(error))
        complain(failure.fault)
        return
    log.error("the command failed", exc_info=error)
    shown = safe(str(path))
    print(f"blendtui failed, and that is our fault. {shown} says more.", file=sys.stderr)
