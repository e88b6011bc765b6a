"""Further kinds of hostile zips: self-holding, nested, many, oddly named, oddly laid out."""

from __future__ import annotations

import struct
import tracemalloc
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest

from blendtui.errors import Failure
from blendtui.intake.archive import Unpacked, unpack
from blendtui.settings import Limits
from blendtui.wording import explain
from tests.support.deeds import only_within
from tests.support.quine import zip_quine
from tests.support.zips import (
    LINK,
    STORED,
    Entry,
    check_harmless,
    endless,
    listing,
    zip_bytes,
)

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
    found: Unpacked | Failure
    try:
        with only_within(tmp_path / "project"):
            found = unpack(drop, tmp_path / "project", LIMITS)
    except Failure as failure:
        found = failure
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < PEAK
    if isinstance(found, Failure):
        told = explain(found.fault).what
        check_harmless(told)
        assert listing(tmp_path) == before
        return told
    made = {path for path in listing(tmp_path) if path not in before and path != "project"}
    files = sorted(file.path for file in found.project.files)
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


WIDE = ["\uff0e\uff0e\uff0fb", "\u2025/b", "..\u2215b"]
"""Two dots and a stroke of other widths, which no system takes for those of a path."""

BEHIND = zip_bytes("a.blend", "b.png")
LARGE = b"\x00" * 100_000


def other_name(raw: bytes, told: bytes) -> Entry:
    """Make a file that has another name in Info-ZIP's extra field, made for the first one."""
    value = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + told
    return Entry(raw, extra=struct.pack("<HH", 0x7075, len(value)) + value)


def pkware_link(target: bytes) -> bytes:
    """Make the extra field in which PKZIP for Unix notes where a link leads."""
    return struct.pack("<HHIIHH", 0x000D, 12 + len(target), 0, 0, 0, 0) + target


def uncounted(count: int) -> bytes:
    """Make a zip with so many entries whose end has room for 16 bits of the number."""
    data = endless(count)
    end = data[-22:-14] + struct.pack("<HH", count % 2**16, count % 2**16) + data[-10:]
    return data[: -22 - 20 - 56] + end


REFUSED: dict[str, bytes] = {
    "quine": zip_quine(),
    "quine-that-calls-itself-a-blend-twice": zip_quine("a.blen") + zip_quine("b.blen"),
    "bomb-of-layers-alone": nested(3, 10),
    "bomb-in-one-block": zip_bytes("a.blend", Entry("b", MIB * 39)),
    "bomb-that-says-it-is-small": zip_bytes("a.blend", Entry("b", MIB * 30, size=100)),
    "bomb-of-overlapping-files": zip_bytes(
        Entry("a.blend", MIB), *[Entry(f"{n}", MIB, packed=b"", header_at=0) for n in range(40)]
    ),
    "65536-entries": endless(65_536),
    "65535-entries": endless(65_535),
    "65536-entries-counted-as-none": uncounted(65_536),
    "directory-of-a-million": endless(1_000_000),
    "65536-empty-names": endless(65_536, Entry("")),
    "65536-folders": endless(65_536, Entry("a/", b"", STORED)),
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
    "traversal-in-the-other-name": zip_bytes("a.blend", other_name(b"b", b"../b")),
    "traversal-in-a-folder": zip_bytes("a.blend", Entry("a/../../b/", b"", STORED)),
    "traversal-by-two-marks": zip_bytes("a.blend", "..\\/..\\/b"),
    "absolute-in-the-other-name": zip_bytes("a.blend", other_name(b"b", b"/etc/cron.d/b")),
    "link-of-the-whole-disk": zip_bytes("a.blend", Entry("b", b"/", mode=LINK)),
    "link-then-through-it": zip_bytes("a.blend", Entry("b", b"..", mode=LINK), "b/c"),
    "link-that-says-it-is-a-folder": zip_bytes("a.blend", Entry("b/", b"/etc", mode=LINK)),
    "wrong-checksum": zip_bytes("a.blend", Entry("b", b"b" * 99, crc=0)),
    "wrong-size-by-one": zip_bytes("a.blend", Entry("b", b"b" * 99, size=98)),
    "wrong-size-beyond-belief": zip_bytes("a.blend", Entry("b", size=2**63, zip64=True)),
    "wrong-packed-size": zip_bytes("a.blend", Entry("b", b"b" * 99, packed_size=2)),
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
    "end-of-zip64-missing": endless(65_535)[-42:],
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
    "a-program-in-front": (
        zip_bytes("a.blend", front=b"\x7fELF" + bytes(range(256)) * 40),
        ["a.blend"],
    ),
    "traversal-in-percents": (
        zip_bytes("a.blend", "%2e%2e%2fb", "..%5cb"),
        ["%2e%2e%2fb", "..%5cb", "a.blend"],
    ),
    "traversal-in-wide-letters": (
        zip_bytes("a.blend", *WIDE),
        sorted(["a.blend", *WIDE]),
    ),
    "traversal-for-a-shell": (zip_bytes("a.blend", "~/b", "$HOME"), ["$HOME", "a.blend", "~/b"]),
    "a-link-only-for-pkzip": (
        zip_bytes("a.blend", Entry("b", extra=pkware_link(b"/etc/passwd"))),
        ["a.blend", "b"],
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
