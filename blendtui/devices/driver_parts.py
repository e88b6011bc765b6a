"""On the device: renders some of a still's samples, and makes the frame out of all of them.

This file is copied to the device beside `driver.py` and runs inside Blender: Python 3.7, standard
library, bpy and the NumPy that comes with Blender, nothing else of ours.

A part is a multilayer EXR file of 32 bits with all passes that the scene has, rendered without
compositing and denoising. Cycles numbers its samples, so parts together have just those of a
whole render. The frame itself is then rendered by Blender as ever, but where it asks Cycles for a
view layer it gets the merged one: compositing, File Output nodes, color management, the scene's
format and its file names stay Blender's own business. `cycles.merge_images` isn't used: it takes
the mean of passes that only the first sample writes (Position), and gives NaN where view layers
have different passes (seen in 3.4.1, 4.2.23 and 5.0.1).
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blendtui.devices.driver_picture import restore, values
    from blendtui.devices.driver_scene import render_frame
    from blendtui.devices.driver_whole import denoised_layers
else:
    from driver_picture import restore, values
    from driver_scene import render_frame
    from driver_whole import denoised_layers

_COUNT = "Debug Sample Count"
"""How many of the part's samples a pixel got, from 0 to 1: fewer with adaptive sampling."""

_DIVIDED = {
    "DiffDir": "DiffCol",
    "DiffInd": "DiffCol",
    "GlossDir": "GlossCol",
    "GlossInd": "GlossCol",
    "TransDir": "TransCol",
    "TransInd": "TransCol",
    "Diffuse Direct": "Diffuse Color",
    "Diffuse Indirect": "Diffuse Color",
    "Glossy Direct": "Glossy Color",
    "Glossy Indirect": "Glossy Color",
    "Transmission Direct": "Transmission Color",
    "Transmission Indirect": "Transmission Color",
}
"""Passes that Cycles divides by another one; since 5.0 they have other names."""

_COLORED = ("diffuse", "glossy", "transmission")

_FIRST = frozenset({"Depth", "Position", "IndexOB", "IndexMA", "Object Index", "Material Index"})
"""Passes that only a frame's very first sample writes."""

_NOISY = "Noisy Image"
_BLUE = frozenset({"AUTOMATIC", "BLUE_NOISE", "BLUE_NOISE_FIRST"})


def render_order(scene: Any, order: dict[str, Any], folder: Path, pattern: str, run: Path) -> None:
    """Render what an order asks for: a frame, some of its samples, or a frame of its parts.

    Raises RuntimeError.
    """
    frame = order["frame"]
    if order.get("part"):
        render_part(scene, *order["part"], folder=folder)
    elif order.get("pieces"):
        there = run / "parts" / str(frame)
        parts = [(there / Path(name).name, int(count)) for name, count in order["pieces"]]
        merge_parts(scene, frame, folder, pattern, parts)
        shutil.rmtree(str(there), ignore_errors=True)
    else:
        render_frame(scene, frame, folder, pattern)


def render_part(scene: Any, frame: int, begin: int, end: int, *, folder: Path) -> None:
    """Render a frame's samples from `begin` up to `end` into a folder. Raises RuntimeError."""
    with _part_settings(scene), _samples(scene.cycles, begin, end):
        render_frame(scene, frame, folder, "part")


def merge_parts(
    scene: Any, frame: int, folder: Path, pattern: str, parts: list[tuple[Path, int]]
) -> None:
    """Make a frame of its parts: the file of each with its number of samples, the first one first.

    Raises RuntimeError.
    """
    work = folder.with_name(folder.name + "-merged")
    shutil.rmtree(str(work), ignore_errors=True)
    work.mkdir()
    try:
        merged, layers = _merged(scene, frame, work, parts)
        denoised = work / "denoised.exr"
        if layers:
            there = {"input_filepath": str(merged), "output_filepath": str(denoised)}
            bpy.ops.cycles.denoise_animation(**there)

        def give(engine: Any, layer: str, size: tuple[int, int]) -> None:
            _fill(engine, layer, size, denoised if layer in layers else merged, merged)

        with _instead_of_cycles(give):
            render_frame(scene, frame, folder, pattern)
    finally:
        shutil.rmtree(str(work), ignore_errors=True)


