"""Further kinds of hostile zips: self-holding, nested, many, oddly named, oddly laid out."""

from __future__ import annotations

import resource
import struct
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from blendtui.errors import Failure
from blendtui.intake.archive import unpack
from blendtui.settings import Limits
from blendtui.wording import explain
from tests.support.quine import zip_quine
from tests.support.zips import STORED, Entry, check_harmless, listing, zip_bytes

LIMITS = Limits(files=50, size=40 * 2**20, ratio=200)
MIB = bytes(2**20)
PEAK = 24 * 2**20


def tried(tmp_path: Path, data: bytes) -> list[str] | str:
    """Unpack a zip: its files, or why it was refused. Nothing else may come to be."""
    (tmp_path / "other.txt").write_bytes(b"not yours")
    drop = tmp_path / "shot.zip"
    drop.write_bytes(data)
    before = listing(tmp_path)
    tracemalloc.start()
    try:
        unpacked = unpack(drop, tmp_path / "project", LIMITS)
    except Failure as failure:
        told = explain(failure.fault).what
        check_harmless(told)
        assert listing(tmp_path) == before
        return told
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < PEAK
    made = {path for path in listing(tmp_path) if path not in before and path != "project"}
    files = sorted(file.path for file in unpacked.project.files)
    folders = {path for path in made if (tmp_path / path).is_dir()}
    assert sorted(made - folders) == [f"project/{path}" for path in files]
    return files


def nested(depth: int, width: int) -> bytes:
    """A bomb in layers: each zip holds many of the next."""
    inner = zip_bytes(Entry("0", MIB * 4))
    for _ in range(depth):
        inner = zip_bytes(*[Entry(f"{number}.zip", inner) for number in range(width)])
    return inner


def test_a_zip_that_holds_itself_is_what_it_says(tmp_path: Path) -> None:
    data = zip_quine()
    (tmp_path / "quine").write_bytes(data)
    assert zipfile.ZipFile(tmp_path / "quine").read("me.zip") == data


BEHIND = zip_bytes("a.blend", "b.png")
LARGE = b"\x00" * 100_000

REFUSED: dict[str, bytes] = {
    "quine": zip_quine(),
    "quine-that-calls-itself-a-blend-twice": zip_quine("a.blen") + zip_quine("b.blen"),
    "bomb-of-layers-alone": nested(3, 10),
    "bomb-in-one-block": zip_bytes("a.blend", Entry("b", MIB * 39)),
    "bomb-that-says-it-is-small": zip_bytes("a.blend", Entry("b", MIB * 30, size=100)),
    "bomb-of-overlapping-files": zip_bytes(
        Entry("a.blend", MIB), *[Entry(f"{n}", MIB, packed=b"", header_at=0) for n in range(40)]
    ),
    "65536-entries": zip_bytes(*[Entry(f"{number}") for number in range(65_536)]),
    "65535-entries": zip_bytes(*[Entry(f"{number}") for number in range(65_535)]),
    "65536-empty-names": zip_bytes(*[Entry("") for _ in range(65_536)]),
    "65536-folders": zip_bytes(*[Entry(f"{number}/", b"", STORED) for number in range(65_536)]),
    "directory-at-the-wrong-place": BEHIND[:-6] + struct.pack("<I", 7) + BEHIND[-2:],
    "directory-beyond-the-end": BEHIND[:-6] + struct.pack("<I", 2**31) + BEHIND[-2:],
    "directory-too-long": BEHIND[:-10] + struct.pack("<I", 2**31) + BEHIND[-6:],
    "directory-of-another-zip": zip_bytes("a.blend")[:-22] + BEHIND[-22:],
    "utf8-that-is-none": zip_bytes("a.blend", Entry(b"\xc3\x28.png", flags=0x800)),
    "utf8-of-a-surrogate": zip_bytes("a.blend", Entry("\ud800.png")),
    "utf8-too-long-form": zip_bytes("a.blend", Entry(b"\xc0\xae\xc0\xae/x", flags=0x800)),
    "utf16-name": zip_bytes("a.blend", Entry("../x".encode("utf-16-le"), flags=0)),
    "nfc-and-nfd": zip_bytes("a.blend", "é.png", unicodedata.normalize("NFD", "é.png")),
    "nfd-folder": zip_bytes("a.blend", "é/a.png", "e\u0301/b.png"),
    "two-marks-in-another-order": zip_bytes("a.blend", "a\u0301\u0323.png", "a\u0323\u0301.png"),
    "ligature-by-case": zip_bytes("a.blend", "ﬀ.png", "FF.png"),
    "dotless-i": zip_bytes("a.blend", "İ.png", "i\u0307.png"),
    "line-separator": zip_bytes("a.blend", "a\u2028b.png"),
    "c1-control": zip_bytes("a.blend", "a\x9b2J.png"),
    "bell": zip_bytes("a.blend", "a\x07.png"),
    "escape-in-a-folder": zip_bytes("a.blend", "\x1b[2J/a.png"),
    "nul-in-a-folder": zip_bytes("a.blend", "a\0/../../b"),
    "newline": zip_bytes("a.blend", "a\n../b"),
    "traversal-by-backslash-and-slash": zip_bytes("a.blend", "a\\../..\\../b"),
    "traversal-through-itself": zip_bytes("a.blend", "a.blend/../../b"),
    "traversal-behind-dots": zip_bytes("a.blend", "./././../b"),
    "traversal-behind-slashes": zip_bytes("a.blend", "a////..//..///b"),
    "traversal-of-three-dots": zip_bytes("a.blend", "..."),
    "traversal-with-space": zip_bytes("a.blend", ".. /b"),
    "absolute-with-dots": zip_bytes("a.blend", "/../b"),
    "absolute-of-windows": zip_bytes("a.blend", "\\Windows\\b"),
    "unc-with-slashes": zip_bytes("a.blend", "//?/C:/b"),
    "unc-in-the-middle": zip_bytes("a.blend", "a/C:/b"),
    "stream-of-a-file": zip_bytes("a.blend", "a.blend:b"),
    "reserved-in-a-folder": zip_bytes("a.blend", "tex/CON/b"),
    "reserved-with-ending": zip_bytes("a.blend", "aux.tar.gz"),
    "reserved-with-space": zip_bytes("a.blend", "nul .png"),
    "reserved-console": zip_bytes("a.blend", "CONOUT$"),
    "name-of-300-bytes": zip_bytes("a.blend", "n" * 300),
    "path-of-60000-bytes": zip_bytes("a.blend", "a/" * 30_000 + "b"),
    "nothing-but-an-end": b"PK\x05\x06" + bytes(18),
    "ends-without-number": b"PK\x05\x06" * 1000,
    "zeros": LARGE,
    "only-the-mark": b"PK\x03\x04",
    "end-of-zip64-missing": zip_bytes(*map(str, range(65_535)))[-42:],
    "gzip": b"\x1f\x8b" + LARGE,
}

