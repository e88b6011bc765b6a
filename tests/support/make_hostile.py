"""Run by Blender: saves a scene whose every name means harm to a shell, a path or a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

ODD = "-rf '\"$(touch PWNED)`touch PWNED`\n\x1b[2J\x1b]0;x\x07;&|é"
OUTSIDE = [
    "//../../../../../../../../etc/passwd",
    "/etc/passwd",
    "\\\\server\\share\\unc.png",
    "|touch PWNED",
    "//$(touch PWNED).png",
    "//../outside.png",
    "C:\\Windows\\win.ini",
    "//pipe",
]


def main(path: Path) -> None:
    """Save it."""
    scene = bpy.context.scene
    scene.name = ODD
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.render.filepath = "/tmp/$(touch PWNED)'`;& -rf_####"
    scene.frame_end = 2
    for thing in (*bpy.data.objects, *bpy.data.materials, *bpy.data.meshes):
        thing.name = ODD
    for number, outside in enumerate(OUTSIDE):
        image = bpy.data.images.new(f"{number}{ODD}", 4, 4)
        image.source = "FILE"
        image.filepath = outside
        image.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
