"""Drops leave room on the disk that they are unpacked to; the disks here are only numbers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.intake import blend_reader
from blendtui.intake.room import KEPT_FREE, check_room, spare

sizes = st.integers(0, 1 << 44)


def answer(total: int, free: int, needed: int) -> FaultKind | None:
    with pytest.MonkeyPatch.context() as patch:
        disk = SimpleNamespace(total=total, free=free)
        patch.setattr(shutil, "disk_usage", lambda folder: disk)
        try:
            check_room(Path("/state"), "shot.zip", needed)
        except Failure as failure:
            return failure.fault.kind
        assert needed <= spare(Path("/state")) or needed == 0
        return None


@given(total=sizes, taken=sizes, needed=sizes)
def test_a_drop_is_taken_where_enough_stays_free_waits_or_can_never_be_taken(
    total: int, taken: int, needed: int
) -> None:
    free = max(total - taken, 0)
    kept = min(KEPT_FREE, total // 20)
    found = answer(total, free, needed)
    if found is None:
        assert needed == 0 or free - needed >= kept
    elif found is FaultKind.DISK_NO_ROOM:
        assert answer(total, total, needed) is None, "it waits for what cannot come"
    else:
        assert found is FaultKind.DISK_TOO_SMALL
        assert answer(total, total, needed) is FaultKind.DISK_TOO_SMALL


def test_a_packed_blend_is_not_unpacked_into_the_room_that_stays_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "shot.blend"
    packed.write_bytes(zstandard.compress(b"BLENDER-v304" + os.urandom(200_000)))
    monkeypatch.setattr(blend_reader, "_IN_MEMORY", 1)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda folder: SimpleNamespace(total=10**6, free=10**5)
    )
    with pytest.raises(Failure) as caught, blend_reader.opened(packed, 1 << 30):
        pass
    assert caught.value.fault.kind is FaultKind.DISK_NO_ROOM


def test_what_stays_free_has_room_for_the_store() -> None:
    gib = 1 << 30
    assert answer(100 * gib, 10 * gib, 10 * gib - KEPT_FREE) is None
    assert answer(100 * gib, 10 * gib, 10 * gib - KEPT_FREE + 1) is FaultKind.DISK_NO_ROOM
    assert answer(gib, gib, gib - gib // 20) is None
    assert answer(gib, gib, gib) is FaultKind.DISK_TOO_SMALL
