"""A zip that means harm, or is damaged, is refused in plain words and writes nothing anywhere."""

from __future__ import annotations

import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from blendtui.errors import Failure
from blendtui.intake.archive import unpack
from blendtui.settings import Limits
from blendtui.wording import explain
from tests.support.deeds import only_within
from tests.support.zips import (
    ENCRYPTED,
    LINK,
    STORED,
    Entry,
    check_harmless,
    endless,
    listing,
    write_zip,
    zip_bytes,
)

LIMITS = Limits(files=50, size=40 * 2**20, ratio=200)
AGAIN = "Zip the project folder again"
OUTSIDE = "points outside the project's folder."
MIB = bytes(2**20)


def _refused(tmp_path: Path, data: bytes, name: str = "shot.zip") -> tuple[str, str]:
    """Drop bytes in a folder with other things; give the reason and cure, both for a person."""
    share = tmp_path / "share"
    share.mkdir()
    (share / "other.txt").write_bytes(b"not yours")
    drop = share / name
    drop.write_bytes(data)
    before = listing(tmp_path)
    with only_within(tmp_path), pytest.raises(Failure) as caught:
        unpack(drop, tmp_path / "project", LIMITS)
    assert listing(tmp_path) == before
    words = explain(caught.value.fault)
    check_harmless(words.what)
    return words.what, words.cure


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("../x.png", f"“../x.png” in the zip {OUTSIDE}"),
        ("tex/../../x.png", OUTSIDE),
        ("tex/..", OUTSIDE),
        ("..\\x.png", OUTSIDE),
        ("tex\\..\\..\\x.png", OUTSIDE),
        ("__MACOSX/../../x.png", OUTSIDE),
        ("../", OUTSIDE),
        ("/etc/cron.d/x", "points to the root of the disk."),
        ("/", "points to the root of the disk."),
        ("C:\\Windows\\x.png", "points to a drive of its own."),
        ("c:x.png", "points to a drive of its own."),
        ("\\\\server\\share\\x.png", "points to another computer."),
        ("//server/share/x.png", "points to another computer."),
        ("\\\\.\\PhysicalDrive0", "points to another computer."),
        ("", "“” in the zip has no name."),
        ("./", "has no name."),
        ("n" * 256, "has a name longer than 255 bytes."),
        ("folder/" * 150 + "x", "is longer than 900 bytes."),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, name: str, what: str) -> None:
    told, cure = _refused(tmp_path, zip_bytes("a.blend", name))
    assert told.endswith(what)
    assert cure == "Zip the project folder again without such paths and drop it again."


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("CON", "has the name of a device of Windows."),
        ("tex/nul.png", "has the name of a device of Windows."),
        ("COM1.exr", "has the name of a device of Windows."),
        ("aux/x.png", "has the name of a device of Windows."),
        ("LPT¹.png", "has the name of a device of Windows."),
        ("a?.png", "has a character that Windows cannot store (?)."),
        ("tex/a:stream.png", "has a character that Windows cannot store (:)."),
        ("a|b.png", "has a character that Windows cannot store (|)."),
        ("wood.png.", "ends with a dot or a space, which Windows drops."),
        ("wood /x.png", "ends with a dot or a space, which Windows drops."),
        ("a\nb.png", "“a\\nb.png” in the zip has a control character in its name."),
        ("a\x1b]0;x\x07.png", "has a control character in its name."),
        ("a.png\x00.exe", "“a.png\\x00.exe” in the zip has a control character in its name."),
        (b"a\x7f.png", "has a control character in its name."),
    ],
)
def test_a_name_that_some_system_cannot_store_is_refused(
    tmp_path: Path, name: str | bytes, what: str
) -> None:
    told, cure = _refused(tmp_path, zip_bytes("a.blend", Entry(name)))
    assert told.endswith(what)
    assert cure.startswith("Rename it, also in the .blend if it is used there")


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["tex/a.png", "tex/A.png"], "differ only in upper and lower case"),
        (["Tex/a.png", "tex/b.png"], "differ only in upper and lower case"),
        (["café.png", "cafe\u0301.png"], "in how accents are stored"),
        (["straße.png", "STRASSE.png"], "differ only in upper and lower case"),
        (["b.png", "b.png"], "“b.png” and “b.png” in the zip are two files of the same name."),
        (["b.png", "./b.png"], "are two files of the same name."),
        (["tex/b.png", "tex\\b.png"], "are two files of the same name."),
        (["tex", "tex/b.png"], "are a file and a folder of the same name."),
        (["tex/b.png", "tex"], "are a file and a folder of the same name."),
        (["tex/", "TEX"], "are a file and a folder of the same name."),
    ],
)
def test_names_that_would_be_one_file_are_refused(
    tmp_path: Path, names: list[str], what: str
) -> None:
    told, cure = _refused(tmp_path, zip_bytes("a.blend", *names))
    assert what in told
    assert cure.startswith("Rename or remove one of them")


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        (LINK, "“x.png” is a link, not a file."),
        (stat.S_IFIFO | 0o666, "“x.png” is a pipe, not a file."),
        (stat.S_IFCHR | 0o666, "“x.png” is a device, not a file."),
        (stat.S_IFBLK | 0o666, "“x.png” is a device, not a file."),
        (stat.S_IFSOCK | 0o666, "“x.png” is a socket, not a file."),
        (0o170000, "“x.png” is something unknown, not a file."),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, mode: int, what: str) -> None:
    data = zip_bytes("a.blend", Entry("x.png", b"/etc/passwd", mode=mode))
    told, cure = _refused(tmp_path, data)
    assert told == what
    assert cure.startswith("Put the file itself in its place")


