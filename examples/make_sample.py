"""Makes the sample project: three balls that bounce for ever on a terrazzo floor.

    blender -b --factory-startup -P examples/make_sample.py -- examples/bouncing.zip

24 frames of Cycles, small and quick, with one picture beside the .blend.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import bpy
from mathutils import Vector

FRAMES = 24
TEXTURE = "textures/terrazzo.png"
STAGE, DEPTH = 2.35, -0.32
DATE = (2026, 1, 1, 0, 0, 0)

CREAM = (0.90, 0.86, 0.79)
CHIPS = [(0.76, 0.36, 0.25), (0.20, 0.42, 0.44), (0.86, 0.62, 0.22), (0.25, 0.25, 0.30)]


@dataclass(frozen=True)
class Ball:
    """A ball of `radius` at `place` that jumps `height` high, from `phase` of a jump on."""

    name: str
    color: tuple[float, float, float]
    radius: float
    place: tuple[float, float]
    height: float
    bounces: int
    phase: float


BALLS = [
    Ball("teal", (0.01, 0.20, 0.22), 0.56, (-1.15, 0.20), 1.35, 1, 0.18),
    Ball("cream", (0.85, 0.74, 0.58), 0.44, (0.18, -0.25), 1.05, 1, 0.62),
    Ball("mustard", (0.90, 0.42, 0.02), 0.34, (1.28, 0.25), 0.58, 2, 0.30),
]


def terrazzo(path: Path, side: int = 512, chips: int = 330) -> None:
    """Paint stone chips on cream; the picture tiles without a seam."""
    rng = random.Random(7)  # noqa: S311 - a picture, no secret
    pixels = [*CREAM, 1.0] * (side * side)
    for _ in range(chips):
        reach = rng.choice([4, 5, 7, 10, 14, 19]) * rng.uniform(0.8, 1.3)
        middle = rng.randrange(side), rng.randrange(side)
        turn, corners = rng.uniform(0, math.tau), rng.randint(4, 6)
        # A chip is what lies behind a few straight cuts around its middle.
        cuts = [
            (math.cos(angle), math.sin(angle), reach * rng.uniform(0.6, 1.0))
            for corner in range(corners)
            for angle in [turn + math.tau * (corner + rng.uniform(-0.25, 0.25)) / corners]
        ]
        color = rng.choice(CHIPS)
        box = range(-2 * int(reach), 2 * int(reach) + 1)
        for dy in box:
            for dx in box:
                if all(dx * x + dy * y < far for x, y, far in cuts):
                    place = ((middle[1] + dy) % side * side + (middle[0] + dx) % side) * 4
                    pixels[place : place + 3] = color
    image = bpy.data.images.new("terrazzo", side, side)
    image.pixels.foreach_set(pixels)
    image.file_format = "PNG"
    image.filepath_raw = str(path)
    image.save()
    bpy.data.images.remove(image)


def material(name: str, color: tuple[float, float, float], roughness: float) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    surface = made.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*color, 1.0)
    surface.inputs["Roughness"].default_value = roughness
    made.diffuse_color = (*color, 1.0)
    return made


def matt(name: str, color: tuple[float, float, float]) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes = made.node_tree.nodes
    nodes.remove(nodes["Principled BSDF"])
    surface = nodes.new("ShaderNodeBsdfDiffuse")
    surface.inputs["Color"].default_value = (*color, 1.0)
    output = nodes["Material Output"].inputs["Surface"]
    made.node_tree.links.new(surface.outputs["BSDF"], output)
    return made


def put(name: str, mesh: bpy.types.Mesh, surface: bpy.types.Material) -> None:
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    mesh.use_auto_smooth = True
    mesh.materials.append(surface)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, mesh))


def room() -> None:
    """Put up a plain floor that bends up into a backdrop behind the stage."""
    bend = [step / 15 * math.pi / 2 for step in range(16)]
    rows = [(-9.0, DEPTH)]
    rows += [(3.5 + 2.5 * math.sin(a), DEPTH + 2.5 - 2.5 * math.cos(a)) for a in bend]
    rows += [(6.0, 14.0)]
    vertices = [(side, along, up) for along, up in rows for side in (-16.0, 16.0)]
    faces = [(2 * n, 2 * n + 1, 2 * n + 3, 2 * n + 2) for n in range(len(rows) - 1)]
    mesh = bpy.data.meshes.new("room")
    mesh.from_pydata(vertices, [], faces)
    put("room", mesh, matt("paper", (0.62, 0.27, 0.20)))


def stage(texture: Path) -> None:
    """Put a round slab of terrazzo in the middle, its upper face at height 0."""
    rim = [(STAGE, DEPTH), (STAGE, -0.05), (STAGE - 0.05, 0.0)]
    corners = 96
    turns = [math.tau * corner / corners for corner in range(corners)]
    vertices = [(r * math.cos(a), r * math.sin(a), up) for r, up in rim for a in turns]
    faces: list[tuple[int, ...]] = [tuple(range(2 * corners, 3 * corners))]
    for ring in range(len(rim) - 1):
        low = ring * corners
        for corner in range(corners):
            after = (corner + 1) % corners
            faces.append((low + corner, low + after, low + corners + after, low + corners + corner))
    mesh = bpy.data.meshes.new("stage")
    mesh.from_pydata(vertices, [], faces)

    made = material("terrazzo", CREAM, 0.3)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    picture = nodes.new("ShaderNodeTexImage")
    picture.image = bpy.data.images.load(str(texture))
    place = nodes.new("ShaderNodeMapping")
    place.inputs["Scale"].default_value = (0.42, 0.42, 0.42)
    source = nodes.new("ShaderNodeTexCoord")
    links.new(source.outputs["Object"], place.inputs["Vector"])
    links.new(place.outputs["Vector"], picture.inputs["Vector"])
    links.new(picture.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    put("stage", mesh, made)
    mesh.materials.append(matt("rim", (0.80, 0.74, 0.66)))
    mesh.polygons.foreach_set("material_index", [0] + [1] * (len(faces) - 1))


def pose(ball: Ball, frame: int) -> tuple[float, float]:
    """Give the height of the ball's lowest point and its stretch at a frame."""
    jump = ((frame - 1) / FRAMES * ball.bounces + ball.phase) % 1.0
    near = min(jump, 1.0 - jump)
    stretch = 1.0 - 0.26 * math.exp(-((near / 0.06) ** 2))
    stretch += 0.10 * math.exp(-(((near - 0.20) / 0.09) ** 2))
    return ball.height * 4.0 * jump * (1.0 - jump), stretch