TAKEN: dict[str, tuple[bytes, list[str]]] = {
    "bomb-of-layers-beside-a-blend": (
        zip_bytes("a.blend", Entry("bomb.zip", nested(2, 10))),
        ["a.blend", "bomb.zip"],
    ),
    "quine-beside-a-blend": (
        zip_bytes("a.blend", Entry("me.zip", zip_quine())),
        ["a.blend", "me.zip"],
    ),
    "something-in-front": (
        zip_bytes("a.blend", front=b"#!/bin/sh\nrm -rf ~\n" * 99),
        ["a.blend"],
    ),
    "a-zip-in-front": (zip_bytes("a.blend", front=zip_bytes("../b")), ["a.blend"]),
    "name-of-dos": (zip_bytes("a.blend", Entry(b"\x81.png", flags=0)), ["a.blend", "ü.png"]),
    "name-of-japan": (
        zip_bytes("a.blend", Entry("絵.png".encode("shift-jis"), flags=0)),
        ["a.blend", "èG.png"],
    ),
    "count-is-wrong": (BEHIND[:-12] + struct.pack("<H", 9) + BEHIND[-10:], ["a.blend", "b.png"]),
    "on-another-disk": (
        BEHIND[:-18] + struct.pack("<HH", 7, 7) + BEHIND[-14:],
        ["a.blend", "b.png"],
    ),
    "direction-turned": (zip_bytes("a.blend", "gnp.\u202eexe"), ["a.blend", "gnp.\u202eexe"]),
    "no-width": (zip_bytes("a.blend", "a\u200b.png"), ["a.blend", "a\u200b.png"]),
    "comment-that-is-a-directory": (zip_bytes("b.png", comment=zip_bytes("a.blend")), ["a.blend"]),
    "leading-dashes": (zip_bytes("-rf.blend", "--help"), ["--help", "-rf.blend"]),
    "for-a-shell": (
        zip_bytes("$(touch x)`id`.blend", "a';reboot;'.png"),
        ["$(touch x)`id`.blend", "a';reboot;'.png"],
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused(tmp_path: Path, kind: str) -> None:
    assert isinstance(tried(tmp_path, REFUSED[kind]), str)


@pytest.mark.parametrize("kind", TAKEN)
def test_it_is_unpacked_and_nothing_in_it_is_opened(tmp_path: Path, kind: str) -> None:
    data, files = TAKEN[kind]
    assert tried(tmp_path, data) == files


@pytest.mark.parametrize("make", [lambda: nested(2, 40), lambda: zip_bytes(Entry("b", MIB * 39))])
def test_a_bomb_takes_no_memory(tmp_path: Path, make: Callable[[], bytes]) -> None:
    data = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tried(tmp_path, data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < PEAK // 1024
