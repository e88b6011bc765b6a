"""Writes docs/formats.md: what the driver wrote on each Blender, each cell read from its files.

Usage: python -m tests.versions.table FOLDER OUT.md; FOLDER is what scripts/blenders.py filled.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.support.format_cases import IMAGES, NAMES, NODES, VIEWS, Case
from tests.support.format_runs import FRAME, Driven, FormatRuns
from tests.support.pictures import Picture, Pixels, are_same, read
from tests.versions.blenders import installed, wheels

BELOW, BEYOND = -4, 123456
NOT_HERE = "not in this version"
REFERENCES = {"half": "exr-none", "float": "exr-float", "uint8": "png8", "uint16": "png16"}
"""By the kind of pixels: the case that holds them without loss."""

HEAD = """\
# Formats

What a scene writes is what comes back. Each cell is read from a file that the driver wrote inside a
Blender ({versions}). “=” says that the same Blender, run by itself on the
same scene, wrote the same file: names, pixels and settings; only the time of day and the seconds
that it took may differ. Each picture is a scene of one .blend. `make formats` renders all of it and
writes this page; `make test-versions` holds it.

`format = "..."` in [job.toml](using.md#jobtoml) chooses any of the formats instead of the scene's;
bits, colors and codec are then what the scene has set, or the nearest that the format knows.

## Images

Bits and channels are those in the file. Lossless: no pixel differs from the same picture stored
without loss (the measure) at as many bits; else the mean difference, in parts of the range from
black to white. DPX and Cineon have curves of their own; of AVIF 8 bits are compared.

"""

VIEWS_TEXT = """
## Stereo and several views

A frame is done when all its files are there. The small pictures in the control centre show the
first view.

"""

NAMES_TEXT = """
## File names

The last part of the scene's output path names the files, `output` in job.toml instead of it. Of
several groups of # the last one is the number; without one Blender adds four digits. From 5.0 on
`{scene_name}` and the like keep Blender's meaning. What not every system can store in a name, such
as a colon, becomes `_`. No file that is there already makes a device skip a frame, whatever the
scene says of overwriting and placeholders. Frames 3 and -4:

"""

NODES_TEXT = """
## File Output nodes

Their files come back beside the frames, in a folder called by the node's label, or by its name
where it has none; wherever the node points to, on the device it writes nowhere else. A second node
of the same name gets a number: `Same`, `same-2`. Below that, folders and files are called as
Blender does. Frames 3, -4 and 123456, without the scene's own picture:

"""


@dataclass
class Column:
    """One Blender's runs."""

    name: str
    runs: FormatRuns
    plain: dict[str, dict[str, bytes]]
    driven: dict[tuple[str, int], Driven]

    def same(self, name: str) -> str:
        """Say whether a frame is Blender's own."""
        frame = self.driven[name, FRAME]
        told = self.plain[name]
        same = sorted(frame.files) == sorted(told) and all(
            are_same(frame.folder / file, told[file]) for file in frame.files
        )
        return "=" if same else "differs"


def column(command: str, folder: Path) -> Column:
    """Render all cases with a Blender and with the driver in it."""
    runs = FormatRuns(command, folder)
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    words = next(line for line in said.stdout.splitlines() if line.startswith("Blender ")).split()
    wanted = [(name, FRAME) for name in runs.has([*IMAGES, *VIEWS, *NAMES, *NODES])]
    wanted += [(name, BELOW) for name in runs.has([*NAMES, *NODES])]
    wanted += [(name, BEYOND) for name in runs.has(NODES)]
    found = runs.driven({"scene": name, "frame": frame} for name, frame in wanted)
    plain = runs.plain(runs.has([*IMAGES, *VIEWS]))
    return Column(words[1], runs, plain, dict(zip(wanted, found, strict=True)))


def image_cell(one: Column, case: Case) -> str:
    """Say what is in a picture's file."""
    frame = one.driven[case["name"], FRAME]
    if frame.flaw:
        return frame.flaw
    pictures = read(frame.folder / frame.files[0])
    words = [_bits(pictures), _channels(pictures), _codec(pictures[0])]
    told = ", ".join(word for word in [*words, _loss(one, case["name"], pictures)] if word)
    return f"{one.same(case['name'])} {told}"


def _bits(pictures: list[Picture]) -> str:
    names = {"half": "16 bits half", "float": "32 bits float"}
    bits = pictures[0].facts.get("oiio:BitsPerSample")
    kinds = sorted({kind for one in pictures for kind in one.kinds})
    told = [names.get(kind, f"{bits or kind.removeprefix('uint')} bits") for kind in kinds]
    return " and ".join(told)


def _channels(pictures: list[Picture]) -> str:
    names = [name for one in pictures for name in one.channels]
    plain = [name for name in names if "." not in name]
    if plain != names:
        return f"{len({name.rpartition('.')[0] for name in names})} passes"
    return "RGBA"[: len(names)] if len(names) > 1 else "BW"


def _codec(picture: Picture) -> str:
    found = picture.facts.get("compression")
    return str(found).upper() if found and found != "none" else ""


def _loss(one: Column, name: str, pictures: list[Picture]) -> str:
    """Compare with the same picture without loss; nothing is said of what is none or in layers."""
    mine = pictures[0]
    reference = REFERENCES.get(mine.kinds[0])
    if name == reference:
        return "the measure"
    if len(mine.channels) > 4 or reference is None:
        return ""
    frame = one.driven[reference if len(mine.channels) > 1 else "png-bw", FRAME]
    other = read(frame.folder / frame.files[0])[0]
    if len(mine.channels) == 1 and mine.kinds[0] != "uint8":
        return ""
    count = min(len(mine.channels), 3)
    different = _difference(mine.pixels[..., :count], other.pixels[..., :count])
    return "lossless" if different == 0 else f"differs by {different:.2g}"


def _difference(mine: Pixels, other: Pixels) -> float:
    return float(np.abs(mine.astype(np.float64) - other.astype(np.float64)).mean())


def views_cell(one: Column, case: Case) -> str:
    """Name a frame's files and what is in the first."""
    frame = one.driven[case["name"], FRAME]
    if frame.flaw:
        return frame.flaw
    names = ", ".join(f"`{name.removeprefix(case['name'])}`" for name in frame.files)
    pictures = read(frame.folder / frame.files[0])
    height, width = pictures[0].pixels.shape[:2]
    channels = sum(len(picture.channels) for picture in pictures)
    return f"{one.same(case['name'])} {names}: {width}x{height}, {channels} channels"


def names_cell(one: Column, case: Case) -> str:
    """Name the files of two frames."""
    frames = [one.driven[case["name"], frame] for frame in (FRAME, BELOW)]
    return ", ".join(frame.flaw or f"`{frame.files[0]}`" for frame in frames)


def nodes_rows(columns: list[Column]) -> list[str]:
    """Write a table of the files of three frames, but for the scene's own."""
    lines = ["| node | Blender | 3 | -4 | 123456 |", "|---|---|---|---|---|"]
    for case in NODES:
        for one in columns:
            title = _node_title(case) if one is columns[0] else ""
            frames = [one.driven[case["name"], number] for number in (FRAME, BELOW, BEYOND)]
            cells = [frame.flaw or _own(frame.files) for frame in frames]
            lines.append(f"| {title} | {one.name} | {' | '.join(cells)} |")
    return lines


def _own(files: list[str]) -> str:
    return " ".join(f"`{name}`" for name in sorted(files) if "/" in name)


def rows(
    columns: list[Column], cases: list[Case], title: Callable[[Case], str],
    cell: Callable[[Column, Case], str],
) -> list[str]:  # fmt: skip
    """Write a table of cases by version."""
    lines = [f"| | {' | '.join(one.name for one in columns)} |", "|---" * (len(columns) + 1) + "|"]
    for case in cases:
        cells = [
            NOT_HERE if case["name"] in one.runs.without else cell(one, case) for one in columns
        ]
        lines.append(f"| {title(case)} | {' | '.join(cells)} |")
    return lines


def _image_title(case: Case) -> str:
    depth = case["image"].get("color_depth")
    group = str(case["group"])
    return f"{group}, {depth} bits" if depth and "bits" not in group else group


def _node_title(case: Case) -> str:
    return "; ".join(
        f"“{node.get('label') or node['name']}” to `{node['folder']}{node.get('file', '')}`, "
        f"{node['image']['file_format']}: {', '.join(node['slots'])}"
        for node in case["nodes"]
    ).replace("OUTSIDE", "/somewhere/else")


def page(columns: list[Column]) -> str:
    """Give the whole text."""
    versions = ", ".join(one.name for one in columns)
    lines = [HEAD.format(versions=versions).rstrip("\n") + "\n"]
    lines += rows(columns, IMAGES, _image_title, image_cell)
    lines.append(VIEWS_TEXT.rstrip("\n") + "\n")
    lines += rows(columns, VIEWS, lambda case: str(case["group"]), views_cell)
    lines.append(NAMES_TEXT.rstrip("\n") + "\n")
    lines += rows(columns, NAMES, _pattern_title, names_cell)
    lines.append(NODES_TEXT.rstrip("\n") + "\n")
    lines += nodes_rows(columns)
    return "\n".join(lines) + "\n"


def _pattern_title(case: Case) -> str:
    changed = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in case["render"].items())
    return f"`{case['output']}`" + (f", {changed}" if changed else "")


def main(folder: str, out: str) -> None:
    """Render on each Blender, and write the page."""
    columns = []
    with tempfile.TemporaryDirectory(prefix="blendtui-formats-") as made:
        for version in [installed(), *wheels(Path(folder))]:
            if version.command is None:
                sys.exit(f"Blender {version.name}: {version.reason}; the page is left as it is.")
            columns.append(column(str(version.command), Path(made) / version.name))
        Path(out).write_text(page(columns), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
