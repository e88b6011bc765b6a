"""A GPU's trouble is found wherever it stands in a frame's part of the log."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.devices import driver_trouble
from blendtui.devices.driver_trouble import gpu_error


def much(size: int) -> bytes:
    """Give so many bytes of what Blender says all the time."""
    line = b"Fra:1 Mem:14.15M (Peak 16.79M) | Sample 1/8\n"
    return line * (size // len(line) + 1)


@pytest.mark.parametrize("before", [0, 4 * 2**20 - 20, 9 * 2**20])
def test_a_gpus_trouble_is_seen_however_much_was_said_before_it(
    tmp_path: Path, before: int
) -> None:
    log = tmp_path / "log"
    log.write_bytes(much(before)[:before] + b"\nCUDA error: Illegal address\n" + much(5 * 2**20))
    assert gpu_error(log, 0, True) == ("gpu-error", "CUDA error: Illegal address")


def test_too_little_memory_counts_more_than_what_was_said_long_before_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    said = b"System is out of GPU memory"
    log.write_bytes(b"CUDA error: Illegal address\n" + much(9 * 2**20) + said)
    assert gpu_error(log, 0, True) == ("gpu-memory", said.decode())


@given(
    st.lists(st.sampled_from([b"\n", b"x" * 7, b"CUDA error: no", b"out of memory"]), max_size=30),
    st.integers(1, 40),
)
def test_where_a_log_is_cut_to_be_read_makes_no_difference(words: list[bytes], piece: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        log.write_bytes(b"".join(words))
        whole = [gpu_error(log, 0, uses_gpu) for uses_gpu in (True, False)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(driver_trouble, "_PIECE", piece)
            assert [gpu_error(log, 0, uses_gpu) for uses_gpu in (True, False)] == whole
