"""`python -m benchmarks.busy`."""

import sys

from benchmarks.busy.figures import main

if __name__ == "__main__":
    sys.exit(main())
