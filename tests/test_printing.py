"""What `--watch` prints: plain lines in a pipe, JSON for programs, progress on a terminal."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from blendtui.farm import events as ev
from blendtui.farm.faults import Fault, FaultKind
from blendtui.farm.model import DeviceSpec, JobSpec, OutputFile
from blendtui.farm.state import Note, NoteKind
from blendtui.headless import Printer, progress_line
from blendtui.store.journal import Progress
from blendtui.store.views import Views
from blendtui.tables import cells
from tests.support.stores import StoreStory

END = "\x05"
FILES = (OutputFile("shot_0001.png", 10, "0" * 64),)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[StoreStory]:
    with StoreStory(tmp_path / "store.db") as made:
        made.tell(ev.DevicesSet((DeviceSpec("left"),)), ev.DeviceReached("left"))
        yield made


@pytest.fixture
def views(story: StoreStory, tmp_path: Path) -> Iterator[Views]:
    made = Views(tmp_path / "store.db")
    yield made
    made.close()


def first_frame(story: StoreStory, job: str = "shot") -> None:
    story.tell(
        ev.JobAdded(JobSpec(job, "a.blend", (1, 2))),
        ev.RunReady("left.1.1", "3.4.1"),
        ev.FrameStarted("left.1.1", 1, 1),
        ev.FrameRendered("left.1.1", 1, 1, 0.5, FILES),
        ev.FrameDone("left.1.1", 1, 1),
    )
    story.journal.progress([Progress("left.1.1", story.now, 2, 3, 8)])


def test_a_pipe_gets_plain_lines(story: StoreStory, views: Views) -> None:
    stream = io.StringIO()
    printer = Printer(views, stream, as_json=False)
    first_frame(story)
    printer.look()
    printer.say("Stopping.")
    printer.finish()
    lines = stream.getvalue().splitlines()
    assert "shot: taken, 2 frames." in lines[0]
    assert any("frame 1 on left done in 0.50 s." in line for line in lines)
    assert lines[-1] == "Stopping."
    assert all(re.match(r"\d\d:\d\d:\d\d  \S", line) for line in lines[:-1])
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()


def test_a_thing_is_printed_once_and_what_was_before_not_at_all(
    story: StoreStory, views: Views
) -> None:
    stream = io.StringIO()
    printer = Printer(views, stream, as_json=False)
    printer.look()
    assert stream.getvalue() == ""
    first_frame(story)
    printer.look()
    printer.look()
    assert stream.getvalue().count("taken, 2 frames") == 1


def test_every_line_of_json_is_valid_by_itself(story: StoreStory, views: Views) -> None:
    stream = io.StringIO()
    printer = Printer(views, stream, as_json=True)
    first_frame(story)
    fault = Fault.of(FaultKind.DROP_NAME, name="a\n\x1b[2J“", problem="is odd")
    story.note(Note(NoteKind.REJECTED, fault=fault, detail="a\n\x1b[2J"))
    printer.look()
    printer.say("Stopping.")
    told = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [one["kind"] for one in told][-2:] == ["rejected", "engine"]
    assert all(one["at"].endswith("+00:00") and one["text"] for one in told)
    assert told[-2]["fault"]["name"] == "a\n\x1b[2J“"
    assert "\x1b" not in stream.getvalue()


class Terminal:
    """A real pseudo-terminal; `read` gives what was printed to it."""

    def __init__(self, columns: int) -> None:
        self._master, slave = os.openpty()
        termios.tcsetwinsize(self._master, (24, columns))
        self.stream: TextIO = os.fdopen(slave, "w")
        self.columns = columns

    def read(self) -> str:
        self.stream.write(END)
        self.stream.flush()
        printed = b""
        while not printed.endswith(END.encode()):
            printed += os.read(self._master, 65536)
        return printed.decode().removesuffix(END)

    def close(self) -> None:
        self.stream.close()
        os.close(self._master)


@pytest.fixture
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    made = Terminal(request.param)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "__stdout__", made.stream)  # whose size is asked for
    yield made
    made.close()


@pytest.mark.parametrize("terminal", [80], indirect=True)
def test_a_terminal_has_a_line_of_progress_below(
    story: StoreStory, views: Views, terminal: Terminal
) -> None:
    printer = Printer(views, terminal.stream, as_json=False)
    first_frame(story)
    printer.look()
    printed = terminal.read()
    assert "taken, 2 frames.\r\n" in printed
    last = printed.rpartition("\r\x1b[K")[2]
    assert last == "shot ██████████░░░░░░░░░░ 1/2  left: 2 3/8"
    printer.say("Stopping.")
    printer.finish()
    assert terminal.read() == "\r\x1b[KStopping.\r\n\r\x1b[K"


@pytest.mark.parametrize("terminal", [1, 2, 10, 24], indirect=True)
@pytest.mark.parametrize("job", ["shot", "カットカットカット", "e\u0301" * 30])
def test_the_line_of_progress_never_wraps(
    story: StoreStory, views: Views, terminal: Terminal, job: str
) -> None:
    printer = Printer(views, terminal.stream, as_json=False)
    first_frame(story, job)
    printer.look()
    last = terminal.read().rpartition("\r\x1b[K")[2]
    assert cells(last) < terminal.columns


@pytest.mark.parametrize("terminal", [80], indirect=True)
def test_a_terminal_that_knows_no_escapes_gets_none(
    story: StoreStory, views: Views, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    printer = Printer(views, terminal.stream, as_json=False)
    first_frame(story)
    printer.look()
    printer.finish()
    assert "\x1b" not in terminal.read()


@pytest.mark.parametrize("terminal", [80], indirect=True)
def test_json_on_a_terminal_is_json_only(
    story: StoreStory, views: Views, terminal: Terminal
) -> None:
    printer = Printer(views, terminal.stream, as_json=True)
    first_frame(story)
    printer.look()
    assert all(json.loads(line) for line in terminal.read().splitlines())


def test_without_a_job_the_line_says_what_is_awaited() -> None:
    assert progress_line([], [], {}) == "Waiting for a project in the share."


def test_more_jobs_are_counted(story: StoreStory, views: Views) -> None:
    for name in ("a", "b", "c"):
        story.tell(ev.JobAdded(JobSpec(name, "a.blend", (1,))))
    assert "a ░░░░░░░░░░░░░░░░░░░░ 0/1 +2 jobs" in progress_line(views.jobs(), [], {})
