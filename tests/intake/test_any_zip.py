"""Whatever a zip is made of, it is unpacked within its folder or refused, never anything else."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.intake.archive import unpack
from blendtui.settings import Limits
from blendtui.wording import explain
from tests.support.deeds import only_within
from tests.support.examples import times
from tests.support.zips import STORED, Entry, check_harmless, listing, zip_bytes

LIMITS = Limits(files=50, size=40 * 2**20, ratio=200)


def _held(data: bytes) -> list[str] | None:
    """Unpack in a folder of its own; give the project's paths, None if refused; check both."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        drop = base / "shot.zip"
        drop.write_bytes(data)
        try:
            with only_within(base / "project"):
                unpacked = unpack(drop, base / "project", LIMITS)
        except Failure as failure:
            check_harmless(explain(failure.fault).what, dict(failure.fault.facts).values())
            assert list(listing(base)) == ["shot.zip"]
            return None
        paths = [file.path for file in unpacked.project.files]
        files = [path for path in base.rglob("*") if not path.is_dir() and path != drop]
        assert sorted(str(path.relative_to(base / "project")) for path in files) == sorted(paths)
        return paths


_PARTS = st.sampled_from(["a", "B", "..", ".", "", "é", "CON", "x:", "t ", "a.blend", "~"])
_NAMES = st.lists(_PARTS, max_size=4).flatmap(
    lambda parts: st.sampled_from(["/", "\\"]).map(lambda between: between.join(parts))
)


@given(st.lists(_NAMES | st.text(max_size=12), max_size=5), st.booleans())
@settings(max_examples=times(300), deadline=None)
def test_any_names_are_unpacked_within_the_folder_or_refused(
    names: list[str], with_blend: bool
) -> None:
    _held(zip_bytes(*names, *(["z.blend"] if with_blend else [])))


_PLAIN = st.text(alphabet="abcdef", min_size=1, max_size=3)
_TREES = st.recursive(
    st.binary(max_size=50), lambda inner: st.dictionaries(_PLAIN, inner, max_size=4), max_leaves=9
).filter(lambda tree: isinstance(tree, dict))


def _files(tree: object, path: str = "") -> dict[str, bytes]:
    if isinstance(tree, bytes):
        return {path[:-1]: tree}
    assert isinstance(tree, dict)
    parts = [_files(inner, f"{path}{name}/") for name, inner in tree.items()]
    return {key: value for part in parts for key, value in part.items()}


@given(_TREES)
@settings(deadline=None)
def test_any_tree_of_plain_names_comes_out_as_it_went_in(tree: object) -> None:
    files = {**_files(tree), "z.blend": b"BLENDER"}
    data = zip_bytes(*[Entry(path, content) for path, content in files.items()])
    assert sorted(_held(data) or []) == sorted(files)


BASE = zip_bytes(
    Entry("shot/a.blend", b"BLENDER" * 20),
    Entry("shot/tex/wood.png", b"wood", STORED),
    Entry("shot/job.toml", b"priority = 5"),
    Entry("shot/Grün.png", b"g" * 40, zip64=True),
    Entry("shot/tex/", b"", STORED),
)
_MARKS = [at for at in range(len(BASE)) if BASE[at : at + 2] == b"PK"]


_HEADERS = st.sampled_from(_MARKS).flatmap(lambda mark: st.integers(mark, mark + 59))
# Mostly in the headers, where a byte decides about sizes, places and kinds.
_PLACES = st.integers(0, 4).flatmap(
    lambda kind: st.integers(0, len(BASE) - 5) if kind == 0 else _HEADERS
)
_NUMBERS = [struct.pack("<I", number) for number in (0, 1, 2**31, 2**32 - 1)]
_CHANGES = st.tuples(
    _PLACES,
    st.one_of(
        st.tuples(st.just("turn"), st.integers(0, 7)),
        st.tuples(st.just("set"), st.sampled_from([b"\0", b"\xff", b"/", b"\\", b"."])),
        st.tuples(st.just("set"), st.sampled_from(_NUMBERS)),
        st.tuples(st.just("cut"), st.integers(1, 4)),
        st.tuples(st.just("double"), st.integers(1, 60)),
    ),
)


def _mutated(changes: list[tuple[int, tuple[str, bytes | int]]]) -> bytes:
    data = bytearray(BASE)
    for place, (kind, value) in changes:
        at = min(place, len(data) - 5)
        if isinstance(value, bytes):
            data[at : at + len(value)] = value
        elif kind == "turn":
            data[at] ^= 1 << value
        elif kind == "cut":
            del data[at : at + value]
        else:
            data[at:at] = data[at : at + value]
    return bytes(data)


def test_mutated_zips_are_unpacked_within_the_folder_or_refused() -> None:
    outcomes = set()

    @settings(max_examples=times(1000), deadline=None)
    @given(st.lists(_CHANGES, min_size=1, max_size=4))
    def hold(changes: list[tuple[int, tuple[str, bytes | int]]]) -> None:
        outcomes.add(_held(_mutated(changes)) is None)

    hold()
    assert outcomes == {True, False}
