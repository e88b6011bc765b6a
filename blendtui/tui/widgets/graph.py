"""How a number was over time, on a scale that stays: a flat line is flat, a full one is full."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from blendtui.tui.words import color

BLOCKS = " ▁▂▃▄▅▆▇█"

HIGH = 0.9
"""From this part of the scale on, a graph warns."""

Points = Sequence[float | None]


class Graph(Widget):
    """A title with the newest value, and below it columns from 0 to 1; None is not known."""

    DEFAULT_CSS = "Graph { height: 3; text-wrap: nowrap; }"

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id)
        self._title = title
        self._value = ""
        self._points: Points = ()

    def tell(self, value: str, points: Points) -> None:
        """Show these points, the newest last."""
        if (value, points) != (self._value, self._points):
            self._value, self._points = value, tuple(points)
            self.refresh()

    def render(self) -> Text:
        """Draw it in the room that there is."""
        width, height = self.size.width, max(1, self.size.height - 1)
        title = Text.assemble((f"{self._title} ", "dim"), self._newest())
        title.truncate(width, overflow="ellipsis")
        text = Text(no_wrap=True, end="").append(title)
        for row in columns(self._points, width, height):
            text.append("\n")
            text.append(row, self._color())
        return text

    def _newest(self) -> Text:
        return Text(self._value, "bold") if self._value else Text("not known", "dim")

    def _color(self) -> str:
        known = [point for point in self._points if point is not None]
        name = "warning" if known and known[-1] >= HIGH else "primary"
        return str(color(self.app.theme_variables, name))


def columns(points: Points, width: int, height: int) -> list[str]:
    """Draw points as rows of blocks, the newest at the right; more points than room are summed up.

    Of several points in a column the highest one counts: a peak is what one looks for.
    """
    if width < 1 or not points:
        return [" " * width] * height
    each = -(-len(points) // width)
    # Counted from the newest, so that columns don't change their points all the time.
    groups = [points[max(0, end - each) : end] for end in range(len(points), 0, -each)][::-1]
    levels = [_level(group, height) for group in groups]
    levels = [-1] * (width - len(levels)) + levels
    return ["".join(_block(level - row * 8) for level in levels) for row in reversed(range(height))]


def _level(group: Points, height: int) -> int:
    """Give a column's height in eighths of a row, -1 where nothing is known."""
    known = [point for point in group if point is not None]
    if not known:
        return -1
    return max(1, round(min(1.0, max(0.0, *known, 0.0)) * height * 8))


def _block(eighths: int) -> str:
    return BLOCKS[max(0, min(8, eighths))]