def test_a_link_that_a_later_file_goes_through_is_refused(tmp_path: Path) -> None:
    link = Entry("tex", b"/tmp", mode=LINK)
    told, _ = _refused(tmp_path, zip_bytes("a.blend", link, "tex/x.png"))
    assert told == "“tex” is a link, not a file."


BLEND = Entry("a.blend", b"BLENDER" * 100)
GOOD = zip_bytes(BLEND, "b.png")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "it is empty."),
        (b"Rar!\x1a\x07\x00" + b"x" * 100, "it is not a zip file."),
        (b"PK", "it is not a zip file."),
        (GOOD[:-1], "it is cut short or damaged."),
        (GOOD[: len(GOOD) // 2], "it is cut short or damaged."),
        (GOOD[:30], "it is cut short or damaged."),
        (GOOD[20:], "“a.blend” overlaps another file in it."),
        (b"\x00" * 30 + GOOD[30:], "“a.blend” is damaged."),
        (GOOD.replace(b"PK\x01\x02", b"PK\x01\x03"), "it is cut short or damaged."),
        (zip_bytes(Entry("a.blend", crc=7)), "“a.blend” is damaged."),
        (zip_bytes(Entry("a.blend", size=1000)), "“a.blend” has not the size that the zip says."),
        (zip_bytes(Entry("a.blend", b"x" * 90, size=5)), "“a.blend” is damaged."),
        (zip_bytes(Entry("a.blend", b"xyz", STORED, size=90)), "“a.blend” has not the size"),
        (zip_bytes(Entry("a.blend", b"xyz", STORED, packed_size=900)), "“a.blend” is cut short"),
        (zip_bytes(Entry("a.blend", packed=b"\xff\xff\xff")), "“a.blend” is damaged."),
        (zip_bytes(Entry("a.blend", packed=b"")), "“a.blend” is damaged."),
        (zip_bytes(BLEND, Entry("b.png", header_at=0)), "“b.png” overlaps another file in it."),
        (zip_bytes(BLEND, Entry("b.png", header_at=9)), "“b.png” overlaps another file in it."),
        (zip_bytes(Entry("a.blend", header_at=2**31)), "“a.blend” is damaged."),
        (zip_bytes(Entry("a.blend", header_name="../x")), "“a.blend” is damaged."),
        (
            zip_bytes(Entry("a.blend", header_extra=b"\0" * 99), Entry("b.png", header_at=37)),
            "“b.png” overlaps another file in it.",
        ),
        (zip_bytes(Entry("a.blend", extra=b"\x01\x00\xff\xff")), "it is cut short or damaged."),
        (zip_bytes(Entry(b"\xff\xfe.blend", flags=0x800)), "it is cut short or damaged."),
        (zip_bytes(Entry("a.blend", flags=0x20)), "“a.blend” is damaged."),
    ],
)
def test_a_damaged_zip_is_refused(tmp_path: Path, data: bytes, what: str) -> None:
    told, cure = _refused(tmp_path, data)
    assert told.startswith("shot.zip cannot be unpacked: ")
    assert what in told
    assert cure.startswith(AGAIN)
    assert "check that the copy is complete" in cure


