"""A farm on a virtual clock: the real scheduler against other ways to hand out frames."""
