"""The share: the one room that writes to it. Everything appears there whole or not at all."""

from __future__ import annotations

from blendtui.share.drops import REJECTED, Drops
from blendtui.share.frames import DISPLAY, SOUND, Frames
from blendtui.share.marks import MARK
from blendtui.share.records import REPORT, SHEET, Records
from blendtui.share.report import Report

__all__ = ["DISPLAY", "MARK", "REJECTED", "REPORT", "SHEET", "SOUND", "Report", "Share"]


class Share(Drops, Frames, Records):
    """One share, by its path on this machine. Its methods block: call them in a thread.

    `is_back` is asked when another folder stands there than before: whether it is the share all
    the same, connected anew. An empty mount point is not.

    Raises:
        Failure: SHARE_MISSING where it is gone, SHARE_WRITE where it can't be written.
    """