@pytest.mark.parametrize("flags", [ENCRYPTED, ENCRYPTED | 0x40, 0x2000])
def test_an_encrypted_file_is_refused(tmp_path: Path, flags: int) -> None:
    told, cure = _refused(tmp_path, zip_bytes("a.blend", Entry("b.png", flags=flags)))
    assert told == "“b.png” in the zip is encrypted."
    assert cure == "Zip the project folder again without a password and drop it again."


@pytest.mark.parametrize(
    ("method", "shown"),
    [(9, "Deflate64"), (12, "BZip2"), (14, "LZMA"), (93, "Zstandard"), (1, "method 1")],
)
def test_a_method_that_cannot_be_read_is_refused(tmp_path: Path, method: int, shown: str) -> None:
    told, cure = _refused(tmp_path, zip_bytes("a.blend", Entry("b.png", method=method)))
    assert told == f"“b.png” in the zip is compressed with {shown}, which cannot be read here."
    assert "with the usual method, Deflate" in cure


@pytest.mark.parametrize(
    ("entries", "what", "cure"),
    [
        ([Entry("b.exr", MIB * 30)], "“b.exr” unpacks to more than 200 times", "`ratio`"),
        (
            [Entry(f"{number}.exr", MIB * 10) for number in range(3)],
            "“shot.zip” unpacks to more than 200 times its packed size, as zip bombs do.",
            "`ratio` under [share.limits]",
        ),
        (
            [Entry(f"{number}.exr", MIB * 10) for number in range(4)],
            "shot.zip comes to 41,943,041 B unpacked, more than the limit of 41,943,040 B.",
            "raise `size` under [share.limits] in devices.toml",
        ),
        (
            [Entry("b.exr", b"x", size=2**40, packed_size=1, zip64=True)],
            "“b.exr” unpacks to more than 200 times",
            "`ratio`",
        ),
        (
            [Entry("b.exr", b"x", size=2**40, packed_size=2**39, zip64=True)],
            "shot.zip comes to 1.0 TiB unpacked",
            "`size`",
        ),
        (
            [f"{number}.png" for number in range(50)],
            "shot.zip holds more than 50 files.",
            "`files`",
        ),
        ([f"{n}/" for n in range(1100)], "shot.zip holds more than 1050 folders.", "`files`"),
    ],
)
def test_what_is_too_much_is_refused(
    tmp_path: Path, entries: list[Entry | str], what: str, cure: str
) -> None:
    told = _refused(tmp_path, zip_bytes("a.blend", *entries))
    assert what in told[0]
    assert cure in told[1]