def _merged(
    scene: Any, frame: int, work: Path, parts: list[tuple[Path, int]]
) -> tuple[Path, set[str]]:
    """Write what a part with all the samples would be; names the layers in it to be denoised."""
    wanted = denoised_layers(scene)
    given = set()

    def give(engine: Any, layer: str, size: tuple[int, int]) -> None:
        given.add(layer)
        _average(engine, layer, size, parts, layer in wanted)

    with _part_settings(scene), _instead_of_cycles(give):
        render_frame(scene, frame, work, "part")
    return next(work.iterdir()), given & wanted


# settings


@contextlib.contextmanager
def _part_settings(scene: Any) -> Iterator[None]:
    """Have all passes written that merging needs, and nothing done with them yet."""
    render, cycles = scene.render, scene.cycles
    image = values(render.image_settings)
    with contextlib.ExitStack() as stack:
        stack.callback(restore, render.image_settings, image)
        if hasattr(render.image_settings, "media_type"):
            render.image_settings.media_type = "MULTI_LAYER_IMAGE"
        render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
        render.image_settings.color_depth = "32"
        render.image_settings.exr_codec = "ZIP"
        if hasattr(render.image_settings, "use_exr_interleave"):
            # 5.0 writes each pass by itself otherwise, and its denoiser reads a file's first only.
            render.image_settings.use_exr_interleave = True
        wanted = {"use_compositing": False, "use_sequencer": False, "use_file_extension": True}
        stack.enter_context(_changed(render, wanted))
        denoised = denoised_layers(scene)
        for layer in scene.view_layers:
            own = {"pass_debug_sample_count": True}
            if layer.name in denoised:
                own["denoising_store_passes"] = True
            stack.enter_context(_changed(layer.cycles, own))
            stack.enter_context(_changed(layer, _colors(layer)))
        stack.enter_context(_changed(cycles, {"use_denoising": False}))
        yield


def _colors(layer: Any) -> dict[str, bool]:
    """Have the passes with which others were divided."""
    return {
        f"use_pass_{kind}_color": True
        for kind in _COLORED
        if getattr(layer, f"use_pass_{kind}_direct") or getattr(layer, f"use_pass_{kind}_indirect")
    }


@contextlib.contextmanager
def _samples(cycles: Any, begin: int, end: int) -> Iterator[None]:
    """Have some of the samples rendered.

    With adaptive sampling a pixel is done when its error is below a threshold. A part that is to
    be one of n alike may have an error that is larger by the square root of n.
    """
    whole, count = cycles.samples, end - begin
    wanted: dict[str, Any]
    if hasattr(cycles, "use_sample_subset"):  # 4.3 and later: `samples` stays that of the whole
        wanted = {"use_sample_subset": True, "sample_offset": begin, "sample_subset_length": count}
    else:
        wanted = {"sample_offset": begin, "samples": count}
        # 4.2 gives each pixel a piece of one blue-noise sequence, as long as `samples`: parts would
        # take other pixels' samples (seen in 4.2.23: up to 34 of 255 levels off, equal with this).
        if getattr(cycles, "sampling_pattern", "") in _BLUE:
            wanted["sampling_pattern"] = "TABULATED_SOBOL"
    if cycles.use_adaptive_sampling:
        # Cycles' own rule for 0, which would see the part's number of samples.
        threshold = cycles.adaptive_threshold or max(0.001, 1.0 / whole)
        wanted["adaptive_threshold"] = min(1.0, threshold * (whole / count) ** 0.5)
    with _changed(cycles, wanted):
        yield


