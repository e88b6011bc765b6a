"""blender-asset-tracer, with what its version 1.23 overlooks.

Strips: it takes all slashes off a folder's end, also off the "//" of those that lie beside the
.blend; and of a strip of pictures it gives the first one only, as if all had numbers.
Movie clips and caches that are sequences are single files to it.
Sequences: it looks for a number at a name's very end, Blender takes the last one that there is.
Linked scenes: it looks for their objects where 2.7 had them.
Nodes with a file of their own (shaders in OSL, light profiles): it sees those of lights only.
Soft bodies: it does not look for their caches.
Nodes of materials, worlds and lights in linked files of 5.0 and later: it looks for them under the
name that only scenes have.
Linked files: it opens whatever is there, and waits for ever for a pipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blender_asset_tracer import bpathlib, cdefs
from blender_asset_tracer.blendfile import iterators
from blender_asset_tracer.trace import (
    blocks2assets,
    expanders,
    file2blocks,
    file_sequence,
    modifier_walkers,
)
from blender_asset_tracer.trace.result import BlockUsage

from blendtui.intake.simulations import shared_cache

__all__ = ["around_number", "mend", "sequence"]

_STRIPS = {
    cdefs.SEQ_TYPE_MOVIE,
    cdefs.SEQ_TYPE_SOUND_RAM,
    cdefs.SEQ_TYPE_SOUND_HD,
    cdefs.SEQ_TYPE_IMAGE,
}
_TEXT_STRIP = 45  # STRIP_TYPE_TEXT in DNA_sequence_types.h
_MOST_PICTURES = 1_048_574  # MAXFRAME in Blender: a strip shows no more
_SOFT_BODY = 10  # eModifierType_Softbody in DNA_modifier_types.h
_CLIP_SEQUENCE = 1  # MCLIP_SRC_SEQUENCE in DNA_movieclip_types.h
_WITH_NODES = ("MA", "WO", "LA", "NT")
_WITH_FILES = (b"ShaderNodeScript", b"ShaderNodeTexIES")
_EXTERNAL = 1  # NODE_SCRIPT_EXTERNAL and NODE_IES_EXTERNAL in DNA_node_types.h
_LAST_NUMBER = re.compile(r"([^0-9]*)[0-9]+")
"""In a name that was turned around, so that long ones take no longer than they are long."""


def around_number(name: str) -> tuple[str, str] | None:
    """Give what stands before and behind the number in a picture's name; None without a number.

    The number is the last one before the ending (BLI_path_sequence_decode in Blender).
    """
    stem, dot, ending = name.rpartition(".")
    stem, behind = (stem, f".{ending}") if dot else (name, "")
    found = _LAST_NUMBER.match(stem[::-1])
    if found is None:
        return None
    return stem[: len(stem) - found.end()], found[1][::-1] + behind


def sequence(name: str) -> re.Pattern[str] | None:
    """Give what the names of a sequence are, from one of them; None for one without a number."""
    around = around_number(name)
    if around is None:
        return None
    return re.compile(f"{re.escape(around[0])}[0-9]+{re.escape(around[1])}")


def _strips(scene: Any) -> Iterator[BlockUsage]:
    """Give the files of a scene's strips."""
    editor = scene.get_pointer(b"ed")
    if editor is None:
        return
    for strip, kind in iterators.sequencer_strips(editor):
        data: Any = strip.get_pointer(b"strip") if kind in _STRIPS else None
        files = data.get_pointer(b"stripdata") if data is not None else None
        if files is None:
            continue
        folder, in_folder = data.get(b"dir", return_field=True)
        # A damaged file may say any count.
        most = min(files.count, files.size // files.dna_type.size, _MOST_PICTURES)
        for index in range(most if kind == cdefs.SEQ_TYPE_IMAGE else 1):
            name, in_name = files.get(b"name", return_field=True, array_index=index)
            path = folder + (b"" if folder.endswith((b"/", b"\\")) else b"/") + name
            yield BlockUsage(
                data,
                bpathlib.BlendPath(path),  # type: ignore[no-untyped-call]
                path_dir_field=in_folder,
                path_base_field=in_name,
                block_name=b"%s in strip at %d" % (name, data.addr_old),
            )


def _clip(block: Any) -> Iterator[BlockUsage]:
    path, field = block.get(b"name", return_field=True)
    many = block.get(b"source", default=0) == _CLIP_SEQUENCE
    yield BlockUsage(block, path, is_sequence=many, path_full_field=field)


def _cache(block: Any) -> Iterator[BlockUsage]:
    path, field = block.get(b"filepath", return_field=True)
    many = bool(block.get(b"is_sequence", default=0))
    yield BlockUsage(block, path, is_sequence=many, path_full_field=field)


def _soft_body(context: Any, modifier: Any, name: bytes) -> Iterator[BlockUsage]:
    """Give a soft body's cache as that of a cloth; its modifier has nothing of its own."""
    soft = context.owner.get_pointer(b"soft", default=None)
    cache = shared_cache(soft) if soft is not None else None
    if cache is not None:
        yield from modifier_walkers._walk_point_cache(
            context, name, modifier.bfile, cache, cdefs.PTCACHE_EXT
        )


def _nodes(block: Any) -> Iterator[BlockUsage]:
    """Give the files that nodes name themselves; nodes of other kinds have other storage."""
    is_tree = block.dna_type_name == "bNodeTree"
    tree = block if is_tree else block.get_pointer(b"nodetree", default=None)
    if tree is None or tree.dna_type_name != "bNodeTree":
        return
    for node in iterators.listbase(tree.get_pointer((b"nodes", b"first"))):
        if bytes(node.get(b"idname", default=b"")) not in _WITH_FILES:
            continue
        storage = node.get_pointer(b"storage", default=None)
        if storage is not None and storage.get(b"mode", default=0) == _EXTERNAL:
            path, field = storage.get(b"filepath", return_field=True)
            if path:
                yield BlockUsage(storage, path, path_full_field=field)


def _sequence(path: Path) -> Iterator[Path]:
    """Give the files of a sequence, a folder or a pattern."""
    pattern = sequence(path.name)
    if pattern is None or "*" in str(path) or "<UDIM>" in path.name or path.is_dir():
        yield from _other_sequence(path)
        return
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    files = sorted(one for one in beside if pattern.fullmatch(one.name))
    if not files:
        raise file_sequence.DoesNotExist(path)
    yield from files


def _scene(block: Any) -> Iterator[Any]:
    yield from _other_scene(block)
    collection = block.get_pointer(b"master_collection", default=None)
    if collection is not None:
        yield from expanders._expand_group(collection)
    editor = block.get_pointer(b"ed")
    if editor is None:
        return
    for strip, kind in iterators.sequencer_strips(editor):
        text = strip.get_pointer(b"effectdata") if kind == _TEXT_STRIP else None
        if text is not None:
            yield text.get_pointer(b"text_font", default=None)


def _with_nodes(known: Any) -> Any:
    def expand(block: Any) -> Iterator[Any]:
        yield from known(block)
        if block.bfile.header.version >= 500:
            tree = block.get_pointer(b"nodetree", None)
            if tree is not None:
                yield from expanders._expand_generic_nodetree(tree)

    return expand


def _linked(iterator: Any, blocks_per_file: dict[Any, Any]) -> Iterator[Any]:
    """Give the blocks of linked files, of those that are files."""
    files = {
        path: blocks for path, blocks in blocks_per_file.items() if Path(path.to_path()).is_file()
    }
    yield from _other_linked(iterator, files)  # type: ignore[no-untyped-call]


_other_linked = file2blocks.BlockIterator._visit_linked_blocks
_other_sequence = file_sequence.expand_sequence
_other_scene = expanders._funcs_for_code[b"SC"]


def mend() -> None:
    """Have blender-asset-tracer find all that; once is enough, and more does no harm."""
    if file_sequence.expand_sequence is _sequence:
        return
    file_sequence.expand_sequence = _sequence
    file2blocks.BlockIterator._visit_linked_blocks = _linked  # type: ignore[method-assign]
    holders = {"SC": _strips, "MC": _clip, "CF": _cache} | dict.fromkeys(_WITH_NODES, _nodes)
    for code, uses in holders.items():
        blocks2assets.dna_code(code)(uses)
    modifier_walkers.mod_handler(_SOFT_BODY)(_soft_body)
    expanders.dna_code("SC")(_scene)
    for code in ("MA", "WO", "LA", "TE"):
        known = expanders._funcs_for_code.get(code.encode())
        if known is not None:
            expanders.dna_code(code)(_with_nodes(known))