def test_a_directory_without_end_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    data = endless(66_000)
    tracemalloc.start()
    told, _ = _refused(tmp_path, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told == "shot.zip holds more than 4150 entries."
    assert peak < 40 * 2**20


@pytest.mark.parametrize(
    ("entries", "what", "cure"),
    [
        (["b.png"], "shot.zip holds no .blend file.", "Zip the folder that has the .blend"),
        ([], "shot.zip holds no .blend file.", "Zip the folder that has the .blend"),
        (["a.blend1"], "shot.zip holds no .blend file.", "Zip the folder that has the .blend"),
        (["r/r.zip"], "shot.zip holds no .blend file.", "Zip the folder that has the .blend"),
        (
            ["s/b.blend", "s/a.blend"],
            "shot.zip holds several .blend files: s/a.blend, s/b.blend.",
            'such as: blend = "a.blend". Zip the folder again',
        ),
        (
            [f"{letter}/x.blend" for letter in "abcdefghijklmno"],
            "j/x.blend, k/x.blend, l/x.blend and 3 more.",
            'blend = "a/x.blend"',
        ),
        (
            ["a.blend", Entry("job.toml", b'blend = "c.blend"')],
            "job.toml names “c.blend”, which is not in shot.zip. The .blend files there: a.blend.",
            "Correct `blend` in job.toml",
        ),
        (
            ["a.png", Entry("job.toml", b'blend = "../a.blend"')],
            "job.toml names “../a.blend”, which is not in shot.zip. The .blend files there: none.",
            "Correct `blend` in job.toml",
        ),
        (
            ["a.blend", Entry("job.toml", b"frame = 1")],
            "job.toml, line 1: “frame” is not a known name.",
            "Expected: “frames”",
        ),
        (
            ["a.blend", Entry("job.toml", b"#" * 2**20)],
            "job.toml: it is larger than 64 KiB.",
            "Correct job.toml",
        ),
        (
            ["a.blend", "job.toml", Entry("JOB.TOML", b"")],
            "differ only in upper and lower case",
            "Rename or remove one of them",
        ),
    ],
)
def test_a_zip_from_which_no_job_can_be_made_is_refused(
    tmp_path: Path, entries: list[Entry | str], what: str, cure: str
) -> None:
    told = _refused(tmp_path, zip_bytes(*entries))
    assert what in told[0]
    assert cure in told[1]


def test_a_bare_blend_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    told, _ = _refused(tmp_path, bytes(41 * 2**20), "shot.blend")
    assert told == "shot.blend comes to 41.0 MiB unpacked, more than the limit of 40.0 MiB."


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a?.blend", "“a?.blend” has a character that Windows cannot store (?)."),
        ("con.blend", "“con.blend” has the name of a device of Windows."),
        ("a\x1b.blend", "“a\\x1b.blend” has a control character in its name."),
        ("..\\x.blend", "“..\\x.blend” points outside the project's folder."),
    ],
)
def test_a_bare_blend_with_a_name_that_cannot_stand_everywhere_is_refused(
    tmp_path: Path, name: str, what: str
) -> None:
    assert _refused(tmp_path, b"BLENDER", name) == (what, "Rename it and drop it again.")


@pytest.mark.parametrize("name", ["shot.zip", "shot.blend"])
def test_a_drop_that_is_a_link_or_a_pipe_or_a_folder_is_not_followed(
    tmp_path: Path, name: str
) -> None:
    secret = write_zip(tmp_path / "secret", "a.blend")
    drop = tmp_path / name
    for what in ("a link", "a folder", "a pipe"):
        if what == "a link":
            drop.symlink_to(secret)
        elif what == "a folder":
            drop.mkdir()
        else:
            os.mkfifo(drop)
        with pytest.raises(Failure) as caught:
            unpack(drop, tmp_path / "project", LIMITS)
        assert explain(caught.value.fault).what == f"“{name}” is {what}, not a file."
        drop.rmdir() if what == "a folder" else drop.unlink()
    assert list(listing(tmp_path)) == ["secret"]


def test_a_drop_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        unpack(tmp_path / "shot.zip", tmp_path / "project", LIMITS)
    told = explain(caught.value.fault).what
    assert told == "shot.zip cannot be unpacked: no such file or directory."
