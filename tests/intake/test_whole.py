"""A file's end is told from few bytes: for zips, and for .blend files packed in every way."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from blendtui.intake import whole as judging
from blendtui.intake.whole import is_whole
from tests.support.zips import endless


def block(code: bytes, data: bytes = b"") -> bytes:
    return code.ljust(4, b"\0") + len(data).to_bytes(4, "little") + bytes(16) + data


PLAIN = b"BLENDER-v304" + block(b"DATA", bytes(range(256)) * 600) + block(b"ENDB")
NEW = (
    b"BLENDER17-01v0500"
    + b"DATA" + bytes(12) + (3).to_bytes(8, "little") + bytes(8) + b"abc"
    + b"ENDB" + bytes(28)
)  # fmt: skip


def frames(data: bytes, size: int = 40_000, checksum: bool = False) -> bytes:
    packer = zstandard.ZstdCompressor(write_checksum=checksum)
    parts = [packer.compress(data[at : at + size]) for at in range(0, len(data), size)]
    return b"".join(parts)


TABLE = bytes.fromhex("5e2a4d18") + (9).to_bytes(4, "little") + bytes(5) + bytes.fromhex("b1ea928f")


def streamed(data: bytes) -> bytes:
    out = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(out, closefd=False) as writer:
        writer.write(data)
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("shot.blend", PLAIN)
        archive.writestr("a/b.png", b"x" * 2000)
    return out.getvalue()


WHOLE = {
    "zip": zipped(),
    "plain.blend": PLAIN,
    "new.blend": NEW,
    "gzip.blend": gzip.compress(PLAIN),
    "zstd.blend": frames(PLAIN) + TABLE,
    "checked.blend": frames(PLAIN, checksum=True),
    "streamed.blend": streamed(PLAIN),
    "same.blend": frames(b"BLENDER-v304" + bytes(300_000) + block(b"ENDB"), size=1_000_000),
}


def judge(folder: Path, name: str, data: bytes) -> bool:
    path = folder / ("x." + name.rsplit(".", 1)[-1])
    path.write_bytes(data)
    return is_whole(path)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_known(tmp_path: Path, name: str) -> None:
    assert judge(tmp_path, name, WHOLE[name])


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.data())
def test_a_file_cut_anywhere_is_known(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    whole = WHOLE[name]
    ends = {len(whole) - len(TABLE)} if whole.endswith(TABLE) else set()
    cut = data.draw(st.integers(0, len(whole) - 1).filter(lambda at: at not in ends))
    # Blender's frames can end at a cut by chance: then only the table that follows is missing.
    if name in ("zstd.blend", "checked.blend"):
        joints = {len(frames(PLAIN[: 40_000 * n], checksum="checked" in name)) for n in range(1, 5)}
        cut = cut - 1 if cut in joints else cut
    assert not judge(tmp_path_factory.getbasetemp(), name, whole[:cut])


@pytest.mark.parametrize("name", ["zip", "plain.blend", "new.blend", "gzip.blend", "zstd.blend"])
def test_a_file_that_got_its_full_size_first_is_not_whole_until_it_is_filled(
    tmp_path: Path, name: str
) -> None:
    whole = WHOLE[name]
    for cut in (0, 1, 5, len(whole) // 2, len(whole) - 40):
        assert not judge(tmp_path, name, whole[:cut] + bytes(len(whole) - cut))


def test_what_is_no_blend_is_not_waited_for(tmp_path: Path) -> None:
    assert judge(tmp_path, "text.blend", b"this is not a blend file")


def test_a_file_that_is_gone_is_not_whole(tmp_path: Path) -> None:
    assert not is_whole(tmp_path / "gone.blend")
    assert not is_whole(tmp_path / "gone.zip")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"PK\5\6"]))
def test_no_content_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    for name in ("a.zip", "a.blend"):
        judge(tmp_path_factory.getbasetemp(), name, head + data)


HEADS = {
    "zstd.blend": b"\x28\xb5\x2f\xfd",
    "skipped.blend": bytes.fromhex("502a4d1800000000"),
    "gzip.blend": b"\x1f\x8b",
    "named.blend": b"\x1f\x8b\x08\x08" + bytes(6) + b"shot",
    "plain.blend": b"BLENDER-v304",
    "new.blend": b"BLENDER17-01v0500",
    "shot.zip": b"PK\3\4",
}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count what is looked at in a zstd file; a walk without end fails the test by itself."""
    seen: list[int] = []
    exactly = judging._exactly

    def counted(file: io.FileIO, count: int) -> bytes:
        seen.append(count)
        assert len(seen) <= 3 * judging._MOST_STEPS, "this does not come to an end"
        return exactly(file, count)

    monkeypatch.setattr(judging, "_exactly", counted)
    return seen


@pytest.mark.parametrize("name", HEADS)
def test_a_few_bytes_that_claim_100_gib_are_not_whole_at_once(
    tmp_path: Path, looks: list[int], name: str
) -> None:
    drop = tmp_path / name
    drop.write_bytes(HEADS[name])
    os.truncate(drop, 100 << 30)
    assert not is_whole(drop)
    assert len(looks) < 10


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x28\xb5\x2f\xfd\0\0" + b"\x0a\0\0x" * 5000, id="blocks of one byte"),
        pytest.param(bytes.fromhex("502a4d1800000000") * 5000, id="frames to be skipped"),
        pytest.param(b"\x28\xb5\x2f\xfd\0\0\x01\0\0" * 5000, id="frames of nothing"),
    ],
)
def test_a_file_of_endless_small_pieces_is_left_to_its_reader(
    tmp_path: Path, looks: list[int], monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(judging, "_MOST_STEPS", 1000)
    assert judge(tmp_path, "x.blend", data)
    assert len(looks) <= 3000


def test_a_gzip_bomb_is_left_to_its_reader_and_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b"BLENDER-v304" + bytes(300 << 20))
    assert judge(tmp_path, "bomb.blend", bomb[:-1000])


def test_a_zip_with_a_directory_without_end_has_its_end_and_takes_no_memory(
    tmp_path: Path,
) -> None:
    drop = tmp_path / "shot.zip"
    drop.write_bytes(endless(400_000))
    tracemalloc.start()
    assert is_whole(drop)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * 2**20
