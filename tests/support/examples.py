"""How many examples Hypothesis makes up: a few at each `make test`, many at `make hostile`."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))


def times(count: int) -> int:
    """Give the number of examples for a run, from that of a short one."""
    return count * TIMES
