"""Nodes of a .blend that none of Blender's own kinds are: an add-on brings them, or nobody does."""

from __future__ import annotations

import re
from typing import Any

_OWN = re.compile(rb"(Shader|Compositor|Geometry|Function|Texture)?Node[A-Z]|$")
"""How Blender's own kinds begin (bpy.types.Node in 3.4, 4.2 and 5.0); before 2.67 there were none.

`Node` alone begins those of all trees: NodeReroute, NodeGroupInput.
"""

_MOST = 50


def strange_nodes(blend: Any) -> tuple[str, ...]:
    """Name the kinds of nodes that an add-on must bring, sorted; `blend` is a BoundedBlend."""
    found: set[bytes] = set()
    index = blend.sdna_index_from_id.get(b"bNode")
    for block in blend.blocks if index is not None else ():
        if block.sdna_index != index or len(found) >= _MOST:
            continue
        kind = bytes(block.get(b"idname", default=b""))
        if not _OWN.match(kind):
            found.add(kind)
    return tuple(sorted(kind.decode("utf-8", "replace") for kind in found))
