"""A finished frame as a picture, in whatever way the terminal can show one."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

if TYPE_CHECKING:
    from PIL.Image import Image
    from textual_image.widget import HalfcellImage

LARGEST = (960, 960)
"""Pixels to which a picture is made smaller before it is shown."""

FORMATS = ("JPEG", "PNG")
"""What the engine's small pictures are; nothing else is opened."""


def learn_terminal() -> None:
    """Ask the terminal what pictures it can show. Only before the app takes the terminal over."""
    if sys.__stdout__ is not None and sys.__stdout__.isatty():
        import textual_image.widget  # noqa: F401, PLC0415 - it asks when it is imported


class FramePicture(Vertical):
    """One picture with a line below it, or words where there is none."""

    DEFAULT_CSS = """
    FramePicture { align: center middle; overflow: hidden; }
    FramePicture > .picture { width: 100%; height: auto; }
    FramePicture > .caption { width: 1fr; height: 1; text-align: center; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._caption = Static("No picture yet", classes="caption", markup=False)
        self._picture: HalfcellImage | None = None

    def compose(self) -> ComposeResult:
        """Begin with words."""
        yield self._caption

    def show_picture(self, path: Path | None, caption: str) -> None:
        """Show the picture in a file, or only the caption where there is none or it is broken."""
        self.run_worker(self._show(path, caption), exclusive=True, group="picture")

    async def _show(self, path: Path | None, caption: str) -> None:
        image = None if path is None else await asyncio.to_thread(_load, path)
        self._caption.update(caption if image is not None or path is None else f"{caption}: broken")
        if self._picture is None:
            if image is None:
                return
            self._picture = _widget()
            await self.mount(self._picture, before=self._caption)
        self._picture.image = image
        self._picture.display = image is not None


def _load(path: Path) -> Image | None:
    from PIL import Image as Pillow  # noqa: PLC0415 - heavy

    try:
        with Pillow.open(path, formats=FORMATS) as image:
            image.draft("RGB", LARGEST)
            image.thumbnail(LARGEST)
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return None


def _widget() -> HalfcellImage:
    from textual_image import widget  # noqa: PLC0415 - heavy

    is_terminal = sys.__stdout__ is not None and sys.__stdout__.isatty()
    kind = widget.Image if is_terminal else widget.HalfcellImage
    return cast("HalfcellImage", kind(classes="picture"))
