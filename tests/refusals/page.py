"""Lays docs/refusals.md out, and reads from it again what it says of a case."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from tests.refusals.cases import SECTIONS, Case
from tests.refusals.runs import INSPECT, REASON, Told

_WIDTH = 98

HEAD = """\
# What blendtui refuses, warns of, or does otherwise

Each case below is a drop that a farm took, and all that was said of it, word for word but for the
breaks of lines. Blender made the .blend files ({versions}), of one or three frames of 16 by 16
pixels; what was changed by hand says so. `make refusals` does all of it again and writes this page.

Where a text was said tells what came of it:

- `blendtui inspect FILE` says it before anything is dropped; `blendtui submit` of a .blend and the
  control centre say the same before they send it.
- reason.txt: the drop was not taken. It lies in `SHARE/rejected/`, and the reason beside it.
- report.toml, reason: the job has ended without its frames, for that reason.
- report.toml, warnings: the job was rendered all the same.
- report.toml, failures: these frames were tried three times, and given up.
- report.toml, movie: the frames are there, and this is about the movie of them.
- `blendtui --watch`: it prints this, and the job waits.
"""


def page(told: Mapping[str, Told], versions: str) -> str:
    """Write the whole page of what was said of each case, by its name."""
    lines = [HEAD.format(versions=versions)]
    for section in SECTIONS:
        lines.append(f"## {section.title}\n")
        if section.intro:
            lines += [textwrap.fill(section.intro, _WIDTH, break_on_hyphens=False) + "\n"]
        lines += [_case(case, told[case.name]) for case in section.cases]
    return "\n".join(lines)


def _case(case: Case, told: Told) -> str:
    job = f"; job.toml: `{'; '.join(case.job.splitlines())}`" if case.job else ""
    lines = [f"### `{case.name}`: {case.what}\n", f"Becomes: {told.becomes}{job}.\n"]
    if not told.said:
        lines.append("Nothing is said.\n")
    for text, places in told.said.items():
        lines += [f"{_sentence(places)}:\n", "```", *_wrapped(text), "```\n"]
    return "\n".join(lines)


def _sentence(places: list[str]) -> str:
    """Name places as `a, b and c`."""
    *first, last = places
    return f"{', '.join(first)} and {last}" if first else last


def _wrapped(text: str) -> list[str]:
    return [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)
    ]


def unwrapped(text: str) -> str:
    """Give a text as it is compared: on one line."""
    return " ".join(text.split())


def of_case(text: str, name: str) -> tuple[list[str], list[str]]:
    """Read from the page's text what `inspect` and reason.txt said of a case, each on one line."""
    begin = text.index(f"\n### `{name}`:") + 1
    part = re.split(r"\n##", text[begin:], maxsplit=1)[0]
    blocks = re.findall(r"^([^\n]+):\n\n```\n(.*?)\n```$", part, re.MULTILINE | re.DOTALL)
    found = [(places, unwrapped(said)) for places, said in blocks]
    return (
        [said for places, said in found if INSPECT in places],
        [said for places, said in found if REASON in places],
    )