def bounce(ball: Ball) -> None:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=48, ring_count=24, radius=ball.radius)
    thing = bpy.context.object
    thing.name = ball.name
    bpy.ops.object.shade_smooth()
    thing.data.materials.append(material(ball.name, ball.color, 0.22))
    for frame in range(1, FRAMES + 1):
        low, stretch = pose(ball, frame)
        thing.location = (*ball.place, low + ball.radius * stretch)
        wide = 1.0 / math.sqrt(stretch)
        thing.scale = (wide, wide, stretch)
        thing.keyframe_insert("location", index=2, frame=frame)
        thing.keyframe_insert("scale", frame=frame)


def lamp(
    name: str,
    place: tuple[float, float, float],
    size: float,
    power: float,
    color: tuple[float, float, float],
) -> None:
    data = bpy.data.lights.new(name, "AREA")
    data.shape = "DISK"
    data.size, data.energy, data.color = size, power, color
    made = bpy.data.objects.new(name, data)
    made.location = place
    made.rotation_euler = (Vector((0, 0, 0.6)) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)


def light() -> None:
    lamp("key", (-4.5, -3.5, 5.5), 2.2, 620, (1.0, 0.90, 0.78))
    lamp("rim", (4.5, 2.0, 3.5), 1.6, 190, (0.72, 0.86, 1.0))
    world = bpy.data.worlds.new("room")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.52, 0.60, 0.70, 1.0)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.45
    # It is alike on all sides, so looking for its bright spots would only add noise.
    world.cycles.sampling_method = "NONE"
    bpy.context.scene.world = world


def look() -> None:
    data = bpy.data.cameras.new("camera")
    data.lens = 55
    camera = bpy.data.objects.new("camera", data)
    camera.location = (0.4, -9.4, 3.1)
    aim = Vector((0.0, 0.0, 0.80)) - camera.location
    camera.rotation_euler = aim.to_track_quat("-Z", "Y").to_euler()
    scene = bpy.context.scene
    scene.collection.objects.link(camera)
    scene.camera = camera


def settings() -> None:
    scene = bpy.context.scene
    scene.name = "bouncing"
    scene.frame_start, scene.frame_end = 1, FRAMES
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = 320, 180, 100
    render.filepath = "//renders/bouncing_####"
    render.image_settings.file_format = "PNG"
    render.use_persistent_data = True
    cycles = scene.cycles
    cycles.samples = 10
    # The backdrop needs fewer samples than the balls.
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold, cycles.adaptive_min_samples = 0.08, 4
    # Not every Blender is built with a denoiser.
    cycles.use_denoising = False
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 2, 1, 1
    cycles.use_fast_gi = True
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 3.0


def forget_places() -> None:
    """Let no file dialog in the saved windows tell where the sample was made."""
    for screen in bpy.data.screens:
        for space in [space for area in screen.areas for space in area.spaces]:
            params = getattr(space, "params", None)
            if params is not None:
                params.directory = b"//"


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blend = folder / "bouncing.blend"
        (folder / TEXTURE).parent.mkdir()
        bpy.ops.wm.read_factory_settings(use_empty=True)
        terrazzo(folder / TEXTURE)
        settings()
        room()
        stage(folder / TEXTURE)
        for ball in BALLS:
            bounce(ball)
        light()
        look()
        forget_places()
        bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=True, relative_remap=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (blend, folder / TEXTURE):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), DATE)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


main(Path(sys.argv[sys.argv.index("--") + 1]).resolve())
