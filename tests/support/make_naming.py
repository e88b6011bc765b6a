"""Runs inside Blender: writes a .blend that names files as its pictures, whatever they are.

The words behind "--" are the .blend and the paths.
"""

from __future__ import annotations

import sys

import bpy


def main() -> None:
    blend, *paths = sys.argv[sys.argv.index("--") + 1 :]
    bpy.context.preferences.filepaths.save_version = 0
    for path in paths:
        image = bpy.data.images.new(path, 4, 4)
        image.source = "FILE"
        image.filepath = path
        image.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=blend, relative_remap=False)


main()
