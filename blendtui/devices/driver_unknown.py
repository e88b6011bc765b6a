"""On the device: nodes of the open .blend that this Blender does not know.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library and bpy only, nothing else of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_MOST = 20


def unknown_nodes() -> list[str]:
    """Name the nodes for which an add-on is missing, with what they are in."""
    return [
        f"“{node.name}” in “{owner}”"
        for owner, tree in _trees()
        for node in tree.nodes
        if node.bl_idname == "NodeUndefined"
    ][:_AT_MOST]


def _trees() -> Iterator[tuple[str, Any]]:
    data = bpy.data
    for one in data.node_groups:
        yield one.name, one
    for kind in (data.materials, data.worlds, data.lights, data.scenes, data.textures):
        for one in kind:
            tree = getattr(one, "node_tree", None)
            if tree is not None:
                yield one.name, tree
