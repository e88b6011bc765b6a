"""A busy farm on one workstation: 500 simulated devices, the real engine, the real screens."""

from benchmarks.busy.figures import main

__all__ = ["main"]
