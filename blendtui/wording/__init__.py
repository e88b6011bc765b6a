"""One table from a fault to a sentence and its cure; sizes, durations and safe text."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from blendtui.farm.faults import Fault, FaultKind
from blendtui.wording.sentences import SENTENCES


@dataclass(frozen=True, slots=True)
class Words:
    """A fault for a person: `what` happened and the `cure`, each one or two plain sentences."""

    what: str
    cure: str

    def __str__(self) -> str:
        # What Blender or a system said may end without a mark.
        mark = "" if self.what.endswith((".", "!", "?", ":", ")", "…")) else "."
        return f"{self.what}{mark if self.cure else ''} {self.cure}".rstrip()


def explain(fault: Fault) -> Words:
    """Say what happened and what to do now; every fact is made safe for a terminal.

    A fault with the fact `cause` was brought about by the fault of that kind with the same facts.
    """
    what, cure = SENTENCES[fault.kind]
    facts: dict[str, str] = defaultdict(lambda: "?")
    facts.update((name, safe(value)) for name, value in fault.facts)
    words = Words(what.format_map(facts), cure.format_map(facts))
    try:
        cause = FaultKind(fault.fact("cause"))
    except ValueError:  # there is none, or a store of another version has it
        return words
    first = explain(Fault(cause, tuple(one for one in fault.facts if one[0] != "cause")))
    return Words(f"{words.what} {first.what}", f"{first.cure} {words.cure}")


def safe(text: str, limit: int = 500) -> str:
    """Make foreign text harmless on a terminal and keep it within `limit` characters.

    Control characters, direction overrides and lone surrogates become their escapes.
    """
    shown = [_shown(char) for char in text[:limit]]
    if len(text) <= limit and sum(map(len, shown)) <= limit:
        return "".join(shown)
    room = limit - 1
    kept = []
    for piece in shown:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"


def _shown(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return char.encode("unicode_escape", "backslashreplace").decode("ascii")
    return char


def size(count: int) -> str:
    """Write a number of bytes as people do: 512 B, 1.5 KiB, 2.0 GiB."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < (1024 if unit == "B" else 1023.95):  # it would be written as 1024.0
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def exact_clock(at: float) -> str:
    """Write a time of day where we are, to the second, with its date if it's not today."""
    then, today = datetime.fromtimestamp(at).astimezone(), datetime.now().astimezone().date()
    return then.strftime("%H:%M:%S" if then.date() == today else "%Y-%m-%d %H:%M:%S")


def clock(at: float) -> str:
    """Write a time of day where we are, with the day of the week if it's not today."""
    then, today = datetime.fromtimestamp(at).astimezone(), datetime.now().astimezone().date()
    return then.strftime("%H:%M" if then.date() == today else "%a %H:%M")


def duration(seconds: float) -> str:
    """Write a time span in its two largest units: 0.4 s, 42 s, 3 min 05 s, 2 h 10 min, 1 d 4 h."""
    if not math.isfinite(seconds):
        return "?"
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"
