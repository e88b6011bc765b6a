"""Colors and symbols. A state is never told by its color alone."""

from __future__ import annotations

from dataclasses import dataclass

from textual.theme import Theme

NIGHT = Theme(
    name="blendtui",
    primary="#e87d0d",
    secondary="#5a9bd5",
    accent="#f5a742",
    foreground="#d8d8d8",
    background="#191919",
    surface="#222222",
    panel="#2d2d2d",
    success="#6fbf73",
    warning="#e5c07b",
    error="#e06c75",
    dark=True,
)

SEEN_BY_ALL = Theme(
    name="blendtui-color-blind",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#f0e442",
    foreground="#e6e6e6",
    background="#141414",
    surface="#1e1e1e",
    panel="#2a2a2a",
    success="#0093e0",
    warning="#f0e442",
    error="#d55e00",
    dark=True,
)
"""Okabe and Ito's colors: blue for good, orange-red for bad."""

DAY = Theme(
    name="blendtui-light",
    primary="#b85c00",
    secondary="#2f6ea5",
    accent="#8f4a00",
    foreground="#1c1c1c",
    background="#f6f6f4",
    surface="#ffffff",
    panel="#e6e6e2",
    success="#2f7d32",
    warning="#8a6100",
    error="#b3261e",
    dark=False,
)

SIXTEEN = Theme(
    name="blendtui-16-colors",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#00ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    boost="#000000",
    success="#00ff00",
    warning="#ff00ff",
    error="#ff0000",
    dark=True,
)
"""Only colors that every terminal has; in fewer, other themes' shades of gray run together."""

THEMES = (NIGHT, SEEN_BY_ALL, DAY, SIXTEEN)


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: a symbol, its word, and the theme's color that goes with it."""

    symbol: str
    word: str
    color: str


JOB_LOOKS = {
    "active": Look("▶", "active", "primary"),
    "paused": Look("‖", "paused", "warning"),
    "done": Look("✓", "done", "success"),
    "failed": Look("✗", "failed", "error"),
    "cancelled": Look("-", "cancelled", "secondary"),
}

FRAME_LOOKS = {
    "waiting": Look("·", "waiting", ""),
    "given": Look("▸", "rendering", "primary"),
    "done": Look("■", "done", "success"),
    "failed": Look("✗", "failed", "error"),
}

DEVICE_LOOKS = {
    "rendering": Look("▶", "rendering", "primary"),
    "idle": Look("●", "connected", "success"),
    "starting": Look("◔", "starting", "accent"),
    "draining": Look("◐", "draining", "warning"),
    "disabled": Look("-", "disabled", "secondary"),
    "trying": Look("○", "connecting", "warning"),
    "lost": Look("✗", "not connected", "error"),
}
