"""Runs inside Blender: installs the add-on from its zip as a user does, and sends a file with it.

Behind `--`: the zip, the .blend ("" for the file that Blender starts with), the share, and the
operator's settings as JSON. Writes, as JSON behind "SAID ", what came of it.
"""

from __future__ import annotations

import json
import sys

import bpy

ZIP, BLEND, SHARE, SETTINGS = sys.argv[sys.argv.index("--") + 1 :]


def install() -> str:
    if bpy.app.version < (4, 2):
        bpy.ops.preferences.addon_install(filepath=ZIP)
        bpy.ops.preferences.addon_enable(module="blendtui_send")
        return "blendtui_send"
    bpy.ops.extensions.package_install_files(
        filepath=ZIP, repo="user_default", enable_on_install=True
    )
    return "bl_ext.user_default.blendtui_send"


def main() -> None:
    module = install()
    if BLEND:
        bpy.ops.wm.open_mainfile(filepath=BLEND)
    bpy.context.preferences.addons[module].preferences.share = SHARE
    before = bpy.utils.blend_paths(absolute=False), bpy.data.filepath
    said: dict[str, object] = {}
    try:
        said["result"] = sorted(bpy.ops.render.send_to_blendtui(**json.loads(SETTINGS)))
    except RuntimeError as error:
        said["error"] = str(error)
    said["unchanged"] = before == (bpy.utils.blend_paths(absolute=False), bpy.data.filepath)
    bpy.ops.preferences.addon_disable(module=module)
    said["gone"] = not hasattr(bpy.types, "RENDER_OT_send_to_blendtui")
    sys.stdout.write(f"SAID {json.dumps(said)}\n")


main()
