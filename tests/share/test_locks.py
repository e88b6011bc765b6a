"""One engine per share: real processes, killed and cut off."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blendtui import locks
from blendtui.errors import Failure
from blendtui.farm.faults import FaultKind
from blendtui.locks import FILE, STALE, EngineLock, engine_runs
from blendtui.places import Places
from blendtui.share import Share
from blendtui.wording import explain
from tests.support.shares import needs_root

_ENGINE = """
import sys
from pathlib import Path
from blendtui.errors import Failure
from blendtui.locks import EngineLock
from blendtui.places import Places
try:
    with EngineLock(Places(Path(sys.argv[1]), Path(sys.argv[2]))):
        print("taken", flush=True)
        sys.stdin.read()
except Failure as failure:
    print(failure.fault.kind, failure.fault.fact("host"), failure.fault.fact("pid"))
"""


class Engine:
    """A process that holds the share's locks, as an engine does."""

    def __init__(self, places: Places) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ENGINE, str(places.state), str(places.share)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> None:
        self.process.communicate("")


@contextlib.contextmanager
def running(places: Places) -> Iterator[Engine]:
    engine = Engine(places)
    try:
        yield engine
    finally:
        engine.kill()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "share").mkdir()
    return Places(tmp_path / "state", tmp_path / "share")


def elsewhere(places: Places, age: float = 0.0, **changes: object) -> Path:
    """Have another machine's engine stand on the share since `age` seconds."""
    told = {"host": "render7", "pid": 4711, "state": "other", "engine": "x"} | changes
    file = places.share / FILE
    file.write_text(json.dumps(told))
    at = time.time() - age
    os.utime(file, (at, at))
    return file


def mount(folder: Path) -> None:
    words = ["mount", "-t", "tmpfs", "tmpfs", str(folder)]
    if subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def taken_by(places: Places) -> str:
    with pytest.raises(Failure) as caught, EngineLock(places):
        pass
    assert caught.value.fault.kind is FaultKind.SHARE_TAKEN
    return explain(caught.value.fault).what


def files(places: Places) -> list[str]:
    return [path.name for path in places.share.iterdir()]


def test_a_second_engine_is_told_of_the_first(places: Places) -> None:
    with running(places) as first:
        assert first.said == "taken"
        with running(places) as second:
            pid = first.process.pid
            assert second.said == f"{FaultKind.SHARE_TAKEN} {socket.gethostname()} {pid}"
        assert engine_runs(places)


def test_an_engine_with_another_state_folder_is_told_too(places: Places, tmp_path: Path) -> None:
    with running(places) as first:
        other = Places(tmp_path / "another", places.share)
        assert str(first.process.pid) in taken_by(other)
        assert engine_runs(places)


def test_the_next_engine_starts_at_once_after_kill_9(places: Places) -> None:
    with running(places) as first:
        first.kill()
        assert (places.share / FILE).exists()
        assert not engine_runs(places)
        with running(places) as second:
            assert second.said == "taken"


