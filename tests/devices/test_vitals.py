"""How a device is: a real one's answer, and whatever a hostile one may print."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtui.devices.vitals import VITALS, Vitals, VitalsReader, read_vitals

LINUX = """\
cores 16
load 3.07 2.11 1.02 3/1210 99
mem MemTotal 65536000
mem MemFree 1000
mem MemAvailable 32768000
mem Buffers 1
mem Cached 2
free 1048576
gpu 90 71
gpu 70 65
gpu [N/A] [N/A]
"""
MAC = """\
cores 10
load  2.50 2.00 1.50
total 34359738368
page 16384
pages 400000
pages 100000
pages 50000
gpu 37 -
free 2048
"""
NAMES = ("cores", "load", "mem MemTotal", "mem MemAvailable", "gpu", "free", "page", "pages", "end")
LINES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.builds(
            lambda name, value, other: f"{name} {value} {other}",
            st.sampled_from(NAMES),
            st.one_of(st.integers(), st.floats(), st.text(max_size=8)),
            st.one_of(st.integers(-400, 400), st.just("-")),
        ),
    ),
    max_size=40,
)


def read(text: str) -> Vitals:
    (found,) = VitalsReader().feed(text.encode() + b"end\n")
    return found


def test_a_linux_device_is_read() -> None:
    assert read(LINUX) == Vitals(
        load=3.07,
        cores=16,
        memory_used=32768000 * 1024,
        memory_total=65536000 * 1024,
        gpu_use=0.8,
        gpu_temperature=71,
        disk_free=2**30,
    )


def test_a_mac_is_read() -> None:
    assert read(MAC) == Vitals(
        load=2.5,
        cores=10,
        memory_used=550000 * 16384,
        memory_total=34359738368,
        gpu_use=0.37,
        disk_free=2048 * 1024,
    )


def test_an_old_kernel_says_what_is_free_in_parts() -> None:
    told = read("mem MemTotal 100\nmem MemFree 10\nmem Buffers 20\nmem Cached 30\n")
    assert (told.memory_used, told.memory_total) == (40 * 1024, 100 * 1024)


def test_a_device_that_knows_nothing_says_nothing() -> None:
    assert read("") == Vitals()


@pytest.mark.parametrize(
    "line",
    ["load 1e9", "load nan", "load -1", "cores 0", "cores x", "free -1", "gpu 101 900", "gpu",
     "load 9999999", "mem MemTotal 99999999999999999999999", "free " + "9" * 60],
)  # fmt: skip
def test_what_is_beyond_belief_is_left_out(line: str) -> None:
    assert read(line + "\n") == Vitals()


@given(LINES)
def test_whatever_is_printed_every_number_is_within_bounds(lines: list[str]) -> None:
    told = read_vitals(lines)
    assert told.load is None or 0 <= told.load <= 1e6
    assert told.cores is None or 1 <= told.cores <= 2**20
    assert told.gpu_use is None or 0 <= told.gpu_use <= 1
    assert told.gpu_temperature is None or -50 <= told.gpu_temperature <= 300
    assert told.disk_free is None or 0 <= told.disk_free <= 2**60
    if told.memory_used is not None:
        assert told.memory_total is not None
        assert 0 <= told.memory_used <= told.memory_total < 2**71


@given(st.lists(st.one_of(st.binary(max_size=300), st.just(b"end\n"), st.just(LINUX.encode()))))
def test_any_bytes_read_the_same_in_any_pieces(pieces: list[bytes]) -> None:
    reader = VitalsReader()
    in_pieces = [told for piece in pieces for told in reader.feed(piece)]
    assert in_pieces == VitalsReader().feed(b"".join(pieces))


def test_endless_output_takes_no_memory() -> None:
    reader = VitalsReader()
    for _ in range(100):
        assert reader.feed(b"x" * 65536) == []
        assert reader.feed(b"load 1\n" * 1000) == []
    assert len(reader._rest) <= 200
    assert len(reader._lines) <= 64


def looks(folder: Path, count: int, path: str) -> list[Vitals]:
    """Run the script until it has looked so often."""
    words = ["sh", "-c", VITALS, "sh", str(folder), "0"]
    reader, found = VitalsReader(), list[Vitals]()
    with subprocess.Popen(words, stdout=subprocess.PIPE, env={"PATH": path}) as process:
        assert process.stdout is not None
        while len(found) < count:
            found += reader.feed(os.read(process.stdout.fileno(), 65536))
        process.kill()
    return found


def test_this_machine_answers_and_goes_on(tmp_path: Path) -> None:
    found = looks(tmp_path, 2, os.environ["PATH"])
    assert found[0].cores == os.sysconf("SC_NPROCESSORS_ONLN")
    assert found[0].load is not None
    assert found[0].memory_used
    assert found[0].disk_free


def test_a_card_of_nvidias_is_asked(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '45, 61\\n55, [N/A]\\n'\n")
    program.chmod(0o755)
    (found, *_) = looks(tmp_path, 1, f"{tmp_path}:{os.environ['PATH']}")
    assert (found.gpu_use, found.gpu_temperature) == (0.5, 61.0)
