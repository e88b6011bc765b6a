"""Runs inside Blender: writes a .blend with a scene for each case that this version has.

Usage: ... -- CASES.json OUT.blend SAID.json; a case that it has not is named in SAID with the
setting that it refused. Python 3.7 and bpy only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy

CASES, BLEND, SAID = map(Path, sys.argv[-3:])


def basis() -> Any:
    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 64, 36, 100
    for name in dir(render):  # what differs from one run to the next has no place in the file
        if name.startswith("use_stamp") and not name.endswith("_labels"):
            setattr(render, name, False)
    cube = bpy.data.objects["Cube"]
    cube.rotation_mode = "XYZ"
    cube.keyframe_insert("rotation_euler", frame=-10)
    cube.rotation_euler[2] = 3
    cube.keyframe_insert("rotation_euler", frame=20)
    return scene


def set_image(settings: Any, wanted: dict[str, Any]) -> None:
    """Set what a picture is written as. Raises TypeError or AttributeError."""
    order = ("file_format", "color_mode", "color_depth")
    names = [name for name in order if name in wanted]
    names += [name for name in wanted if name not in order]
    if hasattr(settings, "media_type"):
        layered = wanted.get("file_format") == "OPEN_EXR_MULTILAYER"
        settings.media_type = "MULTI_LAYER_IMAGE" if layered else "IMAGE"
    for name in names:
        setattr(settings, name, wanted[name])


def set_views(scene: Any, views: int) -> None:
    scene.render.use_multiview = True
    if views > 2:
        scene.render.views_format = "MULTIVIEW"
        for camera in ("Camera_L", "Camera_R", "Camera_mid"):
            if camera not in bpy.data.objects:
                made = bpy.data.objects["Camera"].copy()
                made.name = camera
                made.location.x += len(camera) / 10
                bpy.data.scenes[0].collection.objects.link(made)
        view = scene.render.views.new("mid")
        view.camera_suffix = "_mid"


def tree_of(scene: Any) -> Any:
    """Give a scene an empty compositor that shows its picture; gives its tree and layers node."""
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new(scene.name, "CompositorNodeTree")
        scene.compositing_node_group = tree
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        shown = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        shown = tree.nodes.new("CompositorNodeComposite")
    layers = tree.nodes.new("CompositorNodeRLayers")
    layers.scene = scene
    tree.links.new(layers.outputs[0], shown.inputs[0])
    return tree, layers


def add_node(tree: Any, layers: Any, wanted: dict[str, Any]) -> None:
    """Add a File Output node: `name`, `label`, `folder`, `file` (5.x), `slots`, `image`."""
    node = tree.nodes.new("CompositorNodeOutputFile")
    node.name, node.label = wanted["name"], wanted.get("label", "")
    set_image(node.format, wanted["image"])
    if hasattr(node, "file_output_items"):
        node.directory, node.file_name = wanted["folder"], wanted.get("file", "")
        node.file_output_items.clear()
        for slot in wanted["slots"]:
            node.file_output_items.new("RGBA", slot)
    else:
        node.base_path = wanted["folder"] + wanted.get("file", "")
        is_layered = wanted["image"]["file_format"] == "OPEN_EXR_MULTILAYER"
        slots = node.layer_slots if is_layered else node.file_slots
        slots.clear()
        for slot in wanted["slots"]:
            slots.new(slot)
    for number, _ in enumerate(wanted["slots"]):
        tree.links.new(layers.outputs["Depth" if number else "Image"], node.inputs[number])


def make(scene: Any, case: dict[str, Any]) -> None:
    scene.render.filepath = case.get("output", "//render/" + case["name"] + "_####")
    if case.get("views"):
        set_views(scene, case["views"])
    set_image(scene.render.image_settings, case["image"])
    for name, value in case.get("render", {}).items():
        setattr(scene.render, name, value)
    scene.view_layers[0].use_pass_z = True
    for name in case.get("layers", ()):
        scene.view_layers.new(name)
    if case.get("nodes"):
        tree, layers = tree_of(scene)
        for wanted in case["nodes"]:
            add_node(tree, layers, wanted)


def main() -> None:
    first = basis()
    without = {}
    for case in json.loads(CASES.read_text("utf-8")):
        scene = first.copy()
        scene.name = case["name"]
        scene.use_fake_user = True  # without one, Blender leaves it out
        try:
            make(scene, case)
        except (TypeError, AttributeError) as error:
            without[case["name"]] = str(error)
            bpy.data.scenes.remove(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(BLEND))
    said = {"version": list(bpy.app.version), "without": without}
    SAID.write_text(json.dumps(said), "utf-8")


main()
