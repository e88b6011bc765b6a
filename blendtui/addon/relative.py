"""Run by a second Blender without a window: makes the paths in .blend files relative.

Behind `--`, as JSON, a list of pairs: which file to open, and where to save it. Where that is
another place, a file is only saved if it has absolute paths, and they are relative to the place
that it was opened from: there it will stand in the project.
"""

from __future__ import annotations

import json
import sys

import bpy


def main() -> None:
    """Do all of them; whatever fails is raised."""
    for source, target in json.loads(sys.argv[sys.argv.index("--") + 1]):
        bpy.ops.wm.open_mainfile(filepath=source, load_ui=False)
        written = bpy.utils.blend_paths(absolute=False, packed=False, local=True)
        if source != target and all(text.startswith(("//", "<")) or not text for text in written):
            continue
        bpy.ops.file.make_paths_relative()
        bpy.context.preferences.filepaths.save_version = 0
        bpy.ops.wm.save_as_mainfile(filepath=target, copy=True, relative_remap=False)


main()
