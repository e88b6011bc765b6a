"""The one exception that crosses a border of a room: a `Failure` carries a `Fault`."""

from __future__ import annotations

import errno

from blendtui.farm.faults import Fault, FaultKind


class Failure(Exception):  # noqa: N818 - a failure is what the user meets, an error is what we made
    """Something a user can be told about: what happened, to what, and what to do now."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.kind}: {dict(fault.facts)}")
        self.fault = fault

    @classmethod
    def of(cls, kind: FaultKind, **facts: object) -> Failure:
        """Make the failure together with its fault."""
        return cls(Fault.of(kind, **facts))


def unexpected(error: BaseException) -> Fault:
    """Turn an exception that no border has translated into a fault."""
    return Fault.of(FaultKind.UNEXPECTED, detail=f"{type(error).__name__}: {error}")


def reason_of(error: OSError) -> str:
    """Say an operating system's error in its own words, without number and path.

    A full disk and a used-up quota read alike, since the cure is the same.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no space left"
    return (error.strerror or str(error)).lower()
