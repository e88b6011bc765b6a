"""A .blend's facts without Blender are those that Blender itself tells, and no file is trusted."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import shutil
import struct
import tracemalloc
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from blender_asset_tracer import blendfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.farm.project import BlendFacts, Project, ProjectFile
from blendtui.intake import blend_reader, externals, scene
from blendtui.intake.scene import read_facts
from blendtui.wording import explain
from tests.support.deeds import LOOKED, heard
from tests.support.examples import times
from tests.support.scenes import blender, needs_blender

pytestmark = needs_blender

SCRIPT = Path(__file__).parents[1] / "support" / "make_blends.py"
FORMATS = [
    "BMP", "IRIS", "PNG", "JPEG", "JPEG2000", "TARGA", "TARGA_RAW", "CINEON", "DPX",
    "OPEN_EXR_MULTILAYER", "OPEN_EXR", "HDR", "TIFF", "WEBP", "AVI_JPEG", "AVI_RAW", "FFMPEG",
]  # fmt: skip
SAID_ALIKE = [
    "plain.blend", "packed.blend", "no_camera.blend", "two_scenes.blend", "sequencer.blend",
    "sequencer_off.blend", "sound_only.blend", "shots/files.blend", "main/links.blend",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of .blend files; facts.json there holds what Blender says of each."""
    folder = tmp_path_factory.mktemp("blends")
    (folder / "files").mkdir()
    with wave.open(str(folder / "files" / "beep.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))
    Image.new("RGB", (4, 4)).save(folder / "files" / "kept.png")
    blender("-P", str(SCRIPT), "--", str(folder))
    return folder


def project(blend: str, *files: str) -> Project:
    return Project(blend, tuple(ProjectFile(file, "0" * 64, 1) for file in (blend, *files)))


def read(root: Path, blend: str, *files: str, limit: int = 1 << 30) -> BlendFacts:
    return read_facts(root, project(blend, *files), limit)


def reason(root: Path, blend: str, limit: int = 1 << 30) -> str:
    with pytest.raises(Failure) as caught:
        read(root, blend, limit=limit)
    assert caught.value.fault.kind is FaultKind.BLEND_UNREADABLE
    assert caught.value.fault.fact("path") == blend
    return str(explain(caught.value.fault))


@pytest.mark.parametrize("name", SAID_ALIKE + [f"format_{item}.blend" for item in FORMATS])
def test_the_facts_are_those_that_blender_tells(made: Path, name: str) -> None:
    said = json.loads((made / "facts.json").read_text("utf-8"))[name]
    facts = read(made, name)
    ours = json.loads(json.dumps([dataclasses.asdict(scene) for scene in facts.scenes]))
    by_name = {scene["name"]: scene for scene in said["scenes"]}
    assert {scene["name"]: scene for scene in ours} == by_name
    assert list(facts.version) == said["version"]
    assert facts.active == said["active"]


def test_every_format_of_this_blender_was_looked_at(made: Path) -> None:
    said = json.loads((made / "facts.json").read_text("utf-8"))
    assert {name[7:-6] for name in said if name.startswith("format_")} == set(FORMATS)


def test_a_camera_that_only_a_marker_sets_counts(made: Path) -> None:
    scene = read(made, "marker.blend").scene()
    assert scene is not None
    assert scene.camera == "Kamera"


def test_files_are_told_as_written_and_missing_where_the_project_has_none(made: Path) -> None:
    facts = read(
        made,
        "shots/files.blend",
        "shots/tex/here.png",
        "shots/tex/back.png",
        "side/up.png",
        "shots/tex/tile.1002.png",
        "shots/seq/im_0044.png",
        "shots/seq/no_way.png",
    )
    assert facts.missing == (
        "../../etc/passwd",
        "/abs/elsewhere.png",
        "C:/abs/drive.png",
        "TEX/here.png",
        "seq/no_0001.png",
        "server/share/unc.png",
        "tex/gone.png",
        "tex/none.<UDIM>.png",
    )
    assert set(facts.external) - set(facts.missing) == {
        "../side/up.png",
        "seq/im_0001.png",
        "tex/back.png",
        "tex/here.png",
        "tex/tile.<UDIM>.png",
    }


def test_a_linked_library_in_the_project_is_followed_for_what_is_used_of_it(made: Path) -> None:
    facts = read(made, "main/links.blend", "lib/asset.blend")
    assert facts.external == ("../lib/asset.blend", "../lib/tex/leaf.png")
    assert facts.missing == ("../lib/tex/leaf.png",)


def test_a_library_that_the_project_does_not_hold_is_missing_and_not_opened(made: Path) -> None:
    assert read(made, "main/links.blend").missing == ("../lib/asset.blend",)


def test_a_library_that_is_no_blend_is_no_failure(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "main", tmp_path / "main")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "asset.blend").write_bytes(b"not a blend")
    assert read(tmp_path, "main/links.blend", "lib/asset.blend").missing == ()


# Nothing outside is touched


def opened(made: Path, blend: str, *files: str) -> set[str]:
    """Read a .blend; gives the paths that were touched for it, and holds that none was changed."""
    with heard() as deeds:
        read(made, blend, *files)
    assert {deed.event for deed in deeds} <= {"open", *LOOKED}
    return {deed.path for deed in deeds}


def test_only_the_project_s_own_blends_are_opened(made: Path) -> None:
    read(made, "plain.blend")
    own = opened(made, "shots/files.blend", "shots/tex/here.png", "etc/passwd")
    assert own == {str(made / "shots" / "files.blend")}
    linked = opened(made, "main/links.blend", "lib/asset.blend")
    assert linked == {str(made / name) for name in ("main/links.blend", "lib/asset.blend")}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
def test_a_pipe_or_a_link_in_place_of_a_blend_is_not_opened(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "main", tmp_path / "main")
    (tmp_path / "lib").mkdir()
    os.mkfifo(tmp_path / "lib" / "asset.blend")
    assert read(tmp_path, "main/links.blend", "lib/asset.blend").missing == ()
    assert "not a file" in reason(tmp_path, "lib/asset.blend")
    (tmp_path / "link.blend").symlink_to(made / "plain.blend")
    assert "not a file" in reason(tmp_path, "link.blend")


# What can't be read says why


def test_each_kind_of_unreadable_file_has_its_reason(made: Path, tmp_path: Path) -> None:
    plain = (made / "plain.blend").read_bytes()
    zeros = zstandard.ZstdCompressor().compress(b"BLENDER-v304" + bytes(5_000_000))
    cases = {
        "text.blend": (b"this is not a blend file", "it is not a .blend file"),
        "empty.blend": (b"", "it is not a .blend file"),
        "head.blend": (plain[:9], "it is damaged"),
        "cut.blend": (plain[:-24], "it ends too early"),
        "half.blend": (plain[: len(plain) // 2], "it ends too early"),
        "gzip.blend": (gzip.compress(plain)[:-2000], "it ends too early"),
        "zstd.blend": ((made / "packed.blend").read_bytes()[:-30_000], "it ends too early"),
        "noise.blend": (b"\x28\xb5\x2f\xfd" + bytes(range(200)), "it is damaged"),
        "other.blend": (gzip.compress(b"something else"), "it is not a .blend file"),
        "bomb.blend": (zeros, "it unpacks to more than 976.6 KiB"),
        "zeros.blend": (zeros, "it is damaged"),
        "back.blend": (plain[:16] + struct.pack("<i", -24) + plain[20:], "it is damaged"),
    }
    for name, (content, expected) in cases.items():
        (tmp_path / name).write_bytes(content)
        limit = 1_000_000 if name == "bomb.blend" else 1 << 30
        assert f"“{name}” cannot be read: {expected}" in reason(tmp_path, name, limit)
    assert "no such file" in reason(tmp_path, "sub/gone.blend")


def test_a_gzipped_file_reads_like_a_plain_one(made: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.blend").write_bytes(gzip.compress((made / "plain.blend").read_bytes()))
    assert read(tmp_path, "plain.blend") == read(made, "plain.blend")


def altered(source: Path, target: Path, change: Callable[[Any], None]) -> None:
    shutil.copyfile(source, target)
    blend = blendfile.BlendFile(target, "rb+")
    change(blend)
    blend.close()


def test_a_reversed_range_is_read_as_it_is(made: Path, tmp_path: Path) -> None:
    def reverse(blend: Any) -> None:
        blend.find_blocks_from_code(b"SC")[0].set((b"r", b"efra"), 1)

    altered(made / "plain.blend", tmp_path / "reversed.blend", reverse)
    scene = read(tmp_path, "reversed.blend").scene()
    assert scene is not None
    assert (scene.frame_start, scene.frame_end) == (3, 1)


def test_an_unknown_format_is_empty(made: Path, tmp_path: Path) -> None:
    def change(blend: Any) -> None:
        blend.find_blocks_from_code(b"SC")[0].set((b"r", b"im_format", b"imtype"), 99)

    altered(made / "plain.blend", tmp_path / "format.blend", change)
    scene = read(tmp_path, "format.blend").scene()
    assert scene is not None
    assert scene.file_format == ""


def endless(source: Path, target: Path, code: bytes, first: tuple[bytes, ...]) -> None:
    """Copy a .blend with the first item of a list made its own successor."""
    content = bytearray(source.read_bytes())
    blend = blendfile.BlendFile(source)
    found = [block.get_pointer(first) for block in blend.find_blocks_from_code(code)]
    item: Any = next(item for item in found if item is not None)
    blend.close()
    # `next` is the first thing in every item of a list.
    content[item.file_offset : item.file_offset + 8] = struct.pack("<Q", item.addr_old)
    target.write_bytes(content)


def test_a_scene_with_a_list_that_never_ends_is_refused(made: Path, tmp_path: Path) -> None:
    endless(made / "marker.blend", tmp_path / "endless.blend", b"SC", (b"markers", b"first"))
    assert "it is damaged" in reason(tmp_path, "endless.blend")


def test_a_list_that_never_ends_elsewhere_only_costs_the_files(made: Path, tmp_path: Path) -> None:
    source = made / "lib" / "asset.blend"
    endless(source, tmp_path / "endless.blend", b"OB", (b"modifiers", b"first"))
    assert read(tmp_path, "endless.blend").scenes == read(made, "lib/asset.blend").scenes


@pytest.fixture(scope="module")
def places(made: Path) -> list[range]:
    """Where a changed byte matters: types, scene, the global block, lists, headers."""
    blend = blendfile.BlendFile(made / "sequencer.blend")
    found = [
        range(block.file_offset - 24, block.file_offset + block.size)
        for block in blend.blocks
        if block.code in (b"DNA1", b"SC", b"GLOB") or block.size < 400
    ]
    blend.close()
    return found


@settings(deadline=None, max_examples=times(80))
@given(data=st.data())
def test_a_mutated_file_is_read_or_refused(
    made: Path, places: list[range], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray((made / "sequencer.blend").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.sampled_from(places).flatmap(st.sampled_from))
        content[place] = data.draw(st.sampled_from([0, 1, 0x5B, 0x5D, 0x7F, 0x80, 0xFF]))
    _hold(tmp_path_factory.getbasetemp(), bytes(content))


@settings(deadline=None, max_examples=times(60))
@given(data=st.data(), name=st.sampled_from(["plain.blend", "packed.blend"]))
def test_a_file_cut_anywhere_is_refused(
    made: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, name: str
) -> None:
    content = (made / name).read_bytes()
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    facts = _hold(tmp_path_factory.getbasetemp(), cut)
    # What is packed may only lack the table at its end, which nobody needs for reading.
    assert facts is None or (name == "packed.blend" and facts == read(made, name))


def _hold(folder: Path, content: bytes) -> BlendFacts | None:
    (folder / "mutated.blend").write_bytes(content)
    try:
        return read(folder, "mutated.blend")
    except Failure as failure:
        assert failure.fault.kind is FaultKind.BLEND_UNREADABLE
        return None


@pytest.mark.parametrize(
    "head",
    [b"BLENDER-v999", b"BLENDER-v000", b"BLENDER-v\xff\xff\xff", b"BLENDER-V304", b"BLENDER_v304",
     b"BLENDER17-01v0500", b"BLENDER17-99v9999", b"BLENDER99-01v0500", b"blender-v304"],
)  # fmt: skip
def test_a_head_of_another_version_is_read_or_refused(
    made: Path, tmp_path: Path, head: bytes
) -> None:
    _hold(tmp_path, head + (made / "plain.blend").read_bytes()[len(head) :])


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("fill", [b"\0", b"DATA", b"ENDB\0", b"\xff"])
def test_a_bomb_of_any_kind_is_refused_in_bounded_memory(
    tmp_path: Path, pack: Callable[[bytes], bytes], fill: bytes
) -> None:
    bomb = pack(b"BLENDER-v304" + fill * (120_000_000 // len(fill)))
    (tmp_path / "bomb.blend").write_bytes(bomb)
    tracemalloc.start()
    reason(tmp_path, "bomb.blend", 110_000_000)
    (tmp_path / "bomb.blend").write_bytes(pack(bomb))
    reason(tmp_path, "bomb.blend", 110_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80_000_000


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_what_packs_beyond_belief_is_refused_as_a_bomb(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "bomb.blend").write_bytes(pack(b"BLENDER-v304" + bytes(40_000_000)))
    with pytest.raises(Failure) as caught:
        read_facts(tmp_path, project("bomb.blend"), ratio=200)
    told = explain(caught.value.fault)
    assert told.what.startswith("“bomb.blend” unpacks to more than 200 times its packed size")
    assert "`ratio` under [share.limits]" in told.cure


def test_a_small_one_may_pack_as_well_as_it_likes(made: Path) -> None:
    whole = project("packed.blend")
    assert read_facts(made, whole, ratio=1) == read_facts(made, whole)


def test_a_disk_that_is_full_here_is_told_as_ours(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's limit on a file's size stands for a disk that fills up."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(blend_reader, "_IN_MEMORY", 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(Failure) as caught:
            read(made, "packed.blend")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.fault.kind is FaultKind.ARCHIVE_WRITE


def test_a_path_of_nothing_but_wildcards_is_compared_in_no_time(made: Path) -> None:
    """Compared as a plain regular expression, this one would take longer than the world is old."""
    facts = read(made, "wild.blend", f"tex/{'a' * 250}.png")
    assert len(facts.external) == 1
    assert facts.missing == facts.external


def test_more_scenes_than_anybody_makes_are_refused(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene, "MOST_SCENES", 1)
    assert "it has more than 1 scenes" in reason(made, "two_scenes.blend")


def test_more_files_than_anybody_uses_are_not_remembered(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(externals, "MOST_FILES", 3)
    assert len(read(made, "shots/files.blend").external) == 3


def test_comparing_comes_to_an_end(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(externals, "MOST_COMPARED", -1)
    held = "shots/tex/tile.1002.png"
    assert "tex/tile.<UDIM>.png" in read(made, "shots/files.blend", held).missing


def test_more_blocks_than_anybody_has_are_refused(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blend_reader, "MOST_BLOCKS", 100)
    assert "it has more than 100 blocks" in reason(made, "plain.blend")