def test_of_two_engines_that_claim_a_free_share_at_once_only_one_has_it(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_found_it_free, one_has_left = threading.Barrier(2), threading.Event()
    write = EngineLock._write

    def at_once(lock: EngineLock) -> None:
        both_found_it_free.wait(10)
        write(lock)

    def start(own: Places) -> FaultKind | None:
        try:
            with EngineLock(own) as lock:
                assert one_has_left.wait(10)
                assert lock.is_in_place()
                return None
        except Failure as failure:
            one_has_left.set()
            return failure.fault.kind

    monkeypatch.setattr(EngineLock, "_write", at_once)
    farms = [places, Places(tmp_path / "another", places.share)]
    with ThreadPoolExecutor() as threads:
        assert set(threads.map(start, farms)) == {None, FaultKind.SHARE_TAKEN}


def test_an_engine_leaves_nothing_behind(places: Places) -> None:
    with EngineLock(places) as lock:
        assert files(places) == [FILE]
        assert lock.is_in_place()
    assert files(places) == []
    assert not engine_runs(places)


def test_a_fresh_engine_elsewhere_is_respected(places: Places) -> None:
    elsewhere(places)
    assert "render7 (process 4711)" in taken_by(places)
    assert files(places) == [FILE]
    assert not engine_runs(places)


def test_a_host_of_our_own_name_is_another_engine_all_the_same(places: Places) -> None:
    elsewhere(places, host=socket.gethostname())
    taken_by(places)


def test_a_stale_engine_elsewhere_is_not(places: Places) -> None:
    elsewhere(places, STALE + 5)
    (places.share / f"{FILE}.other").write_text("half written")
    with EngineLock(places) as lock:
        assert lock.is_in_place()
        assert files(places) == [FILE]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\0", b"null"])
def test_a_file_that_names_nobody_is_nobody(places: Places, content: bytes) -> None:
    (places.share / FILE).write_bytes(content)
    with EngineLock(places) as lock:
        assert lock.is_in_place()


def test_another_engines_words_are_harmless(places: Places) -> None:
    elsewhere(places, host="a\x1b[31m\nb", pid=["x"])
    assert "\x1b" not in taken_by(places)


def test_an_unwritable_share_is_said(places: Places) -> None:
    places.share.rmdir()
    with pytest.raises(Failure) as caught, EngineLock(places):
        pass
    assert caught.value.fault.kind is FaultKind.SHARE_WRITE


# looking never disturbs


def test_who_only_looks_never_keeps_an_engine_from_starting(places: Places) -> None:
    look = (
        "import sys; from pathlib import Path; from blendtui.locks import engine_runs;"
        "from blendtui.places import Places; p = Places(Path(sys.argv[1]), Path(sys.argv[2]));"
        "print(flush=True)\nwhile True: engine_runs(p)"
    )
    command = [sys.executable, "-c", look, str(places.state), str(places.share)]
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout is not None
            process.stdout.readline()
        for _ in range(20):
            with EngineLock(places):
                assert engine_runs(places)


def test_looking_takes_no_time_to_speak_of(places: Places) -> None:
    with EngineLock(places):
        began = time.monotonic()
        assert engine_runs(places)
        assert time.monotonic() - began < 0.5


# touching


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every touch do its work."""
    monkeypatch.setattr(locks, "TOUCH", -1.0)


@pytest.mark.usefixtures("restless")
def test_a_touch_keeps_the_file_fresh(places: Places) -> None:
    with EngineLock(places) as lock:
        os.utime(places.share / FILE, (0, 0))
        lock.touch()
        assert (places.share / FILE).stat().st_mtime > time.time() - STALE
        assert lock.is_in_place()


def test_touches_are_far_between(places: Places) -> None:
    with EngineLock(places) as lock:
        lock.touch()
        os.utime(places.share / FILE, (0, 0))
        lock.touch()
        assert (places.share / FILE).stat().st_mtime == 0


@pytest.mark.usefixtures("restless")
def test_a_file_that_somebody_removed_comes_back(places: Places) -> None:
    with EngineLock(places) as lock:
        (places.share / FILE).unlink()
        lock.touch()
        assert lock.is_in_place()


@pytest.mark.usefixtures("restless")
@needs_root
def test_an_engine_does_not_begin_in_the_empty_folder_that_is_left_of_a_mounted_share(
    places: Places,
) -> None:
    mount(places.share)
    with EngineLock(places):
        pass
    unmount(places.share)
    with pytest.raises(Failure) as caught, EngineLock(places):
        pass
    assert caught.value.fault.kind == FaultKind.SHARE_UNMOUNTED
    assert list(places.share.iterdir()) == []
    places.mounted.unlink()
    with EngineLock(places):
        pass


@pytest.mark.usefixtures("restless")
@needs_root
def test_a_share_that_is_mounted_after_the_start_is_taken_then(places: Places) -> None:
    share = Share(places.share)
    with EngineLock(places) as lock:
        share.is_back = lock.is_in_place
        mount(places.share)
        try:
            with pytest.raises(Failure):
                share.check()
            lock.touch()
            assert lock.is_in_place()
            share.check()
            assert places.mounted.exists()
            unmount(places.share)
            lock.touch()
            with pytest.raises(Failure):
                share.check()
        finally:
            unmount(places.share)


@pytest.mark.usefixtures("restless")
@needs_root
def test_a_share_that_is_mounted_after_the_start_may_be_anothers(places: Places) -> None:
    with EngineLock(places) as lock:
        mount(places.share)
        try:
            file = elsewhere(places)
            before = file.read_bytes()
            with pytest.raises(Failure) as caught:
                lock.touch()
            assert caught.value.fault.kind is FaultKind.SHARE_TAKEN
            assert file.read_bytes() == before
        finally:
            unmount(places.share)


def test_nothing_is_written_to_what_stands_in_an_unmounted_shares_place(places: Places) -> None:
    with EngineLock(places) as lock:
        places.share.rename(places.share.with_name("unmounted"))
        lock.touch()
        places.share.mkdir()
        lock.touch()
        assert files(places) == []
        assert not lock.is_in_place()
        places.share.rmdir()
        places.share.with_name("unmounted").rename(places.share)
        assert lock.is_in_place()


@pytest.mark.usefixtures("restless")
def test_an_engine_that_slept_too_long_finds_its_share_taken(places: Places) -> None:
    with EngineLock(places) as lock:
        file = elsewhere(places)
        before = file.read_bytes()
        with pytest.raises(Failure) as caught:
            lock.touch()
        assert caught.value.fault.kind is FaultKind.SHARE_TAKEN
    assert file.read_bytes() == before
