"""Opens the control centre, and says how it ended."""

from __future__ import annotations

import signal
from pathlib import Path

from blendtui.process import log_to_file
from blendtui.tui.app import ControlCentre
from blendtui.tui.finding import look_around
from blendtui.tui.widgets.picture import learn_terminal


def open_centre(
    devices: Path | None, share: Path | None, state: Path, *, keeps_engine: bool = True
) -> int:
    """Run the control centre until it is left; gives the exit code.

    Where no engine runs for the share it starts one, if it `keeps_engine`.

    Raises:
        Failure: the state folder or the store in it can't be used.
    """
    if hasattr(signal, "SIGHUP"):  # nohup ignores it, and a screen without a terminal hangs
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    log_to_file(state)
    learn_terminal()
    app = ControlCentre(
        lambda: look_around(devices, share, state),
        config=devices,
        state=state,
        keeps_engine=keeps_engine,
    )
    code = app.run()
    return app.return_code or 0 if code is None else code
