"""Send to blendtui: an add-on for Blender. Standard library and bpy only; Python 3.10.

An extension for Blender 4.2 and later (blender_manifest.toml), an add-on of the old kind before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import packing

bl_info = {
    "name": "Send to blendtui",
    "author": "The blendtui authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Render > Send to blendtui",
    "description": "Pack this file with all that it uses and drop it into a blendtui share",
    "category": "Render",
}

_FEW = 3
"""So many missing files are named."""


class SendPreferences(bpy.types.AddonPreferences):  # type: ignore[misc]  # bpy has no types
    """Where to send to."""

    bl_idname = __package__

    share: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Share folder",
        description="The folder that blendtui watches, as this computer sees it",
        subtype="DIR_PATH",
    )

    def draw(self, _: Any) -> None:
        """Draw what can be set."""
        self.layout.prop(self, "share")


class SendToBlendtui(bpy.types.Operator):  # type: ignore[misc]
    """Pack this file with all that it uses and drop it into the share of a blendtui farm"""

    bl_idname = "render.send_to_blendtui"
    bl_label = "Send to blendtui"

    name: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Name", description="What the job is called; as the file, if empty"
    )
    first: bpy.props.IntProperty(name="First frame", default=1)  # type: ignore[valid-type]
    last: bpy.props.IntProperty(name="Last frame", default=250)  # type: ignore[valid-type]
    step: bpy.props.IntProperty(name="Step", default=1, min=1)  # type: ignore[valid-type]
    priority: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Priority", description="Higher goes first", default=50, min=0, max=100
    )

    def invoke(self, context: Any, _: Any) -> set[str]:
        """Ask, with what the scene says filled in."""
        scene = context.scene
        self.first, self.last, self.step = scene.frame_start, scene.frame_end, scene.frame_step
        self.name = Path(bpy.data.filepath).stem
        return context.window_manager.invoke_props_dialog(self)  # type: ignore[no-any-return]

    def execute(self, context: Any) -> set[str]:
        """Send it; what is missing is a warning, and no share an error."""
        job = {
            "frames": f"{self.first}-{self.last}x{self.step}",
            "scene": context.scene.name,
            "priority": self.priority,
        }
        if self.last < self.first:
            self.report({"ERROR"}, "The last frame comes before the first one.")
            return {"CANCELLED"}
        share = context.preferences.addons[__package__].preferences.share
        try:
            sent = packing.send(bpy.path.abspath(share) if share else "", self.name, job)
        except packing.NotSentError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._say(sent)
        return {"FINISHED"}

    def _say(self, sent: packing.Sent) -> None:
        if sent.outside:
            self.report({"INFO"}, f"From outside the file's folder: {_named(sent.outside)}")
        if sent.private:
            self.report(
                {"WARNING"},
                f"Not sent, since hidden or the system's: {_named(sent.private)}. To send one, "
                "put a copy beside the .blend, or pack it into the .blend.",
            )
        if sent.missing:
            missing = _named(sent.missing)
            self.report(
                {"WARNING"}, f"Sent as {sent.name}, without files that are missing: {missing}"
            )
        else:
            self.report({"INFO"}, f"Sent as {sent.name}, {sent.files} files.")


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - _FEW} more" if len(paths) > _FEW else ""
    return ", ".join(paths[:_FEW]) + more


def _in_menu(menu: Any, _: Any) -> None:
    menu.layout.separator()
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator(SendToBlendtui.bl_idname, icon="EXPORT")


_CLASSES = (SendPreferences, SendToBlendtui)


def register() -> None:
    """Have Blender know it."""
    for one in _CLASSES:
        bpy.utils.register_class(one)
    bpy.types.TOPBAR_MT_render.append(_in_menu)


def unregister() -> None:
    """Have Blender forget it."""
    bpy.types.TOPBAR_MT_render.remove(_in_menu)
    for one in reversed(_CLASSES):
        bpy.utils.unregister_class(one)
