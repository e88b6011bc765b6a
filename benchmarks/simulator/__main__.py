"""See the package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.simulator import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulator")
    parser.add_argument("words", nargs="*", metavar="WORD", help="play only scenarios with it")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the table, as SVG or PNG")
    options = parser.parse_args()
    sys.exit(main(options.words, options.plot))
