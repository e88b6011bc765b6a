"""How a command says what is wrong: on standard error, with what to do now."""

from __future__ import annotations

import sys

from blendtui.farm.faults import Fault
from blendtui.wording import explain


def complain(fault: Fault) -> None:
    """Say what happened and what to do, on standard error."""
    words = explain(fault)
    print(f"blendtui: {words.what}", file=sys.stderr)
    if words.cure:
        print(f"  {words.cure}", file=sys.stderr)