@contextlib.contextmanager
def _changed(item: Any, wanted: dict[str, Any]) -> Iterator[None]:
    before = {name: getattr(item, name) for name in wanted}
    try:
        for name, value in wanted.items():
            setattr(item, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(item, name, value)


# the renderer that reads


@contextlib.contextmanager
def _instead_of_cycles(give: Callable[[Any, str, tuple[int, int]], None]) -> Iterator[None]:
    """Have Blender get its view layers from `give`. Raises RuntimeError for whatever it raises."""
    import cycles  # noqa: PLC0415 - an add-on: it can be missing

    problems: list[Exception] = []

    def render(engine: Any, depsgraph: Any) -> None:
        settings = depsgraph.scene.render
        size = tuple(
            side * settings.resolution_percentage // 100
            for side in (settings.resolution_x, settings.resolution_y)
        )
        try:
            give(engine, depsgraph.view_layer.name, size)
        except Exception as problem:
            # Blender would print it and go on in black; without any picture it crashes
            # (seen in 4.2 and 5.0).
            problems.append(problem)
            engine.end_result(engine.begin_result(0, 0, *size, layer=depsgraph.view_layer.name))

    kind = cycles.CyclesRender
    before = kind.update, kind.render
    kind.update, kind.render = (lambda *_: None), render
    try:
        yield
    finally:
        kind.update, kind.render = before
    if problems:
        raise RuntimeError(f"the parts cannot be merged: {problems[0]}") from problems[0]


def _fill(engine: Any, layer: str, size: tuple[int, int], final: Path, merged: Path) -> None:
    """Give a view layer as a file has it; what it was before denoising comes of another one."""
    noisy = None
    if merged != final:
        noisy = _passes(engine, layer, size, merged).get("Combined")
    result = engine.begin_result(0, 0, *size, layer=layer)
    result.load_from_file(str(final))
    for one in result.layers[0].passes:
        if one.name == _NOISY and noisy is not None:
            _write(one, noisy)
    engine.end_result(result)


def _average(
    engine: Any, layer: str, size: tuple[int, int], parts: list[tuple[Path, int]], denoised: bool
) -> None:
    """Give a view layer as all the parts together have it."""
    merged = _Mean()
    for path, count in parts:
        merged.add(_passes(engine, layer, size, path), count)
    if denoised:
        # Blender denoises only files that have motion vectors, though for one frame it needs none.
        engine.add_pass("Vector", 4, "XYZW", layer=layer)
    result = engine.begin_result(0, 0, *size, layer=layer)
    # What Cycles says of a file, and looks for before it denoises one.
    engine.get_result().stamp_data_add_field(f"cycles.{layer}.samples", str(merged.samples))
    for one in result.layers[0].passes:
        found = merged.give(one.name)
        if found is not None:
            _write(one, found)
    engine.end_result(result)


class _Mean:
    """The weighted mean of passes: each pixel counts by the samples that it got."""

    def __init__(self) -> None:
        self._sums: dict[str, Any] = {}
        self._weights: dict[str, Any] = {}
        self._first: dict[str, Any] = {}
        self._count: Any = 0.0
        self.samples = 0

    def add(self, passes: dict[str, Any], samples: int) -> None:
        """Take a part in. Raises RuntimeError if it is none."""
        count = passes[_COUNT] * samples
        if not count.any():
            raise RuntimeError("a part has no samples")
        if not self._first:
            self._first = {name: pixels for name, pixels in passes.items() if name in _FIRST}
        self._count = self._count + count
        self.samples += samples
        for name, pixels in passes.items():
            weight = count
            if name in _DIVIDED:
                weight = count * passes[_DIVIDED[name]]
                self._weights[name] = self._weights.get(name, 0.0) + weight
            self._sums[name] = self._sums.get(name, 0.0) + pixels * weight

    def give(self, name: str) -> Any:
        """Give a pass; None of one that the parts don't have."""
        import numpy  # noqa: PLC0415

        if name == _COUNT:
            return self._count / self.samples
        if name in self._first:
            return self._first[name]
        if name not in self._sums:
            return None
        weight = self._weights.get(name, self._count)
        return self._sums[name] / numpy.where(weight == 0, 1.0, weight)


def _passes(engine: Any, layer: str, size: tuple[int, int], path: Path) -> dict[str, Any]:
    """Read a view layer's passes out of a file, each as pixels by channels."""
    import numpy  # noqa: PLC0415

    result = engine.begin_result(0, 0, *size, layer=layer)
    try:
        result.load_from_file(str(path))
        found = {}
        for one in result.layers[0].passes:
            pixels = numpy.empty((size[0] * size[1], one.channels), dtype=numpy.float32)
            _exchange(one.rect.foreach_get, pixels)
            found[one.name] = pixels
        return found
    finally:
        engine.end_result(result, cancel=True)


def _write(one: Any, pixels: Any) -> None:
    import numpy  # noqa: PLC0415

    _exchange(one.rect.foreach_set, numpy.ascontiguousarray(pixels, dtype=numpy.float32))


def _exchange(call: Callable[[Any], None], pixels: Any) -> None:
    """Read or write pixels: 3.4 counts those of an array, 4.2 and 5.0 all of its numbers."""
    try:
        call(pixels)
    except (TypeError, ValueError):
        call(pixels.reshape(-1))
