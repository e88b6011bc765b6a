"""One visitor's control centre; `blendtui serve` starts it for each. It never starts an engine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blendtui.tui.opening import open_centre


def main() -> int:
    """Open the control centre for a web page."""
    parser = argparse.ArgumentParser(prog="blendtui.tui.page")
    for name in ("--devices", "--share", "--state"):
        parser.add_argument(name, type=Path, required=True)
    options = parser.parse_args()
    return open_centre(options.devices, options.share, options.state, keeps_engine=False)


if __name__ == "__main__":
    sys.exit(main())
