"""Draws the table: for each scenario how much longer than the least time each way takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from benchmarks.simulator.table import Row

COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
"""Okabe and Ito's: told apart by color-blind people too."""

NAMES = {
    "split": "static split by weights",
    "per frame": "a Blender per frame",
    "chunks": "best fixed chunks, 5 s between",
}


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw bars on a logarithmic scale; 1 is the least time possible."""
    ways = {"blendtui": [row.ours for row in rows]}
    ways |= {NAMES[name]: [row.peers[name] for row in rows] for name in rows[0].peers}
    mpl.rcParams["svg.hashsalt"] = "blendtui"  # the same table gives the same file
    figure, axes = plt.subplots(figsize=(9, 0.75 * len(rows) + 1.4), layout="constrained")
    height = 0.8 / len(ways)
    for number, (name, ratios) in enumerate(ways.items()):
        places = [index + (number - (len(ways) - 1) / 2) * height for index in range(len(rows))]
        bars = axes.barh(places, ratios, height, label=name, color=COLORS[number])
        axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=7)
    axes.set_xscale("log")
    axes.set_xlim(left=0.95, right=45)
    axes.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    axes.set_yticks(range(len(rows)), [row.scenario.name for row in rows])
    axes.invert_yaxis()
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("time over the least time possible, the worst of 20 seeds")
    axes.legend(loc="lower right", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    unsaid = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(path, metadata=unsaid)
