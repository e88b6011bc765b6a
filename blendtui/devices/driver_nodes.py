"""On the device: has File Output nodes write below a frame's own folder, wherever they point to.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours. What Blender makes of names was seen in 3.4, 4.2, 5.0
and 5.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blendtui.devices.driver_names import folder_name, leaf, within
else:
    from driver_names import folder_name, leaf, within

_DIGITS = "####"


def aim_nodes(scene: Any, folder: str) -> None:
    """Have each File Output node write to a folder of its own name in `folder`, a plain path.

    Below that its files are called as ever. A label goes before a name; where two nodes are called
    alike, the second is numbered, the same way on every device. Doing it twice changes nothing
    more. Nodes in other scenes and in groups are among them: whatever Blender renders on the way,
    it writes nowhere else.
    """
    taken = set()
    for node in _output_nodes(scene):
        name = wanted = folder_name(node.label or node.name)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name.casefold())
        place = plain(f"{folder}/{name}/")
        if hasattr(node, "file_output_items"):
            _aim(node, place)
        else:
            _aim_before_5(node, place)


def plain(path: str) -> str:
    """Write a path so that Blender takes it as it is: from 5.0 on an output path is a template."""
    if bpy.app.version < (5, 0, 0):
        return path
    return path.replace("{", "{{").replace("}", "}}")


def _aim(node: Any, place: str) -> None:
    """Give a node of 5.0 and later its place, and its files the number of their frame.

    An animation adds the number itself where a name has no mark for it, a still does not; and a
    frame below 0 is rendered as a still.
    """
    node.directory = place
    node.file_name = within(node.file_name)
    digits = "" if "#" in node.file_name else _DIGITS
    if node.format.file_format == "OPEN_EXR_MULTILAYER":
        node.file_name += digits
        return
    for item in node.file_output_items:
        item.name = within(item.name) + ("" if "#" in item.name else digits)


def _aim_before_5(node: Any, place: str) -> None:
    """Give a node its place; with all layers in one file the path is that file's, too."""
    if node.format.file_format == "OPEN_EXR_MULTILAYER":
        node.base_path = place + within(leaf(node.base_path))
        return
    node.base_path = place
    for slot in node.file_slots:
        slot.path = within(slot.path)


def _output_nodes(scene: Any) -> Iterator[Any]:
    """Give all nodes there are; those of the scene itself first, so that they keep their names."""
    seen = set()
    scenes = [scene, *(other for other in bpy.data.scenes if other != scene)]
    for tree in [*map(_tree_of, scenes), *bpy.data.node_groups]:
        if tree is None or tree.as_pointer() in seen:
            continue
        seen.add(tree.as_pointer())
        for node in tree.nodes:
            if node.bl_idname == "CompositorNodeOutputFile":
                yield node


def compositing(scene: Any) -> Any:
    """Give the nodes that a scene's picture goes through; None where it goes through none.

    5.0 says `use_nodes` of every scene.
    """
    if not scene.render.use_compositing:
        return None
    is_old = not hasattr(scene, "compositing_node_group")
    return None if is_old and not scene.use_nodes else _tree_of(scene)


def _tree_of(scene: Any) -> Any:
    if hasattr(scene, "compositing_node_group"):  # 5.0 and later
        return scene.compositing_node_group
    return scene.node_tree
