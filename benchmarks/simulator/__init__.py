"""A farm on a virtual clock: the real scheduler against other ways to hand out frames.

`python -m benchmarks.simulator [WORD...]` plays all scenarios, or those with a word in their name;
with `--plot FILE` it draws them.
"""

from benchmarks.simulator.table import main

__all__ = ["main"]
